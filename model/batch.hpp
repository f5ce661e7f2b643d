// What a network reads in one pass: T steps of B parallel streams, column t * B + b of every matrix.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "model/dataset.hpp"

namespace lacuna {

struct Batch {
    Eigen::Index streams = 0;  ///< B
    bool fresh = false;        ///< the streams start from the zero state, else from where the last pass ended
    std::vector<int> tokens;   ///< language: [TB]
    Eigen::MatrixXf inputs;    ///< otherwise: [F, TB]
    /// Columns that the head reads, ascending, S in all; empty: every column. Columns behind a sequence's end
    /// are never among them, so what they hold has no effect.
    std::vector<Eigen::Index> scored;
    std::vector<int> targets;  ///< token or class of each scored column, [S]
    Eigen::MatrixXf values;    ///< regression: of each scored column, [O, S]

    Eigen::Index columns() const {
        return tokens.empty() ? inputs.cols() : static_cast<Eigen::Index>(tokens.size());
    }
    Eigen::Index scored_columns() const {
        return scored.empty() ? columns() : static_cast<Eigen::Index>(scored.size());
    }
};

/// Steps firsts[b] .. firsts[b] + steps - 1 of a text or series as stream b.
/// @param unscored of a series: first steps, fewer than `steps`, that the head does not read
Batch stream_batch(const Split& split, std::span<const long> firsts, long steps, bool fresh,
                   long unscored = 0);

/// Whole sequences, one a stream, padded with zeros to the longest.
Batch sequence_batch(const Split& split, std::span<const long> sequences);

/// Positions of a text or series that have a target.
long stream_positions(const Split& split);

}  // namespace lacuna
