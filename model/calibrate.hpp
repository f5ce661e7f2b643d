// Statistics of a float model on real data: what the quantiser needs to choose scales and fractions.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

#include "model/scorer.hpp"

namespace lacuna {

struct Calibration {
    struct Layer {
        /// E[z z^T] of z = [x_t ; h_(t-1)], the layer's joint input, [X + H, X + H].
        Eigen::MatrixXd moment;
        float largest_pre = 0;  ///< largest |pre-activation|
        float largest_c = 0;    ///< largest |cell state|
    };
    std::vector<Layer> layers;
    float largest_input = 0;   ///< largest |x| of layer 0
    float largest_output = 0;  ///< largest |logit| or |value| of a head that the engine computes
    std::size_t steps = 0;
    Quality quality;  ///< of the float model on the same data
};

/// Runs the model over a split, in one stream (or each sequence) from the zero state.
/// @param limit steps at most; 0: all
/// @param report called now and then, when given
Calibration calibrate(const FloatModel& model, const Split& split, long limit = 0,
                      const QualityReport& report = {});

}  // namespace lacuna
