// Statistics of a float model on real text: what the quantiser needs to choose scales and fractions.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "model/float_model.hpp"

namespace lacuna {

struct Calibration {
    struct Layer {
        /// E[z z^T] of z = [x_t ; h_(t-1)], the layer's joint input, [X + H, X + H].
        Eigen::MatrixXd moment;
        float largest_pre = 0;  ///< largest |pre-activation|
        float largest_c = 0;    ///< largest |cell state|
    };
    std::vector<Layer> layers;
    float largest_logit = 0;
    std::size_t steps = 0;
    double bits_per_character = 0;  ///< of the float model on the same text
};

/// Runs the model over tokens[0..n-2] in one stream from the zero state. Throws `Error` when there are fewer
/// than two tokens.
/// @param report called now and then with the steps done and the mean bits per character, when given
Calibration calibrate(const FloatModel& model, std::span<const int> tokens,
                      const std::function<void(std::size_t, double)>& report = {});

}  // namespace lacuna
