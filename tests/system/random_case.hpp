// One case of the soak: a random model of any shape on a geometry, run in every mode, from several states.
#pragma once

#include <algorithm>
#include <string>

#include "golden/blank_model.hpp"
#include "golden/random_model.hpp"
#include "pack/cycle_model.hpp"
#include "sim/measure.hpp"

namespace lacuna {

/// Shapes that users bring, and those that they don't: 1 to 8 layers; sizes from 1 to `largest`, small ones
/// as likely as large ones; any k; with and without head. Always one that fits the geometry.
inline RandomModelOptions random_case_options(std::uint64_t seed, const Geometry& geometry, int largest) {
    SplitMix64 prng(seed ^ 0x50A4C0DE50A4C0DEU);
    const auto size = [&](int limit) {
        const auto scale = prng.between(1, limit);  // small sizes as often as large ones
        return static_cast<std::size_t>(prng.between(1, scale));
    };
    const auto any_k = [&] {
        return prng.one_in(4) ? static_cast<int>(prng.between(1, 16)) : 1 << prng.between(0, 4);
    };
    for (;;) {
        RandomModelOptions options;
        options.seed = prng.next();
        options.cell = prng.one_in(3) ? Cell::Gru : Cell::Lstm;
        options.accumulator_bits = geometry.accumulator_bits;
        options.activation_bits = geometry.activation_bits;
        options.inputs = size(largest);
        options.units.clear();
        options.k_x.clear();
        options.k_h.clear();
        for (auto layers = prng.one_in(2) ? prng.between(1, 2) : prng.between(1, 8); layers > 0; --layers) {
            options.units.push_back(size(largest));
            options.k_x.push_back(any_k());
            options.k_h.push_back(any_k());
        }
        options.head_rows = prng.one_in(3) ? 0 : size(std::min(largest, 300));
        options.head_k = any_k();
        ModelShape shape{options.inputs, options.units,     options.k_x,
                         options.k_h,    options.head_rows, options.head_k};
        shape.activation_bits = options.activation_bits;
        if (fits(blank_model(shape), geometry)) {
            return options;
        }
    }
}

struct CaseResult {
    std::string failure;  ///< empty: none
    std::uint64_t values = 0;
    std::uint64_t cycles = 0;
};

/// A run of random inputs whose cycles must be the predicted ones.
inline void run_case_part(Session& session, Mode mode, std::uint64_t steps, SplitMix64& prng,
                          CaseResult& result) {
    const RunStatistics run = run_random(session, mode, steps, prng, 5);
    const RunStatistics predicted = predict_cycles(session.layout(), mode, steps);
    result.cycles += run.cycles;
    if (result.failure.empty() && session.first_mismatch()) {
        result.failure = session.first_mismatch()->to_string();
    } else if (result.failure.empty() &&
               (predicted.cycles != run.cycles || predicted.steady_cycles != run.steady_cycles)) {
        result.failure = std::string(mode_name(mode)) + " mode, " + std::to_string(steps) +
                         " steps: predicted " + std::to_string(predicted.cycles) + " cycles, got " +
                         std::to_string(run.cycles);
    }
}

/// @param budget cycles to spend on the longest run, roughly
inline CaseResult run_case(Engine& engine, const QuantisedModel& model, std::uint64_t seed, long budget,
                           Load load = Load::Port) {
    SplitMix64 prng(seed);
    CaseResult result;
    Session session(engine, model, load);
    const auto most =
        std::clamp<long>(budget / std::max(1L, session.layout().sweep_cycles(Mode::Score)), 1, 60);
    const auto steps = [&](long limit) {
        return static_cast<std::uint64_t>(prng.between(1, std::max(1L, limit)));
    };
    run_case_part(session, Mode::Score, static_cast<std::uint64_t>(most), prng, result);
    run_case_part(session, Mode::Generate, steps(most / 4), prng, result);
    if (result.failure.empty() && session.read_state() != session.golden().state()) {
        result.failure = "the state read back differs from golden's";
    }
    session.set_state(random_state(prng, model));
    run_case_part(session, prng.one_in(2) ? Mode::Score : Mode::Generate, steps(most / 8), prng, result);
    session.clear();
    run_case_part(session, Mode::Score, steps(most / 4), prng, result);
    result.values = session.values_checked();
    return result;
}

}  // namespace lacuna
