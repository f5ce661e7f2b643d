#include "golden/random_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace lacuna {

namespace {

/// FNV-1a over everything that a generator decides.
std::uint64_t fingerprint(const QuantisedModel& model) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    const auto add = [&hash](std::int64_t v) {
        hash = (hash ^ static_cast<std::uint64_t>(v)) * 0x100000001b3U;
    };
    const auto add_part = [&](const PartWeights& part) {
        std::ranges::for_each(part.value, add);
        std::ranges::for_each(part.index, add);
    };
    const auto add_rows = [&](const std::vector<RowScale>& rows) {
        for (const auto& row : rows) {
            add(row.mantissa);
            add(row.shift);
            add(row.bias);
        }
    };
    for (const auto& layer : model.layers) {
        add_part(layer.x);
        add_part(layer.h);
        add_rows(layer.rows);
        add(layer.shift_x);
        add(layer.shift_h);
        add(layer.cell_fraction);
    }
    if (model.head) {
        add_part(model.head->h);
        add_rows(model.head->rows);
        add(model.head->fraction);
    }
    std::ranges::for_each(model.embedding, add);
    return hash;
}

}  // namespace

TEST_CASE("SplitMix64 gives its published sequence") {
    SplitMix64 prng(1234567);
    CHECK(prng.next() == 6457827717110365317U);
    CHECK(prng.next() == 3203168211198807973U);
    CHECK(prng.next() == 9817491932198370423U);
    bool low = false;
    bool high = false;
    for (int i = 0; i < 200; ++i) {
        const auto v = prng.between(-2, 2);
        REQUIRE(v >= -2);
        REQUIRE(v <= 2);
        low = low || v == -2;
        high = high || v == 2;
        const double u = prng.uniform();
        REQUIRE(u >= 0);
        REQUIRE(u < 1);
    }
    CHECK(low);
    CHECK(high);
}

TEST_CASE("the same seed gives the same model, another seed another") {
    RandomModelOptions options;
    options.seed = 77;
    options.inputs = 20;
    options.units = {18, 33};
    options.head_rows = 9;
    options.vocabulary = true;
    const QuantisedModel model = random_model(options);
    CHECK(model == random_model(options));
    CHECK(fingerprint(model) == 16055547253085476889U);
    options.seed = 78;
    CHECK(fingerprint(model) != fingerprint(random_model(options)));
}

TEST_CASE("random models are valid, keep the accumulator and cover the corners") {
    bool head = false;
    bool headless = false;
    bool language = false;
    bool shifted = false;
    bool zero_mantissa = false;
    bool extreme = false;
    bool partial_bank = false;
    std::vector<bool> fractions(13);
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        const QuantisedModel model = random_model(random_options(seed, 3, 50));
        CHECK_NOTHROW(model.validate());
        CHECK(model.accumulator_bits() <= 24);
        head = head || model.head.has_value();
        headless = headless || !model.head;
        language = language || model.language;
        for (const auto& layer : model.layers) {
            shifted = shifted || layer.shift_x + layer.shift_h > 0;
            fractions[static_cast<std::size_t>(layer.cell_fraction)] = true;
            partial_bank = partial_bank || layer.inputs % 16 != 0;
            for (const auto& row : layer.rows) {
                zero_mantissa = zero_mantissa || row.mantissa == 0;
            }
            extreme = extreme || std::ranges::count(layer.x.value, -127) > 0;
        }
    }
    CHECK(head);
    CHECK(headless);
    CHECK(language);
    CHECK(shifted);
    CHECK(zero_mantissa);
    CHECK(extreme);
    CHECK(partial_bank);
    CHECK(std::ranges::count(fractions, true) == 5);
}

TEST_CASE("a GRU of the same options has its own rows, and keeps the accumulator") {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        auto options = random_options(seed, 3, 50);
        options.cell = Cell::Gru;
        const QuantisedModel model = random_model(options);
        CHECK(model.cell == Cell::Gru);
        CHECK(model.layers[0].x.rows == 3 * model.layers[0].units);
        CHECK(model.accumulator_bits() <= 24);
    }
}

TEST_CASE("random models of 16-bit activations are valid and use the wider ranges") {
    bool wide_bias = false;
    bool fraction = false;
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        auto options = random_options(seed, 3, 50);
        options.cell = seed % 3 == 0 ? Cell::Gru : Cell::Lstm;
        options.activation_bits = 16;
        options.accumulator_bits = 32;
        const QuantisedModel model = random_model(options);
        CHECK_NOTHROW(model.validate());
        CHECK(model.accumulator_bits() <= 32);
        CHECK(model.accumulator_bits() > 24);
        for (const auto& layer : model.layers) {
            fraction = fraction || layer.cell_fraction == 14;
            for (const auto& row : layer.rows) {
                wide_bias = wide_bias || row.bias > 32767;
            }
        }
    }
    CHECK(wide_bias);
    CHECK(fraction);
    SplitMix64 prng(1);
    const auto x = random_input(prng, 1000, false, 16);
    CHECK(std::ranges::max(x) > 30000);
    CHECK(std::ranges::min(x) < -30000);
}

TEST_CASE("a small accumulator thins the weights out") {
    RandomModelOptions options;
    options.inputs = 64;
    options.units = {64};
    options.k_x = options.k_h = {16};
    options.accumulator_bits = 18;
    CHECK(random_model(options).accumulator_bits() <= 18);
}

TEST_CASE("impossible options are refused with all reasons") {
    RandomModelOptions options;
    options.units = {4, 0};
    options.k_x = {17};
    options.k_h = {1, 2, 3};
    options.vocabulary = true;
    options.activation_bits = 12;
    for (const char* reason :
         {"k_x is 17", "k_h has 3 entries", "at least 1", "a vocabulary needs", "activation_bits is 12"}) {
        CHECK_THROWS_WITH_AS(random_model(options), doctest::Contains(reason), Error);
    }
}

}  // namespace lacuna
