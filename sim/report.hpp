// What `lacuna-sim` prints after a run.
#pragma once

#include <string>

#include "sim/figures.hpp"

namespace lacuna {

/// Table of cycles per step by operation: sweeps, waiting, gates (drain ports), output, rest.
std::string cycle_table(const Layout& layout, const RunStatistics& run);

/// Figures, times and rates at a clock, and the share of known devices that the model takes.
std::string figure_table(const Figures& figures, const Layout& layout, double clock_mhz);

/// `sim: model=... mode=... tiles=... steps=... mismatches=... cycles/step=... sweep_eff=... pe_util=...
/// speedup=...`
std::string summary_line(const std::string& what, const Figures& figures);

}  // namespace lacuna
