// Goes through a split one step at a time, as a model that runs step by step reads it.
#pragma once

#include <algorithm>

#include "model/dataset.hpp"

namespace lacuna {

/// Steps that `walk` takes at most `limit` of; 0: all. Sequences are not cut, a text or series is.
inline long steps_to_walk(const Split& split, long limit) {
    if (!split.tokens.empty() || split.series()) {
        const long all =
            split.tokens.empty() ? split.starts.back() : static_cast<long>(split.tokens.size()) - 1;
        return limit > 0 ? std::min(limit, all) : all;
    }
    if (limit <= 0 || limit >= split.starts.back()) {
        return split.starts.back();
    }
    return *std::ranges::lower_bound(split.starts, limit);
}

/// First steps of a stretch of `length` of a series that are not scored: a state that begins at zero knows
/// nothing of the past, and what it forecasts there says nothing of the model. 0 for texts and sequences.
inline long settling_steps(const Split& split, long length) {
    constexpr long kEnough = 100;
    constexpr long kShare = 10;  // at most so many-th of what there is
    return split.tokens.empty() && split.series() ? std::min(kEnough, length / kShare) : 0;
}

/// Calls visitor.reset() before each sequence, visitor.step(position) for each step (position of the token or
/// of the column of `inputs`) and, where it is scored, visitor.score(target): the next token, the class, or
/// the column of `targets`.
template <class Visitor>
void walk(const Split& split, long limit, Visitor& visitor) {
    const long steps = steps_to_walk(split, limit);
    if (!split.tokens.empty()) {
        visitor.reset();
        for (long t = 0; t < steps; ++t) {
            visitor.step(t);
            visitor.score(split.tokens[static_cast<std::size_t>(t) + 1]);
        }
        return;
    }
    const long settled = settling_steps(split, steps);
    const bool every_step = split.labels.empty() && split.targets.cols() == split.starts.back();
    for (long s = 0; s < split.sequences() && split.starts[static_cast<std::size_t>(s)] < steps; ++s) {
        visitor.reset();
        const long end = std::min(steps, split.starts[static_cast<std::size_t>(s) + 1]);
        for (long t = split.starts[static_cast<std::size_t>(s)]; t < end; ++t) {
            visitor.step(t);
            if (every_step && t >= settled) {
                visitor.score(t);
            } else if (!every_step && t + 1 == end) {
                visitor.score(split.labels.empty() ? s : split.labels[static_cast<std::size_t>(s)]);
            }
        }
    }
}

}  // namespace lacuna
