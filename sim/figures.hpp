// The figures by which engines are judged, defined once (docs/figures.md), and their JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "golden/quantised_model.hpp"
#include "pack/layout.hpp"
#include "sim/session.hpp"

namespace lacuna {

struct Figures {
    std::string model;
    Mode mode = Mode::Score;
    Geometry geometry;
    std::uint64_t steps = 0;
    std::uint64_t mismatches = 0;
    double cycles_per_step = 0;  ///< steady state
    long sweep_cycles = 0;       ///< per step: sum over sweeps of max(K, ceil(n / P))
    double sweep_eff = 0;        ///< sweep_cycles / cycles_per_step
    double pe_util = 0;          ///< real slots / (12 T cycles_per_step)
    double dense_cycles = 0;     ///< D: the dense twin's cycles per step, at most its own sum of sweeps
    double speedup = 0;          ///< D / cycles_per_step
    std::size_t slots = 0;
    std::size_t dense_weights = 0;

    /// Microseconds per step; 10^9 operations a second on kept weights, and on those of the dense model.
    double microseconds(double clock_mhz) const { return cycles_per_step / clock_mhz; }
    double gops_sparse(double clock_mhz) const;
    double gops_effective(double clock_mhz) const;

    nlohmann::json to_json() const;
};

/// Figures of a run; `dense_cycles` from `measure_dense_twin`.
Figures figures_of(const QuantisedModel& model, const Layout& layout, Mode mode, const RunStatistics& run,
                   double dense_cycles);

/// Runs a dense model of the same shape on the same engine, in the same mode, for a few steps, checked like
/// any other (its weights are random: cycles do not depend on data), and returns D. A twin beyond the
/// engine's address range is not run: D is then its sum of sweeps. Throws `Error` on a mismatch.
double measure_dense_twin(const QuantisedModel& model, Mode mode, const Geometry& geometry);

/// A random model with the shape of `model`, every k = 16.
QuantisedModel dense_twin(const QuantisedModel& model, int accumulator_bits);

/// Inputs that a measurement feeds: random vectors, at once (score) or one after each output (generate).
RunStatistics run_random(Session& session, Mode mode, std::uint64_t steps, std::uint64_t seed);

}  // namespace lacuna
