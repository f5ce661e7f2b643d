// Layout: programs, and what is said of a model that does not fit.
#include "pack/layout.hpp"

#include <doctest/doctest.h>

#include "golden/random_model.hpp"
#include "pack/pack.hpp"

namespace lacuna {
namespace {

QuantisedModel model_of(std::vector<std::size_t> units, std::size_t head_rows, int k) {
    RandomModelOptions options;
    options.inputs = 20;
    options.units = std::move(units);
    options.k_x = {k};
    options.k_h = {k};
    options.head_rows = head_rows;
    options.head_k = k;
    return random_model(options);
}

TEST_CASE("a model that does not fit names every resource, needed and available") {
    Geometry small{.tiles = 1, .ports = 1, .weight_depth = 64, .bank_depth = 8, .row_depth = 16};
    try {
        lay_out(model_of({60, 40}, 9, 4), small);
        FAIL("the model was accepted");
    } catch (const Error& error) {
        const std::string text = error.what();
        CHECK(text.find("3 problems") != std::string::npos);
        CHECK(text.find("weight words per tile: ") != std::string::npos);
        CHECK(text.find("64 available") != std::string::npos);
        CHECK(text.find("banks of activations: ") != std::string::npos);
        CHECK(text.find("row scales per port and lane: ") != std::string::npos);
    }
}

TEST_CASE("a model whose sums may leave the accumulator is refused") {
    QuantisedModel model = model_of({40}, 0, 16);
    Geometry narrow{.accumulator_bits = model.accumulator_bits() - 1};
    CHECK_THROWS_WITH_AS(lay_out(model, narrow), doctest::Contains("accumulator bits"), Error);
    narrow.accumulator_bits += 1;
    CHECK_NOTHROW(lay_out(model, narrow));
}

TEST_CASE("other activations do not fit, and the engine that would is named") {
    QuantisedModel model = model_of({40}, 0, 4);
    Geometry wide{.accumulator_bits = 36, .activation_bits = 16};
    CHECK(wide.within_limits());
    CHECK_FALSE(fits(model, wide));
    CHECK_THROWS_WITH_AS(lay_out(model, wide), doctest::Contains("accumulator_bits=32 act=8"), Error);
    CHECK(what_would_fit(model, Geometry{.activation_bits = 16}).find("accumulator_bits=24 act=8") !=
          std::string::npos);
    wide.activation_bits = 8;
    CHECK_FALSE(wide.within_limits());  // 36 bits of accumulator are for 16
    CHECK_FALSE(Geometry{.activation_bits = 12}.within_limits());
}

TEST_CASE("operations do not share memory, and sweeps count what the engine spends at least") {
    const Geometry geometry{.tiles = 2, .ports = 2};
    const QuantisedModel model = model_of({30, 17}, 9, 2);
    const Layout layout = lay_out(model, geometry);
    REQUIRE(layout.operations.size() == 3);
    int words = 0;
    int rows = 0;
    int banks = 2 * 2;
    for (const Operation& operation : layout.operations) {
        const Descriptor& d = operation.descriptor;
        CHECK(d.weight_base == words);
        CHECK(d.row_base == rows);
        words += d.groups * d.slots;
        rows += (d.groups - 1) * d.emissions_full + d.emissions_last;
        CHECK(operation.riders == 0);
        if (!operation.head) {
            CHECK(d.h_base == banks);
            banks += 2 * d.h_banks;
        }
        int units = 0;
        long cycles = 0;
        for (int group = 0; group < d.groups; ++group) {
            CHECK(operation.first_unit(group) == units);
            units += operation.group_units(group);
            cycles += std::max(d.slots, (operation.group_units(group) + 1) / 2);
        }
        CHECK(units == operation.units);
        CHECK(operation.sweep_cycles(geometry.ports) == cycles);
    }
    CHECK(layout.weight_words == words);
    CHECK(layout.rows == rows);
    CHECK(layout.banks == banks);
}

TEST_CASE("programs end with one stop, and no layer is more than one step behind the one it reads") {
    const Layout layout = lay_out(model_of({16, 16, 16}, 5, 1), {});
    for (const Mode mode : {Mode::Score, Mode::Generate}) {
        const auto program = layout.program(mode);
        REQUIRE(program.size() == 4);
        for (std::size_t i = 0; i < program.size(); ++i) {
            CHECK(program[i].stop == (i + 1 == program.size()));
            CHECK(program[i].reads_input == (i == 0));
            if (i > 0) {
                CHECK(program[i].skew - program[i - 1].skew >= 0);
                CHECK(program[i].skew - program[i - 1].skew <= 1);
            }
        }
        CHECK(program.back().skew_max == program.back().skew);
    }
}

TEST_CASE("a head rides in the top layer's last group where there is room, in score mode only") {
    const Geometry geometry{.tiles = 4, .ports = 2};  // groups of 12
    const auto rides = [&](std::size_t units, std::size_t rows, int k_h, int head_k, int shift_h) {
        RandomModelOptions options;
        options.inputs = 20;
        options.units = {16, units};
        options.k_h = {k_h};
        options.head_rows = rows;
        options.head_k = head_k;
        options.part_shifts = false;
        QuantisedModel model = random_model(options);
        model.layers.back().shift_h = shift_h;
        const Layout layout = lay_out(model, geometry);
        CHECK_FALSE(layout.head_rides(Mode::Generate));
        CHECK(layout.program(Mode::Generate).back().final_only == false);
        CHECK(layout.program(Mode::Score).back().final_only == layout.head_rides(Mode::Score));
        return layout.head_rides(Mode::Score);
    };
    CHECK(rides(40, 32, 2, 2, 0));        // 4 units in the last group, 8 of the head
    CHECK(rides(40, 32, 4, 2, 0));        // banks of the layer have slots to spare
    CHECK_FALSE(rides(40, 33, 2, 2, 0));  // 9 of the head
    CHECK_FALSE(rides(36, 4, 2, 2, 0));   // the last group is full
    CHECK_FALSE(rides(40, 32, 2, 4, 0));  // the head needs more slots than a bank is swept for
    CHECK_FALSE(rides(40, 32, 2, 2, 1));  // its sums would be shifted
}

TEST_CASE("a state of another shape is refused") {
    const QuantisedModel model = model_of({16, 20}, 0, 2);
    const Layout layout = lay_out(model, {});
    SplitMix64 prng(1);
    ModelState state = random_state(prng, model);
    CHECK_NOTHROW(pack_state(state, layout));
    state.c[1].pop_back();
    CHECK_THROWS_WITH_AS(pack_state(state, layout), doctest::Contains("expected 20"), Error);
    state.h.pop_back();
    CHECK_THROWS_WITH_AS(pack_state(state, layout), doctest::Contains("expected 2"), Error);
}

}  // namespace
}  // namespace lacuna
