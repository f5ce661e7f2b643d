// The engine against golden, bit by bit: random models on several geometries.
#include <doctest/doctest.h>

#include "tests/system/random_case.hpp"
#include "tests/system/random_runs.hpp"

namespace lacuna {
namespace {

constexpr std::uint64_t kModelsPerGeometry = 12;
constexpr std::uint64_t kSoakSample = 10;

void check_clean(const Session& session) {
    if (session.first_mismatch()) {
        FAIL_CHECK(session.first_mismatch()->to_string());
    }
    CHECK(session.mismatches() == 0);
    CHECK(session.values_checked() > 0);
}

void run_random_models(Cell cell, std::uint64_t seed) {
    for (const Geometry& geometry : built_geometries()) {
        for (std::uint64_t i = 0; i < kModelsPerGeometry; ++i, ++seed) {
            RandomModelOptions options = suited(random_options(seed, 3, 48), geometry);
            options.cell = cell;
            const QuantisedModel model = random_model(options);
            CAPTURE(cell_name(cell));
            CAPTURE(geometry.to_string());
            CAPTURE(seed);
            const auto engine = make_engine(geometry, {.seed = seed, .trace = {}});
            Session session(*engine, model);
            SplitMix64 prng(seed);
            random_run(session, Mode::Score, 1 + seed % 7, prng);
            random_run(session, Mode::Generate, 1 + seed % 4, prng);  // goes on from there
            CHECK(session.read_state() == session.golden().state());
            session.set_state(random_state(prng, model));
            random_run(session, Mode::Score, 1 + seed % 3, prng, i % 4 == 0);
            CHECK(session.read_state() == session.golden().state());
            session.clear();
            random_run(session, i % 2 == 0 ? Mode::Score : Mode::Generate, 2, prng);
            check_clean(session);
        }
    }
}

TEST_CASE("random models give golden's bits on every geometry, in every mode, from every state") {
    run_random_models(Cell::Lstm, 1000);
}

TEST_CASE("random GRUs give golden's bits on every geometry, in every mode, from every state") {
    run_random_models(Cell::Gru, 2000);
}

TEST_CASE("a sample of the soak: models of any shape that fits, every bit and every cycle as predicted") {
    for (const Geometry& geometry : built_geometries()) {
        for (std::uint64_t seed = 1; seed <= kSoakSample; ++seed) {
            CAPTURE(geometry.to_string());
            CAPTURE(seed);
            const auto options = random_case_options(seed, geometry, 200);
            const auto engine = make_engine(geometry, {.seed = seed, .trace = {}});
            const CaseResult result = run_case(*engine, random_model(options), seed, 6000);
            CHECK(result.failure == "");
            CHECK(result.values > 0);
        }
    }
}

TEST_CASE("one long run equals many short ones") {
    const QuantisedModel model = random_model({.seed = 3, .inputs = 9, .units = {21, 18}, .head_rows = 7});
    std::vector<ModelState> ends;
    for (const std::uint64_t chunk : {std::uint64_t{24}, std::uint64_t{1}, std::uint64_t{5}}) {
        const auto engine = make_engine(built_geometries().front());
        Session session(*engine, model);
        SplitMix64 prng(5);
        std::vector<std::vector<std::int16_t>> inputs(24);
        for (auto& x : inputs) {
            x = random_input(prng, 9);
        }
        for (std::uint64_t done = 0; done < inputs.size();) {
            const std::uint64_t steps = std::min<std::uint64_t>(chunk, inputs.size() - done);
            session.run(done % 2 == 0 ? Mode::Score : Mode::Generate, steps,
                        [&](std::uint64_t step) { return std::optional(inputs[done + step]); });
            done += steps;
        }
        check_clean(session);
        ends.push_back(session.read_state());
    }
    CHECK(ends[0] == ends[1]);
    CHECK(ends[0] == ends[2]);
}

TEST_CASE("cycles do not depend on data") {
    std::vector<std::uint64_t> cycles;
    for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{2}}) {
        const QuantisedModel model =
            random_model({.seed = seed, .inputs = 33, .units = {40}, .head_rows = 11, .corners = seed == 2});
        const auto engine = make_engine(built_geometries().back(), {.seed = seed, .trace = {}});
        Session session(*engine, model);
        SplitMix64 prng(seed);
        cycles.push_back(random_run(session, Mode::Score, 9, prng).cycles);
    }
    CHECK(cycles[0] == cycles[1]);
}

TEST_CASE("a GRU takes the cycles of an LSTM of its shape") {
    std::vector<std::uint64_t> cycles;
    for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
        const QuantisedModel model =
            random_model({.seed = 4, .cell = cell, .inputs = 33, .units = {40, 19}, .head_rows = 11});
        const auto engine = make_engine(built_geometries().back());
        Session session(*engine, model);
        for (const Mode mode : {Mode::Score, Mode::Generate}) {
            SplitMix64 prng(4);
            cycles.push_back(random_run(session, mode, 9, prng).cycles);
        }
        check_clean(session);
    }
    CHECK(cycles[0] == cycles[2]);
    CHECK(cycles[1] == cycles[3]);
}

TEST_CASE("score mode hides the tail of a step: a deep enough stack costs nothing but its sweeps") {
    const QuantisedModel model = random_model(
        {.seed = 1, .inputs = 32, .units = {48, 48}, .k_x = {4}, .k_h = {4}, .head_rows = 20, .head_k = 4});
    const auto engine = make_engine(built_geometries().front());
    Session session(*engine, model);
    SplitMix64 prng(1);
    const RunStatistics run = random_run(session, Mode::Score, 12, prng);
    CHECK(run.cycles_per_step() == doctest::Approx(session.layout().sweep_cycles(Mode::Score)).epsilon(1e-9));
}

