#include "model/optimiser.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lacuna {

void Adam::step(Flat<float>& parameters, const Flat<float>& gradient, double learning_rate, long update,
                const AdamOptions& options) {
    const auto beta1 = static_cast<float>(options.beta1);
    const auto beta2 = static_cast<float>(options.beta2);
    const auto epsilon = static_cast<float>(options.epsilon);
    const double correction1 = 1.0 - std::pow(options.beta1, static_cast<double>(update));
    const double correction2 = 1.0 - std::pow(options.beta2, static_cast<double>(update));
    const auto rate = static_cast<float>(learning_rate / correction1);
    const auto root = static_cast<float>(1.0 / std::sqrt(correction2));
    const auto shrink = static_cast<float>(1.0 - learning_rate * options.weight_decay);
    float* __restrict p = parameters.data();
    float* __restrict m = first.data();
    float* __restrict v = second.data();
    const float* __restrict g = gradient.data();
    for (Eigen::Index i = 0; i < parameters.size(); ++i) {
        m[i] = beta1 * m[i] + (1.0F - beta1) * g[i];
        v[i] = beta2 * v[i] + (1.0F - beta2) * g[i] * g[i];
        p[i] = shrink * p[i] - rate * m[i] / (std::sqrt(v[i]) * root + epsilon);
    }
}

double clip_norm(Flat<float>& gradient, double limit) {
    double squares = 0.0;
    for (Eigen::Index i = 0; i < gradient.size(); ++i) {
        squares += static_cast<double>(gradient[i]) * gradient[i];
    }
    const double norm = std::sqrt(squares);
    if (norm > limit) {
        gradient *= static_cast<float>(limit / norm);
    }
    return norm;
}

double LearningRate::at(long update, long total) const {
    if (update < warmup) {
        return peak * static_cast<double>(update + 1) / static_cast<double>(warmup);
    }
    const double progress =
        static_cast<double>(update - warmup) / static_cast<double>(std::max(1L, total - warmup));
    const double fall = 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
    return peak * (final_fraction + (1.0 - final_fraction) * fall);
}

}  // namespace lacuna
