// Which weights are kept: the one interface between the trainer and the pruning schemes.
//
// The size of every scheme comes from the same numbers, so that equal options mean equal sizes: each matrix
// has a count of weights to keep, which is what bank-balanced pruning with its k keeps there, or the share
// that `sparsity` leaves. Ties always go to the lower row, then to the lower column.
#pragma once

#include <string>
#include <vector>

#include "model/parameters.hpp"
#include "model/prune_options.hpp"

namespace lacuna {

/// A matrix that pruning may cut.
struct PrunedMatrix {
    std::string name;            ///< `x 0`, `h 0`, `x 1`, ..., `head`
    Block block;                 ///<
    Eigen::Index gate_rows = 0;  ///< rows of a gate, which no block of rows leaves
    int k = kBankColumns;        ///< of its banks at the end
    Eigen::Index target = 0;     ///< weights kept at the end

    /// Weights kept when `share` of what is pruned in the end is pruned.
    Eigen::Index kept(double share) const;
};

/// The matrices that the engine computes with, also those that stay dense: x and h of each layer from the
/// input up, then the head, unless that is the host's.
std::vector<PrunedMatrix> pruned_matrices(const ParameterLayout& layout, const PruneOptions& options);

/// Fills a 0/1 mask of the whole network; embedding and biases are kept (those of removed units are not).
/// @param scores of all parameters, higher is kept; |w|, movement or saliency, as the criterion says
/// @param share 0..1 of what is pruned in the end (`pruned_share`)
///
/// * bank-balanced: each row keeps the k best of each bank, k on its way from 16 down to the matrix' own.
/// * unstructured: the best `kept(share)` weights of each matrix, or with `global` of all matrices together.
/// * rows: each row keeps its best kept(share) / rows weights, rounded (row-balanced sparsity): bank-balanced
///   pruning without its banks.
/// * columns: each block of rows (a gate, or `block_rows` of one) keeps the columns of the highest sum of
///   scores, the same number in all blocks of a matrix: kept(share) / rows, rounded.
/// * units: each layer keeps the units of the highest mean score over all that belongs to a unit: its rows in
///   all gates and its columns in h, in x of the layer above and in the head (Wen et al., "Learning intrinsic
///   sparse structures within LSTM", ICLR 2018). All layers keep the same share of their units, the largest
///   that keeps no more weights than the matrices' counts together.
/// * blocks: rectangles of `block_rows` (4) x `block_columns`, best mean score first, each taken when the
///   matrix' count has room for it (Narang et al., "Block-sparse recurrent neural networks", 2017).
Flat<float> pruning_mask(const ParameterLayout& layout, const PruneOptions& options,
                         const Flat<float>& scores, double share);

/// k of each matrix as the engine sees it: 16 where the scheme does not bound the weights of a bank.
struct BankCounts {
    std::vector<int> k_x;  ///< one entry per layer
    std::vector<int> k_h;
    int k_head = 0;  ///< 0: the head is the host's

    int largest() const;
    bool uniform() const;
};
BankCounts bank_counts(const ParameterLayout& layout, const PruneOptions& options, double share);

/// Weights of all `pruned_matrices` that `mask` keeps, and how many there are.
struct KeptWeights {
    Eigen::Index kept = 0;
    Eigen::Index all = 0;
};
KeptWeights kept_weights(const ParameterLayout& layout, const Flat<float>& mask);

/// How well a scheme's choice fits the magnitudes of a matrix.
struct KeptMagnitude {
    std::string matrix;     ///< name, as in `PrunedMatrix`
    Eigen::Index kept = 0;  ///< weights that the scheme keeps
    double share = 1.0;     ///< sum of |w| of the kept, of that of the largest weights, `target` in number
    std::vector<double> gates;  ///< share of each gate's weights that is kept; a head is one gate
};

/// Of each matrix, the magnitude that the options' scheme keeps at the end, of what as many weights could
/// have without any structure. Before fine-tuning: what structure costs, not what the model will lose.
std::vector<KeptMagnitude> kept_magnitudes(const ParameterLayout& layout, const PruneOptions& options,
                                           const Flat<float>& parameters);

}  // namespace lacuna
