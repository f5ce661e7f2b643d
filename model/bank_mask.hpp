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

/// Sets `mask` (same size as `weights`) to 1 for the min(k, real columns) columns of largest sum of
/// magnitudes of each bank and group of rows, to 0 for the others. Ties go to the lower column.
/// @param k of 16 columns; banks of 8 keep k / 2, rounded up
/// @param block_rows rows of a gate, which no group of rows leaves
void keep_largest(const ConstBlockMap<float>& weights, int k, const BankShape& shape, Eigen::Index block_rows,
                  BlockMap<float> mask);

/// Mask of a whole network: all parts of all layers and the head cut to k per bank; embedding and biases
/// all 1.
Flat<float> bank_balanced_mask(const Flat<float>& parameters, const ParameterLayout& layout, int k,
                               const BankShape& shape = {});

/// Kept weights per bank at `progress` 0..1 of gradual pruning from 16 to `target`: the sparsity follows
/// s = s_final (1 - (1 - progress)^3) (Zhu and Gupta, "To prune, or not to prune", 2017), 16 (1 - s) is
/// rounded to the nearest count, never below `target`.
int kept_per_bank(double progress, int target);

}  // namespace lacuna
