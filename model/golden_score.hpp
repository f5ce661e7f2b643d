// The golden model on a split of data, with what the host computes around it.
#pragma once

#include "golden/score.hpp"
#include "model/host_part.hpp"
#include "model/scorer.hpp"

namespace lacuna {

struct GoldenScore {
    Quality quality;
    Score ranges;  ///< how far values went; its bits are left empty
};

/// Runs the golden model over a split from the zero state, one step at a time.
/// @param limit steps at most; 0: all
GoldenScore score_golden(const HostedModel& hosted, const Split& split, long limit = 0,
                         const QualityReport& report = {});

}  // namespace lacuna
