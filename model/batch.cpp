#include "model/batch.hpp"

#include <algorithm>

namespace lacuna {

long stream_positions(const Split& split) {
    return split.tokens.empty() ? split.starts.back() : static_cast<long>(split.tokens.size()) - 1;
}

Batch stream_batch(const Split& split, std::span<const long> firsts, long steps, bool fresh, long unscored) {
    Batch batch;
    batch.streams = static_cast<Eigen::Index>(firsts.size());
    batch.fresh = fresh;
    if (split.tokens.empty()) {
        batch.inputs.resize(split.inputs.rows(), steps * batch.streams);
        batch.values.resize(split.targets.rows(), (steps - unscored) * batch.streams);
        for (Eigen::Index column = unscored * batch.streams; unscored > 0 && column < batch.inputs.cols();
             ++column) {
            batch.scored.push_back(column);
        }
    }
    Eigen::Index column = 0;
    for (long t = 0; t < steps; ++t) {
        for (const long first : firsts) {
            const long position = first + t;
            if (split.tokens.empty()) {
                batch.inputs.col(column) = split.inputs.col(position);
                if (t >= unscored) {
                    batch.values.col(column - unscored * batch.streams) = split.targets.col(position);
                }
                ++column;
            } else {
                batch.tokens.push_back(split.tokens[static_cast<std::size_t>(position)]);
                batch.targets.push_back(split.tokens[static_cast<std::size_t>(position) + 1]);
            }
        }
    }
    return batch;
}

Batch sequence_batch(const Split& split, std::span<const long> sequences) {
    Batch batch;
    batch.streams = static_cast<Eigen::Index>(sequences.size());
    batch.fresh = true;
    const auto start = [&](std::size_t b) { return split.starts[static_cast<std::size_t>(sequences[b])]; };
    const auto length = [&](std::size_t b) {
        return split.starts[static_cast<std::size_t>(sequences[b]) + 1] - start(b);
    };
    long steps = 0;
    for (std::size_t b = 0; b < sequences.size(); ++b) {
        steps = std::max(steps, length(b));
    }
    const bool every_step = split.labels.empty() && split.targets.cols() == split.starts.back();
    batch.inputs.setZero(split.inputs.rows(), steps * batch.streams);
    std::vector<Eigen::Index> sources;  // columns of the targets
    for (long t = 0; t < steps; ++t) {
        for (std::size_t b = 0; b < sequences.size(); ++b) {
            if (t >= length(b)) {
                continue;
            }
            const Eigen::Index column = t * batch.streams + static_cast<Eigen::Index>(b);
            batch.inputs.col(column) = split.inputs.col(start(b) + t);
            if (every_step || t + 1 == length(b)) {
                batch.scored.push_back(column);
                sources.push_back(every_step ? start(b) + t : sequences[b]);
            }
        }
    }
    if (split.labels.empty()) {
        batch.values = split.targets(Eigen::all, sources);
        return batch;
    }
    for (const auto source : sources) {
        batch.targets.push_back(split.labels[static_cast<std::size_t>(source)]);
    }
    return batch;
}

}  // namespace lacuna
