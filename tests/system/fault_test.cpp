// The checker finds faults: each test breaks one thing in a loaded engine and expects the report.
#include <doctest/doctest.h>

#include <tuple>

#include "tests/system/random_runs.hpp"

namespace lacuna {
namespace {

/// Strong rows everywhere, so that a fault anywhere reaches an output.
QuantisedModel sensitive_model(Cell cell, const Geometry& geometry) {
    const RandomModelOptions options{.seed = 21,
                                     .cell = cell,
                                     .inputs = 20,
                                     .units = {18, 18},
                                     .k_x = {4},
                                     .k_h = {4},
                                     .head_rows = 8,
                                     .head_k = 4,
                                     .part_shifts = false,
                                     .corners = false};
    return random_model(suited(options, geometry));
}

struct Loaded {
    explicit Loaded(const Geometry& geometry, Cell cell = Cell::Lstm)
        : engine(make_engine(geometry)), session(*engine, sensitive_model(cell, geometry)), prng(1) {}

    std::unique_ptr<Engine> engine;
    Session session;
    SplitMix64 prng;
};

void flip(Session& session, Space space, std::uint8_t select, std::uint16_t address, int bit) {
    const std::uint64_t word = session.read(space, select, address);
    session.write({space, select, address, word ^ (std::uint64_t{1} << bit)});
}

/// The report must name the place: step, layer, value, unit, and two different numbers.
void check_report(const Session& session, const std::string& layer) {
    CHECK(session.mismatches() > 0);
    REQUIRE(session.first_mismatch());
    const Mismatch& mismatch = *session.first_mismatch();
    CHECK(mismatch.layer == layer);
    CHECK(mismatch.expected != mismatch.got);
    const std::string text = mismatch.to_string();
    for (const char* part : {"step ", "unit ", "expected ", "got "}) {
        CHECK(text.find(part) != std::string::npos);
    }
    MESSAGE(text);
}

TEST_CASE("without a fault nothing is reported") {
    for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
        Loaded loaded(built_geometries().back(), cell);
        random_run(loaded.session, Mode::Score, 6, loaded.prng);
        CHECK(loaded.session.mismatches() == 0);
    }
}

TEST_CASE("one GRU layer run as an LSTM is reported") {
    Loaded loaded(built_geometries().back(), Cell::Gru);
    flip(loaded.session, Space::Program, 0, kDescriptorWords, 23);  // the second layer's
    random_run(loaded.session, Mode::Score, 6, loaded.prng);
    check_report(loaded.session, "layer 1");
}

TEST_CASE("each sum of a GRU reaches its unit: a wrong scale in any lane is reported") {
    for (int lane = 0; lane < kLanes; ++lane) {
        Loaded loaded(built_geometries().back(), Cell::Gru);
        const Operation& op = loaded.session.layout().operations[1];
        flip(loaded.session, Space::Row, row_select(0, lane), static_cast<std::uint16_t>(op.first_row(0)),
             33);
        random_run(loaded.session, Mode::Score, 6, loaded.prng);
        check_report(loaded.session, "layer 1");
        CHECK(loaded.session.first_mismatch()->unit == op.group_units(0) - 1);
    }
}

TEST_CASE("a slot of a GRU's idle lane that is not zero is reported") {
    Loaded loaded(built_geometries().back(), Cell::Gru);
    const Operation& op = loaded.session.layout().operations[0];
    const Place place = group_places(loaded.session.layout().geometry, op.group_units(0)).back();
    // n_x in the h part of lane 2, n_h in the x part of lane 3.
    for (const auto& [lane, first, last] : {std::tuple(2, op.descriptor.x_slots, op.descriptor.slots),
                                            std::tuple(3, 0, op.descriptor.x_slots)}) {
        for (int slot = first; slot < last; ++slot) {
            const auto address = static_cast<std::uint16_t>(op.first_weight(0) + slot);
            CHECK((loaded.session.read(Space::Weight, weight_select(lane, place.tile), address) >>
                       (12 * place.pe) &
                   0xFFFU) == 0);
            flip(loaded.session, Space::Weight, weight_select(lane, place.tile), address, 12 * place.pe + 10);
        }
    }
    random_run(loaded.session, Mode::Score, 6, loaded.prng);
    check_report(loaded.session, "layer 0");
}

TEST_CASE("a flipped weight bit is reported, in each layer and the head") {
    for (std::size_t operation = 0; operation < 3; ++operation) {
        Loaded loaded(built_geometries().back());
        const Operation& op = loaded.session.layout().operations[operation];
        // Every slot of the group's top unit in lane 0: at least one meets an activation that is not zero.
        const Place place = group_places(loaded.session.layout().geometry, op.group_units(0)).back();
        for (int slot = 0; slot < op.descriptor.slots; ++slot) {
            flip(loaded.session, Space::Weight, weight_select(0, place.tile),
                 static_cast<std::uint16_t>(op.first_weight(0) + slot), 12 * place.pe + 10);
        }
        random_run(loaded.session, Mode::Score, 6, loaded.prng);
        check_report(loaded.session, operation == 2 ? "head" : "layer " + std::to_string(operation));
        if (operation == 1) {
            CHECK(loaded.session.first_mismatch()->unit == op.group_units(0) - 1);
        }
    }
}

TEST_CASE("a flipped column index is reported") {
    Loaded loaded(built_geometries().back());
    const Operation& op = loaded.session.layout().operations[0];
    for (int slot = 0; slot < op.descriptor.slots; ++slot) {
        flip(loaded.session, Space::Weight, weight_select(2, loaded.session.layout().geometry.tiles - 1),
             static_cast<std::uint16_t>(op.first_weight(0) + slot), 24 + 1);
    }
    random_run(loaded.session, Mode::Score, 6, loaded.prng);
    check_report(loaded.session, "layer 0");
}

TEST_CASE("a wrong table entry is reported") {
    Loaded loaded(built_geometries().back());
    for (std::uint16_t address = 0; address < 16; ++address) {
        const std::uint64_t word = loaded.session.read(Space::Table, 0, address);
        loaded.session.write({Space::Table, 0, address, word ^ (std::uint64_t{1} << 12)});
    }
    random_run(loaded.session, Mode::Score, 6, loaded.prng);
    check_report(loaded.session, "layer 0");
}

TEST_CASE("a wrong row scale is reported") {
    Loaded loaded(built_geometries().back());
    const Operation& op = loaded.session.layout().operations[1];
    flip(loaded.session, Space::Row, row_select(0, 3), static_cast<std::uint16_t>(op.first_row(0)), 34);
    random_run(loaded.session, Mode::Score, 6, loaded.prng);
    check_report(loaded.session, "layer 1");
}

TEST_CASE("a wrong cell state is reported") {
    Loaded loaded(built_geometries().back());
    SplitMix64 prng(9);
    loaded.session.set_state(random_state(prng, loaded.session.golden().model()));
    const Operation& op = loaded.session.layout().operations[0];
    flip(loaded.session, Space::Cell, 0, static_cast<std::uint16_t>(op.descriptor.cell_base), 14);
    random_run(loaded.session, Mode::Score, 2, loaded.prng);
    check_report(loaded.session, "layer 0");
}

TEST_CASE("with 16-bit activations the bits that only they have are reported") {
    for (const Geometry& geometry : built_geometries()) {
        if (geometry.activation_bits != 16) {
            continue;
        }
        {  // the highest bit of a 19-bit bias, in every lane: one gate alone may be shut by another
            Loaded loaded(geometry);
            const Operation& op = loaded.session.layout().operations[0];
            for (int lane = 0; lane < kLanes; ++lane) {
                flip(loaded.session, Space::Row, row_select(0, lane),
                     static_cast<std::uint16_t>(op.first_row(0)), 35);
            }
            random_run(loaded.session, Mode::Score, 6, loaded.prng);
            check_report(loaded.session, "layer 0");
        }
        {  // the table above its first 256 words, in the cell's tanh and the gates
            Loaded loaded(geometry);
            for (std::uint16_t address = 256; address < 512; ++address) {
                flip(loaded.session, Space::Table, 0, address, 14);
            }
            random_run(loaded.session, Mode::Score, 20, loaded.prng);
            CHECK(loaded.session.mismatches() > 0);
        }
        {  // the high byte of h, in the last part of a bank
            Loaded loaded(geometry);
            SplitMix64 prng(9);
            loaded.session.set_state(random_state(prng, loaded.session.golden().model()));
            const Operation& op = loaded.session.layout().operations[0];
            flip(loaded.session, Space::Bank, 7, static_cast<std::uint16_t>(op.descriptor.h_base), 30);
            random_run(loaded.session, Mode::Score, 2, loaded.prng);
            check_report(loaded.session, "layer 0");
        }
    }
}

TEST_CASE("a dropped cycle is reported as a wrong value") {
    Loaded loaded(built_geometries().back());
    int dropped = 0;
    loaded.session.on_cycle = [&, start = loaded.engine->cycles()](std::uint64_t cycle) {
        // In the third step or later, when no h is zero any more.
        if (dropped < 3 && cycle > start + 400 && loaded.engine->drop_slot(false)) {
            ++dropped;
        }
    };
    random_run(loaded.session, Mode::Score, 12, loaded.prng);
    CHECK(dropped == 3);
    REQUIRE(loaded.session.first_mismatch());
    check_report(loaded.session, loaded.session.first_mismatch()->layer);
    CHECK(loaded.session.first_mismatch()->step >= 1);
}

TEST_CASE("a group whose last cycle is dropped never drains, and the session says that the engine is stuck") {
    Loaded loaded(built_geometries().back());
    bool dropped = false;
    loaded.session.on_cycle = [&](std::uint64_t) { dropped = dropped || loaded.engine->drop_slot(true); };
    CHECK_THROWS_WITH_AS(random_run(loaded.session, Mode::Generate, 3, loaded.prng),
                         doctest::Contains("engine is stuck"), Error);
    CHECK(dropped);
}

}  // namespace
}  // namespace lacuna
