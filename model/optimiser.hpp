// Adam with decoupled weight decay, gradient clipping and the learning-rate schedule.
#pragma once

#include "model/parameters.hpp"

namespace lacuna {

struct AdamOptions {
    double beta1 = 0.9;
    double beta2 = 0.99;
    double epsilon = 1e-8;
    double weight_decay = 0.0;  ///< decoupled (AdamW, Loshchilov and Hutter, ICLR 2019), on all parameters
};

/// Adam (Kingma and Ba, ICLR 2015) over a flat array.
struct Adam {
    explicit Adam(Eigen::Index size) : first(Flat<float>::Zero(size)), second(Flat<float>::Zero(size)) {}

    /// @param update number of this update, from 1
    void step(Flat<float>& parameters, const Flat<float>& gradient, double learning_rate, long update,
              const AdamOptions& options);

    Flat<float> first;   ///< running mean of the gradient
    Flat<float> second;  ///< running mean of its square
};

/// Scales the gradient down to norm `limit` when it is longer; returns the norm before. Sums in double, in
/// order.
double clip_norm(Flat<float>& gradient, double limit);

struct LearningRate {
    double peak = 0.0;
    long warmup = 0;              ///< updates of linear rise
    double final_fraction = 0.0;  ///< of the peak, reached at the last update along half a cosine

    /// @param update from 0; @param total updates in all
    double at(long update, long total) const;
};

}  // namespace lacuna
