// Bank-balanced pruning (after Cao et al., "Efficient and effective sparse LSTM on FPGA with bank-balanced
// sparsity", FPGA 2019): every row keeps exactly min(k, real columns) weights of each bank of 16 columns.
#pragma once

#include <cstddef>

#include "model/parameters.hpp"

namespace lacuna {

inline constexpr Eigen::Index kBankColumns = 16;

/// How the pruner chooses: N and G of bank-balanced pruning. The engine runs every choice as banks of 16
/// (docs/pruning.md).
struct BankShape {
    int width = 16;  ///< N: columns of a bank, 16 or 8; a bank of 8 keeps k / 2
    int rows = 1;    ///< G: neighbouring rows of a gate that keep the same columns

    bool operator==(const BankShape&) const = default;
};

/// Sets `mask` (same size as `scores`) to 1 for the min(k, real columns) columns of highest sum of scores of
/// each bank and group of rows, to 0 for the others. Ties go to the lower column.
/// @param k of 16 columns; banks of 8 keep k / 2, rounded up
/// @param block_rows rows of a gate, which no group of rows leaves
void keep_best(const ConstBlockMap<float>& scores, int k, const BankShape& shape, Eigen::Index block_rows,
               BlockMap<float> mask);

/// Mask of a whole network by magnitude: all parts of all layers and the head cut to k per bank; embedding
/// and biases all 1.
Flat<float> bank_balanced_mask(const Flat<float>& parameters, const ParameterLayout& layout, int k,
                               const BankShape& shape = {});

/// Kept weights per bank when `share` 0..1 of what is pruned in the end is pruned: 16 - share (16 - target),
/// rounded to the nearest count, never below `target`.
int kept_per_bank(double share, int target);

}  // namespace lacuna