TEST_CASE("an engine that has run takes another model, and a clear right after a write is a whole clear") {
    const auto engine = make_engine(built_geometries().front());
    SplitMix64 prng(8);
    {
        Session first(*engine, random_model({.seed = 1, .inputs = 20, .units = {18}, .head_rows = 5}));
        random_run(first, Mode::Score, 3, prng);
        check_clean(first);
    }
    {
        const RandomModelOptions options{
            .seed = 3, .cell = Cell::Gru, .inputs = 12, .units = {23}, .head_rows = 6};
        Session gru(*engine, random_model(options));
        random_run(gru, Mode::Generate, 3, prng);
        check_clean(gru);
    }
    Session second(*engine, random_model({.seed = 2, .inputs = 9, .units = {7, 21}, .head_rows = 4}));
    for (const Mode mode : {Mode::Score, Mode::Generate}) {
        random_run(second, mode, 7, prng);
        second.write({Space::Cell, 0, 0, 77});
        second.clear();
        CHECK(second.read_state() == second.golden().state());
    }
    random_run(second, Mode::Score, 7, prng);
    check_clean(second);
}

TEST_CASE("clear and start are not heard while the engine runs, and start not with clear") {
    const QuantisedModel model = random_model({.seed = 5, .inputs = 6, .units = {14}, .head_rows = 3});
    const auto engine = make_engine(built_geometries().front());
    Session session(*engine, model);
    SplitMix64 prng(3);
    EngineInputs both;
    both.clear = true;
    both.start = true;
    both.steps = 5;
    engine->tick(both);
    session.clear();  // waits for the first one to end
    int cycle = 0;
    session.disturb = [&](EngineInputs& in) { in.clear = ++cycle > 40 && cycle % 7 == 0; };
    random_run(session, Mode::Generate, 6, prng);
    session.disturb = {};
    random_run(session, Mode::Score, 3, prng);
    check_clean(session);
}

TEST_CASE("banks of x that are taken before a clear or together with it are forgotten") {
    const QuantisedModel model = random_model({.seed = 6, .inputs = 6, .units = {14}, .head_rows = 3});
    const auto engine = make_engine(built_geometries().front());
    Session session(*engine, model);
    SplitMix64 prng(4);
    for (const int earlier : {0, 1}) {
        EngineInputs in;
        in.x.fill(77);
        in.x_valid = true;
        for (int bank = 0; bank < earlier; ++bank) {
            CHECK(engine->tick(in).x_ready);
        }
        in.clear = true;
        CHECK(engine->tick(in).x_ready);
        session.wait_idle();
        random_run(session, Mode::Score, 4, prng);
        check_clean(session);
        session.clear();
    }
}

TEST_CASE("a run of no steps is refused") {
    const auto engine = make_engine(built_geometries().front());
    Session session(*engine, random_model({.inputs = 4, .units = {5}}));
    SplitMix64 prng(1);
    CHECK_THROWS_WITH_AS(random_run(session, Mode::Score, 0, prng), doctest::Contains("at least one step"),
                         Error);
}

TEST_CASE("ends of every range reach the pins of a 16-bit engine") {
    // Weights of +-127 with all part shifts, inputs and states at their ends, rows at theirs.
    for (const Geometry& geometry : built_geometries()) {
        if (geometry.activation_bits != 16) {
            continue;
        }
        for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
            auto options =
                suited({.seed = 6, .cell = cell, .inputs = 33, .units = {35}, .head_rows = 9}, geometry);
            const QuantisedModel model = random_model(options);
            const auto engine = make_engine(geometry);
            Session session(*engine, model);
            SplitMix64 prng(6);
            ModelState state = random_state(prng, model);
            std::ranges::for_each(state.h[0], [&](auto& h) { h = prng.one_in(2) ? 32767 : -32768; });
            std::ranges::for_each(state.c[0], [&](auto& c) { c = prng.one_in(2) ? 32767 : -32768; });
            session.set_state(state);
            CHECK(session.read_state() == state);
            std::int32_t largest = 0;
            const auto source = [&](std::uint64_t) {
                return std::optional(random_input(prng, 33, true, 16));
            };
            session.run(Mode::Score, 40, source, [&](std::uint64_t, std::span<const std::int32_t> logits) {
                largest = std::max(largest, std::ranges::max(logits));
            });
            check_clean(session);
            CHECK(largest > 32767);  // logits of more than 16 bits
        }
    }
}

TEST_CASE("a model of other activations than the engine's is refused, with both and what to do") {
    const RandomModelOptions narrow{.inputs = 4, .units = {5}};
    for (const Geometry& geometry : built_geometries()) {
        const bool wide = geometry.activation_bits == 16;
        RandomModelOptions options = narrow;
        options.activation_bits = wide ? 8 : 16;
        const auto engine = make_engine(geometry);
        const char* expected =
            wide ? "activations: 8 bits in the model, 16 in the engine; build the engine with "
                   "ACT=8, or quantise the model for 16 bits"
                 : "activations: 16 bits in the model, 8 in the engine; build the engine with "
                   "ACT=16, or quantise the model for 8 bits";
        CHECK_THROWS_WITH_AS((Session{*engine, random_model(options)}), doctest::Contains(expected), Error);
    }
}

TEST_CASE("an engine that was not built is named, with those that were") {
    Geometry other = built_geometries().front();
    other.tiles = 20;
    CHECK_THROWS_WITH_AS(make_engine(other), doctest::Contains("tiles=1 ports=1"), Error);
}

}  // namespace
}  // namespace lacuna
