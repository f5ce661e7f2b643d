// Pruning of whole hidden units.
#pragma once

#include <vector>

#include "model/pruning.hpp"

namespace lacuna {

/// Units that each layer keeps so that x, h and (where it is pruned) the head keep at most `budget` weights:
/// the same share of all layers, the largest that fits. Throws `Error` when one unit a layer is too much.
std::vector<Eigen::Index> kept_units(const ParameterLayout& layout, bool count_head, Eigen::Index budget);

/// `Scheme::Units` of `pruning_mask`. A removed unit loses its biases and its columns of the head too, also
/// of a head that is not counted: its h is 0 at every step.
void keep_units(const ParameterLayout& layout, const std::vector<PrunedMatrix>& matrices,
                const Flat<float>& scores, double share, Flat<float>& mask);

}  // namespace lacuna
