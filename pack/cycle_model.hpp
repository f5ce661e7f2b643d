// The cycle model: what every cycle of a run will be used for, without simulating a gate of the engine.
// It holds the sequencer's registers (walker, issuer, readiness tags, drain queue, writer, output credit) and
// the fixed latencies between them; data and weights do not exist here. The RTL equals it in every cycle
// (tests/system).
#pragma once

#include <cstdint>

#include "pack/cycle_count.hpp"
#include "pack/layout.hpp"

namespace lacuna {

/// Steps that a prediction of the steady state runs.
inline constexpr std::uint64_t kPredictedSteps = 40;

/// Cycles of a run of `steps` > 0 steps on an idle engine, as `Session::run` would count them: inputs are
/// offered at once (Score), or when the outputs of the step before have been taken (Generate); outputs are
/// always taken.
RunStatistics predict_cycles(const Layout& layout, Mode mode, std::uint64_t steps,
                             std::uint64_t warm_up = kWarmUpSteps);

}  // namespace lacuna
