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
        const auto x = random_input(prng, model.input_size(), prng.one_in(3), model.activation_bits);
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

/// The same options for activations of 16 bits, in an engine's usual accumulator.
RandomModelOptions wide(RandomModelOptions options) {
    options.activation_bits = 16;
    options.accumulator_bits = 32;
    return options;
}

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
            compare_with_reference(random_model(wide(options)), 16);
        }
    }
}

TEST_CASE("golden equals the reference for every k and for awkward shapes") {
    for (const Cell cell : kCells) {
        const auto compare = [cell](RandomModelOptions options, int steps) {
            options.cell = cell;
            compare_with_reference(random_model(options), steps);
            compare_with_reference(random_model(wide(options)), steps);
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
    compare_with_reference(random_model(wide(options)), 12);
}

TEST_CASE("16-bit sums leave 32 bits, and golden's do not wrap") {
    // More columns than are summed in 32 bits at once, every weight and input at its end.
    auto options = shape(9, 1500, {3}, 16);
    options.activation_bits = 16;
    options.accumulator_bits = 36;
    options.part_shifts = options.corners = false;
    QuantisedModel model = random_model(options);
    std::ranges::fill(model.layers[0].x.value, std::int8_t{127});
    for (auto& row : model.layers[0].rows) {
        row = {2048, 27, 0};
    }
    GoldenModel golden(model);
    reference::Model expected(model);
    StepTrace trace;
    const std::vector<std::int16_t> lowest(1500, -32768);
    golden.step(lowest, &trace);
    expected.step(lowest);
    CHECK(trace.layers[0].accumulator[0] == std::int64_t{-32768} * 127 * 1500);
    CHECK(trace.layers[0].pre[0] == -95250);
    CHECK(std::ranges::equal(golden.h(0), expected.h[0]));
    CHECK(model.accumulator_bits() == 34);
    model.layers[0].shift_x = 2;
    CHECK_NOTHROW(model.validate());
    model.layers[0].shift_x = 3;
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("37 bits, expected at most 36"), Error);
}

TEST_CASE("an 8-bit model takes 8-bit inputs and states only") {
    GoldenModel golden(random_model(shape(3, 4, {5}, 2)));
    const std::vector<std::int16_t> x = {0, 127, -128, 128};
    CHECK_THROWS_WITH_AS(golden.step(x), doctest::Contains("value 3 of the input is 128, expected -128..127"),
                         Error);
    ModelState state = golden.state();
    state.h[0][2] = -129;
    CHECK_THROWS_WITH_AS(golden.set_state(state), doctest::Contains("value 2 of h is -129"), Error);
    GoldenModel other(random_model(wide(shape(3, 4, {5}, 2))));
    CHECK_NOTHROW(other.step(x));
    CHECK_NOTHROW(other.set_state(state));
}

template <int kAct>
void check_lstm_trace() {
    auto options = shape(21, 20, {18, 9}, 4);
    options.head_rows = 3;
    const QuantisedModel model = random_model(kAct == 16 ? wide(options) : options);
    constexpr int kBits = number_format(kAct).gate_bits;
    GoldenModel golden(model);
    SplitMix64 prng(4);
    StepTrace trace;
    std::size_t saturated = 0;
    for (int t = 0; t < 30; ++t) {
        golden.step(random_input(prng, 20, false, kAct), &trace);
        REQUIRE(trace.layers.size() == 2);
        for (std::size_t l = 0; l < 2; ++l) {
            const auto& layer = trace.layers[l];
            const std::size_t units = model.layers[l].units;
            REQUIRE(layer.accumulator.size() == 4 * units);
            std::size_t limited = 0;
            for (std::size_t row = 0; row < 4 * units; ++row) {
                const RowScale& scale = model.layers[l].rows[row];
                const std::int64_t pre =
                    rhu(layer.accumulator[row] * scale.mantissa, scale.shift) + scale.bias;
                REQUIRE(layer.pre[row] == sat<kBits>(pre));
                limited += sat<kBits>(pre) != pre ? 1 : 0;
                REQUIRE(layer.gate[row] ==
                        (row / units == 2 ? tanh_q<kAct>(layer.pre[row]) : sigmoid_q<kAct>(layer.pre[row])));
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

TEST_CASE("a trace holds the intermediate values of numbers.md") {
    check_lstm_trace<8>();
    check_lstm_trace<16>();
}

template <int kAct>
void check_gru_trace() {
    auto options = shape(22, 20, {18}, 4);
    options.cell = Cell::Gru;
    const QuantisedModel model = random_model(kAct == 16 ? wide(options) : options);
    constexpr int kBits = number_format(kAct).gate_bits;
    GoldenModel golden(model);
    SplitMix64 prng(4);
    StepTrace trace;
    std::size_t saturated = 0;
    for (int t = 0; t < 30; ++t) {
        const auto before = golden.state();
        golden.step(random_input(prng, 20, false, kAct), &trace);
        const auto& layer = trace.layers[0];
        REQUIRE(layer.accumulator.size() == 4 * 18);
        std::size_t limited = 0;
        for (std::size_t row = 0; row < 4 * 18; ++row) {
            const RowScale& scale = model.layers[0].rows[row];
            const std::int64_t pre = rhu(layer.accumulator[row] * scale.mantissa, scale.shift) + scale.bias;
            REQUIRE(layer.pre[row] == sat<kBits>(pre));
            limited += sat<kBits>(pre) != pre ? 1 : 0;
        }
        for (std::size_t u = 0; u < 18; ++u) {
            const int r = layer.gate[u];
            const int z = layer.gate[18 + u];
            const int n = layer.gate[36 + u];
            REQUIRE(r == sigmoid_q<kAct>(layer.pre[u]));
            REQUIRE(z == sigmoid_q<kAct>(layer.pre[18 + u]));
            const std::int64_t argument = layer.pre[36 + u] + rhu(std::int64_t{r} * layer.pre[54 + u], 15);
            REQUIRE(layer.gate[54 + u] == sat<kBits>(argument));
            limited += sat<kBits>(argument) != argument ? 1 : 0;
            REQUIRE(n == tanh_q<kAct>(layer.gate[54 + u]));
            REQUIRE(layer.c[u] == rhu(std::int64_t{32768 - z} * n + std::int64_t{z} * before.c[0][u], 15));
            REQUIRE(layer.h[u] == sat<kAct>(rhu(layer.c[u], 16 - kAct)));
        }
        CHECK(layer.saturated_pre == limited);
        CHECK(layer.saturated_c == 0);
        saturated += limited;
    }
    CHECK(saturated > 0);
}

TEST_CASE("a trace of a GRU holds its four sums, r, z, n and the argument of n") {
    check_gru_trace<8>();
    check_gru_trace<16>();
}

/// A GRU of one input and one unit, with weights and biases of everyday size.
QuantisedModel plain_gru(int activation_bits) {
    auto options = shape(1, 1, {1}, 1);
    options.activation_bits = activation_bits;
    options.accumulator_bits = 16 + activation_bits;
    options.cell = Cell::Gru;
    options.part_shifts = options.corners = false;
    QuantisedModel model = random_model(options);
    auto& layer = model.layers[0];
    layer.x.value = {60, -90, 100};  // r, z, n
    layer.h.value = {-50, 40, 110};
    const NumberFormat format = number_format(activation_bits);
    for (auto& row : layer.rows) {
        // A weight of 1 is 16 whatever the format: pre = 2 acc, or acc / 32.
        const int shift = format.mantissa_bits - 1 + activation_bits - 1 + 4 - format.gate_fraction;
        row = {static_cast<std::int16_t>(format.min_mantissa()), static_cast<std::uint8_t>(shift), 0};
    }
    layer.rows[1].bias = 4096 << (format.gate_fraction - 12);
    layer.rows[2].bias = -1000 << (format.gate_fraction - 12);
    layer.rows[3].bias = 2000 << (format.gate_fraction - 12);
    return model;
}

/// Largest difference between the state of a GRU and its equations in real numbers.
double distance_from_real(int activation_bits) {
    const QuantisedModel model = plain_gru(activation_bits);
    const double one = std::ldexp(1.0, activation_bits - 1);
    const double bias_step = std::ldexp(1.0, -number_format(activation_bits).gate_fraction);
    const auto& layer = model.layers[0];
    GoldenModel golden(model);
    SplitMix64 prng(6);
    double h = 0;
    double largest = 0;
    for (int t = 0; t < 500; ++t) {
        const auto x = random_input(prng, 1, false, activation_bits);
        golden.step(x);
        const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
        const auto from_x = [&](std::size_t block) { return layer.x.value[block] * (x[0] / one) / 16; };
        const auto from_h = [&](std::size_t block) { return layer.h.value[block] * h / 16; };
        const auto bias = [&](std::size_t gate) { return layer.rows[gate].bias * bias_step; };
        const double r = sigmoid(from_x(0) + from_h(0) + bias(0));
        const double z = sigmoid(from_x(1) + from_h(1) + bias(1));
        const double n = std::tanh(from_x(2) + bias(2) + r * (from_h(2) + bias(3)));
        h = (1 - z) * n + z * h;
        largest = std::max(largest, std::abs(h - golden.c(0)[0] / 32768.0));
    }
    return largest;
}

TEST_CASE("a GRU follows its equations in real numbers, closer with 16 bits") {
    const double of_8 = distance_from_real(8);
    const double of_16 = distance_from_real(16);
    MESSAGE("largest difference of the state: " << of_8 << " with 8 bits, " << of_16 << " with 16");
    CHECK(of_8 < 0.004);      // half a step of the int8 h that is fed back
    CHECK(of_16 < of_8 / 4);  // r is a factor of n_h, which is up to 7, and off by 2^-15
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
    const std::vector<std::int16_t> short_input(7);
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
