// The figures by which engines are judged, defined once (docs/figures.md), and their JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "golden/quantised_model.hpp"
#include "pack/cycle_count.hpp"
#include "pack/layout.hpp"

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

/// Figures of a run, measured or predicted; `dense_cycles` is D.
Figures figures_of(const QuantisedModel& model, const Layout& layout, Mode mode, const RunStatistics& run,
                   double dense_cycles);

/// D as the cycle model has it: cycles per step of the dense twin, at most its own sum of sweeps.
double predict_dense_cycles(const QuantisedModel& model, Mode mode, const Geometry& geometry);

}  // namespace lacuna
