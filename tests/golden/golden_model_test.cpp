#include "golden/golden_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "golden/fixed.hpp"
#include "golden/random_model.hpp"
#include "golden/tanh_table.hpp"
#include "tests/golden/reference.hpp"

namespace lacuna {

namespace {

/// Runs both models side by side from random states; stops at the first difference.
void compare_with_reference(const QuantisedModel& model, int steps) {
    GoldenModel golden(model);
    reference::Model expected(model);
    SplitMix64 prng(model.layers.size() + model.total_slots());
    for (int t = 0; t < steps; ++t) {
        if (t % 8 == 5) {  // jump to a state that steps from zero seldom reach
            const ModelState state = random_state(prng, model);
            golden.set_state(state);
            for (std::size_t l = 0; l < model.layers.size(); ++l) {
                expected.h[l].assign(state.h[l].begin(), state.h[l].end());
                expected.c[l].assign(state.c[l].begin(), state.c[l].end());
            }
        }
        const auto x = random_input(prng, model.input_size(), prng.one_in(3));
        golden.step(x);
        expected.step(x);
        CAPTURE(t);
        for (std::size_t l = 0; l < model.layers.size(); ++l) {
            CAPTURE(l);
            REQUIRE(std::ranges::equal(golden.h(l), expected.h[l]));
            REQUIRE(std::ranges::equal(golden.c(l), expected.c[l]));
        }
        REQUIRE(std::ranges::equal(golden.logits(), expected.logits));
    }
}

constexpr std::array kCells = {Cell::Lstm, Cell::Gru};

RandomModelOptions shape(std::uint64_t seed, std::size_t inputs, std::vector<std::size_t> units, int k) {
    RandomModelOptions options;
    options.seed = seed;
    options.inputs = inputs;
    options.units = std::move(units);
    options.k_x = options.k_h = {k};
    options.head_k = k;
    return options;
}

}  // namespace

TEST_CASE("golden equals the reference on random models") {
    for (const Cell cell : kCells) {
        for (std::uint64_t seed = 1; seed <= 120; ++seed) {
            CAPTURE(cell_name(cell));
            CAPTURE(seed);
            auto options = random_options(seed, 3, 40);
            options.cell = cell;
            compare_with_reference(random_model(options), 16);
        }
    }
}

TEST_CASE("golden equals the reference for every k and for awkward shapes") {
    for (const Cell cell : kCells) {
        const auto compare = [cell](RandomModelOptions options, int steps) {
            options.cell = cell;
            compare_with_reference(random_model(options), steps);
        };
        for (int k = 1; k <= 16; ++k) {
            CAPTURE(k);
            auto options = shape(100 + static_cast<std::uint64_t>(k), 33, {20, 17}, k);
            options.head_rows = 5;
            compare(options, 24);
        }
        compare(shape(1, 1, {1}, 1), 64);
        compare(shape(2, 1, {1, 1, 1}, 16), 64);
        compare(shape(3, 1, {20}, 2), 32);
        compare(shape(4, 16, {16}, 16), 32);
        compare(shape(5, 31, {48}, 3), 32);
    }
}

TEST_CASE("golden equals the reference for the seed paper's model") {
    auto options = shape(7, 128, {256, 256}, 2);
    options.head_rows = 66;
    options.vocabulary = true;
    compare_with_reference(random_model(options), 12);
}

TEST_CASE("a trace holds the intermediate values of numbers.md") {
    auto options = shape(21, 20, {18, 9}, 4);
    options.head_rows = 3;
    const QuantisedModel model = random_model(options);
    GoldenModel golden(model);
    SplitMix64 prng(4);
    StepTrace trace;
    std::size_t saturated = 0;
    for (int t = 0; t < 30; ++t) {
        golden.step(random_input(prng, 20), &trace);
        REQUIRE(trace.layers.size() == 2);
        for (std::size_t l = 0; l < 2; ++l) {
            const auto& layer = trace.layers[l];
            const std::size_t units = model.layers[l].units;
            REQUIRE(layer.accumulator.size() == 4 * units);
            std::size_t limited = 0;
            for (std::size_t row = 0; row < 4 * units; ++row) {
                const RowScale& scale = model.layers[l].rows[row];
                const std::int64_t pre =
                    rhu(std::int64_t{layer.accumulator[row]} * scale.mantissa, scale.shift) + scale.bias;
                REQUIRE(layer.pre[row] == sat16(pre));
                limited += sat16(pre) != pre ? 1 : 0;
                REQUIRE(layer.gate[row] ==
                        (row / units == 2 ? tanh_q(layer.pre[row]) : sigmoid_q(layer.pre[row])));
            }
            CHECK(layer.saturated_pre == limited);
            saturated += limited;
            CHECK(std::ranges::equal(layer.c, golden.c(l)));
            CHECK(std::ranges::equal(layer.h, golden.h(l)));
        }
        CHECK(trace.head_accumulator.size() == 3);
    }
    CHECK(saturated > 0);  // the corner rows must reach the limits
}

TEST_CASE("a trace of a GRU holds its four sums, r, z, n and the argument of n") {
    auto options = shape(22, 20, {18}, 4);
    options.cell = Cell::Gru;
    const QuantisedModel model = random_model(options);
    GoldenModel golden(model);
    SplitMix64 prng(4);
    StepTrace trace;
    std::size_t saturated = 0;
    for (int t = 0; t < 30; ++t) {
        const auto before = golden.state();
        golden.step(random_input(prng, 20), &trace);
        const auto& layer = trace.layers[0];
        REQUIRE(layer.accumulator.size() == 4 * 18);
        std::size_t limited = 0;
        for (std::size_t row = 0; row < 4 * 18; ++row) {
            const RowScale& scale = model.layers[0].rows[row];
            const std::int64_t pre =
                rhu(std::int64_t{layer.accumulator[row]} * scale.mantissa, scale.shift) + scale.bias;
            REQUIRE(layer.pre[row] == sat16(pre));
            limited += sat16(pre) != pre ? 1 : 0;
        }
        for (std::size_t u = 0; u < 18; ++u) {
            const int r = layer.gate[u];
            const int z = layer.gate[18 + u];
            const int n = layer.gate[36 + u];
            REQUIRE(r == sigmoid_q(layer.pre[u]));
            REQUIRE(z == sigmoid_q(layer.pre[18 + u]));
            const std::int64_t argument = layer.pre[36 + u] + rhu(std::int64_t{r} * layer.pre[54 + u], 15);
            REQUIRE(layer.gate[54 + u] == sat16(argument));
            limited += sat16(argument) != argument ? 1 : 0;
            REQUIRE(n == tanh_q(layer.gate[54 + u]));
            REQUIRE(layer.c[u] == rhu(std::int64_t{32768 - z} * n + std::int64_t{z} * before.c[0][u], 15));
            REQUIRE(layer.h[u] == sat8(rhu(layer.c[u], 8)));
        }
        CHECK(layer.saturated_pre == limited);
        CHECK(layer.saturated_c == 0);
        saturated += limited;
    }
    CHECK(saturated > 0);
}

/// A GRU of one input and one unit, with weights and biases of everyday size.
QuantisedModel plain_gru() {
    auto options = shape(1, 1, {1}, 1);
    options.cell = Cell::Gru;
    options.part_shifts = options.corners = false;
    QuantisedModel model = random_model(options);
    auto& layer = model.layers[0];
    layer.x.value = {60, -90, 100};  // r, z, n
    layer.h.value = {-50, 40, 110};
    for (auto& row : layer.rows) {
        row = {16384, 13, 0};  // pre = 2 acc: the weight 1.5 is about 96
    }
    layer.rows[1].bias = 4096;
    layer.rows[2].bias = -1000;
    layer.rows[3].bias = 2000;
    return model;
}

TEST_CASE("a GRU follows its equations in real numbers") {
    const QuantisedModel model = plain_gru();
    const auto& layer = model.layers[0];
    GoldenModel golden(model);
    SplitMix64 prng(6);
    double h = 0;
    double largest = 0;
    for (int t = 0; t < 500; ++t) {
        const auto x = random_input(prng, 1);
        golden.step(x);
        const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
        const auto from_x = [&](std::size_t block) { return 2.0 * layer.x.value[block] * x[0] / 4096; };
        const auto from_h = [&](std::size_t block) { return 2.0 * layer.h.value[block] * 128 * h / 4096; };
        const auto bias = [&](std::size_t gate) { return layer.rows[gate].bias / 4096.0; };
        const double r = sigmoid(from_x(0) + from_h(0) + bias(0));
        const double z = sigmoid(from_x(1) + from_h(1) + bias(1));
        const double n = std::tanh(from_x(2) + bias(2) + r * (from_h(2) + bias(3)));
        h = (1 - z) * n + z * h;
        largest = std::max(largest, std::abs(h - golden.c(0)[0] / 32768.0));
    }
    MESSAGE("largest difference of the state: " << largest);
    CHECK(largest < 0.004);  // half a step of the int8 h that is fed back
}

TEST_CASE("saved and restored state continues like an uninterrupted run") {
    auto options = shape(31, 16, {20, 12}, 2);
    options.head_rows = 7;
    options.vocabulary = true;
    const QuantisedModel model = random_model(options);
    GoldenModel whole(model);
    GoldenModel resumed(model);
    for (int t = 0; t < 40; ++t) {
        whole.step_token(t * 5 % 7);
    }
    resumed.set_state(whole.state());
    for (int t = 0; t < 40; ++t) {
        whole.step_token(t * 3 % 7);
        resumed.step_token(t * 3 % 7);
        REQUIRE(std::ranges::equal(whole.logits(), resumed.logits()));
    }
    CHECK(whole.state() == resumed.state());

    GoldenModel fresh(model);
    whole.reset();
    CHECK(whole.state() == fresh.state());
    CHECK(std::ranges::count(whole.logits(), 0) == 7);
    whole.step_token(3);
    fresh.step_token(3);
    CHECK(whole.state() == fresh.state());
}

TEST_CASE("a token's step is the step on its embedding") {
    auto options = shape(41, 24, {16}, 2);
    options.head_rows = 5;
    options.vocabulary = true;
    const QuantisedModel model = random_model(options);
    GoldenModel by_token(model);
    GoldenModel by_vector(model);
    for (int token = 4; token >= 0; --token) {
        by_token.step_token(token);
        by_vector.step(std::span(model.embedding).subspan(static_cast<std::size_t>(token) * 24, 24));
        CHECK(by_token.state() == by_vector.state());
    }
}

TEST_CASE("golden refuses what does not fit the model") {
    const QuantisedModel model = random_model(shape(51, 8, {6, 5}, 2));
    GoldenModel golden(model);
    const std::vector<std::int8_t> short_input(7);
    CHECK_THROWS_WITH_AS(golden.step(short_input), doctest::Contains("7 values, expected 8"), Error);
    CHECK_THROWS_AS(golden.step_token(0), Error);  // no vocabulary
    CHECK(golden.logits().empty());

    ModelState state = golden.state();
    state.h[0].resize(5);
    state.c[1].resize(6);
    CHECK_THROWS_WITH_AS(golden.set_state(state), doctest::Contains("layer 0 has 5"), Error);
    CHECK_THROWS_WITH_AS(golden.set_state(state), doctest::Contains("layer 1 has 5"), Error);
    CHECK_THROWS_AS(golden.set_state(ModelState{}), Error);

    QuantisedModel broken = model;
    broken.layers[1].cell_fraction = 13;
    CHECK_THROWS_WITH_AS(GoldenModel{broken}, doctest::Contains("cell_fraction is 13"), Error);
}

}  // namespace lacuna
