// Random runs of a session, for tests.
#pragma once

#include <doctest/doctest.h>

#include "golden/random_model.hpp"
#include "pack/cycle_model.hpp"
#include "sim/measure.hpp"

namespace lacuna {

/// The same options for the activations of an engine, with sums that use its accumulator.
inline RandomModelOptions suited(RandomModelOptions options, const Geometry& geometry) {
    options.activation_bits = geometry.activation_bits;
    options.accumulator_bits = geometry.activation_bits == 16 ? geometry.accumulator_bits : 24;
    return options;
}

/// The cycle model must have foreseen every cycle of a run in which nobody stalled.
inline void check_prediction(const Session& session, Mode mode, const RunStatistics& run) {
    const RunStatistics predicted = predict_cycles(session.layout(), mode, run.steps);
    CHECK(predicted.cycles == run.cycles);
    CHECK(predicted.steady_steps == run.steady_steps);
    CHECK(predicted.steady_cycles == run.steady_cycles);
    REQUIRE(predicted.operations.size() == run.operations.size());
    for (std::size_t i = 0; i < run.operations.size(); ++i) {
        CAPTURE(i);
        CHECK(predicted.operations[i].sweep == run.operations[i].sweep);
        CHECK(predicted.operations[i].wait_bank == run.operations[i].wait_bank);
        CHECK(predicted.operations[i].wait_port == run.operations[i].wait_port);
        CHECK(predicted.operations[i].wait_output == run.operations[i].wait_output);
    }
}

/// Feeds random vectors; in generate mode one after each output. With `pauses`, inputs and outputs stall at
/// random.
inline RunStatistics random_run(Session& session, Mode mode, std::uint64_t steps, SplitMix64& prng,
                                bool pauses = false) {
    session.output_ready = [&prng, pauses] { return !pauses || prng.next() % 8 == 0; };
    RunStatistics run = run_random(session, mode, steps, prng, 3,
                                   [&prng, pauses] { return pauses && prng.next() % 64 != 0; });
    session.output_ready = {};
    if (!pauses && !session.disturb) {
        check_prediction(session, mode, run);
    }
    return run;
}

}  // namespace lacuna
