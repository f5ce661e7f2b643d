// Everything written through the host port can be read back from the memories themselves.
#include <doctest/doctest.h>

#include <map>
#include <tuple>

#include "tests/system/random_runs.hpp"

namespace lacuna {
namespace {

TEST_CASE("every word of a packed model reads back from the memory that holds it") {
    for (const Geometry& geometry : built_geometries()) {
        CAPTURE(geometry.to_string());
        const Cell cell = geometry.tiles % 2 == 0 ? Cell::Gru : Cell::Lstm;
        const QuantisedModel model = random_model(
            suited({.seed = 11, .cell = cell, .inputs = 17, .units = {13, 9}, .head_rows = 6}, geometry));
        const auto engine = make_engine(geometry);
        Session session(*engine, model);
        SplitMix64 prng(2);
        const ModelState state = random_state(prng, model);
        session.set_state(state);
        auto words = pack(model, session.layout());
        for (const MemoryWord& word : pack_state(state, session.layout())) {
            words.push_back(word);
        }
        for (const MemoryWord& word : words) {
            std::vector<std::uint8_t> selects = {word.select};
            if (word.space == Space::Table) {  // one write reaches every copy
                selects.clear();
                for (int port = 0; port < geometry.ports; ++port) {
                    for (int copy = 0; copy < 5; ++copy) {
                        selects.push_back(table_select(port, copy));
                    }
                }
            }
            for (const std::uint8_t select : selects) {
                const std::uint64_t got = session.read(word.space, select, word.address);
                if (got != word.data) {
                    CAPTURE(static_cast<int>(word.space));
                    CAPTURE(static_cast<int>(select));
                    CAPTURE(word.address);
                    REQUIRE(got == word.data);
                }
            }
        }
        // Reading disturbs nothing.
        random_run(session, Mode::Score, 3, prng);
        CHECK(session.mismatches() == 0);
    }
}

TEST_CASE("memory requests wait while the engine runs") {
    const QuantisedModel model = random_model({.seed = 4, .inputs = 5, .units = {12}});
    const auto engine = make_engine(built_geometries().front());
    Session session(*engine, model);
    EngineInputs in;
    in.start = true;
    in.steps = 1;
    engine->tick(in);  // starts, and waits for its input for ever
    in.start = false;
    in.mem_valid = true;
    for (int i = 0; i < 100; ++i) {
        const EngineOutputs out = engine->tick(in);
        CHECK(out.busy);
        CHECK_FALSE(out.mem_ready);
    }
}

}  // namespace
}  // namespace lacuna
