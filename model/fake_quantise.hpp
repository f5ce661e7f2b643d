// Rounds weights to the values that int8 weights can have, so that training learns to live with them
// (quantisation-aware training: Jacob et al., CVPR 2018; gradients pass straight through the rounding).
#pragma once

#include "model/parameters.hpp"

namespace lacuna {

/// Parameters a network computes with while training for int8:
/// - embedding: one scale, s_x = max|e| / 127, or max|x| / 127 of input vectors
/// - rows of a layer: one scale per row for both parts, max / 127 of the x weights (times 128 s_x in layer 0,
/// where x
///   counts in steps of s_x; h and x of upper layers count in steps of 1/128) and of the h weights; n of a
///   GRU has a scale for each part
/// - head: one scale per row, unless the host computes it; biases stay float
/// @param largest_input largest |x| of input vectors
Flat<float> fake_quantised(const Flat<float>& parameters, const ParameterLayout& layout,
                           float largest_input = 0.0F);

}  // namespace lacuna
