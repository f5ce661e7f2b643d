// Figures and cycles as text, for `lacuna-sim`, `lacuna-bench` and `lacuna estimate`.
#pragma once

#include <string>

#include "pack/figures.hpp"

namespace lacuna {

/// Table of cycles per step by operation: sweeps, waiting, gates (drain ports), output, rest.
std::string cycle_table(const Layout& layout, Mode mode, const RunStatistics& run);

/// Figures, times and rates at a clock, and the share of known devices that the model takes.
std::string figure_table(const Figures& figures, const Layout& layout, double clock_mhz);

/// `sim: model=... mode=... tiles=... steps=... mismatches=... cycles/step=... sweep_eff=... pe_util=...
/// speedup=...`
std::string summary_line(const std::string& what, const Figures& figures);

/// What the model needs of each resource of its geometry, and what there is.
std::string resource_table(const QuantisedModel& model, const Layout& layout);

}  // namespace lacuna
