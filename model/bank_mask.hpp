// Bank-balanced pruning (after Cao et al., "Efficient and effective sparse LSTM on FPGA with bank-balanced
// sparsity", FPGA 2019): every row keeps exactly min(k, real columns) weights of each bank of 16 columns.
#pragma once

#include <cstddef>

#include "model/parameters.hpp"

namespace lacuna {

inline constexpr Eigen::Index kBankColumns = 16;

/// Sets `mask` (same size as `weights`) to 1 for the min(k, real columns) weights of largest magnitude of
/// each bank and row, to 0 for the others. Ties go to the lower column.
void keep_largest(const ConstBlockMap<float>& weights, int k, BlockMap<float> mask);

/// Mask of a whole network: all parts of all layers and the head cut to k per bank; embedding and biases
/// all 1.
Flat<float> bank_balanced_mask(const Flat<float>& parameters, const ParameterLayout& layout, int k);

/// Kept weights per bank at `progress` 0..1 of gradual pruning from 16 to `target`: the sparsity follows
/// s = s_final (1 - (1 - progress)^3) (Zhu and Gupta, "To prune, or not to prune", 2017), 16 (1 - s) is
/// rounded to the nearest count, never below `target`.
int kept_per_bank(double progress, int target);

}  // namespace lacuna
