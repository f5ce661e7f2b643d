#include "model/optimiser.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "model/shards.hpp"

namespace lacuna {

void Adam::step(Flat<float>& parameters, const Flat<float>& gradient, double scale, double learning_rate,
                long update, const AdamOptions& options, int threads) {
    const auto beta1 = static_cast<float>(options.beta1);
    const auto beta2 = static_cast<float>(options.beta2);
    const auto epsilon = static_cast<float>(options.epsilon);
    const double correction1 = 1.0 - std::pow(options.beta1, static_cast<double>(update));
    const double correction2 = 1.0 - std::pow(options.beta2, static_cast<double>(update));
    const auto rate = static_cast<float>(learning_rate / correction1);
    const auto root = static_cast<float>(1.0 / std::sqrt(correction2));
    const auto shrink = static_cast<float>(1.0 - learning_rate * options.weight_decay);
    const auto factor = static_cast<float>(scale);
    for_each_block(parameters.size(), threads, [&](std::size_t /*block*/, long begin, long end) {
        float* __restrict p = parameters.data();
        float* __restrict m = first.data();
        float* __restrict v = second.data();
        const float* __restrict g = gradient.data();
        for (long i = begin; i < end; ++i) {
            const float slope = factor * g[i];
            m[i] = beta1 * m[i] + (1.0F - beta1) * slope;
            v[i] = beta2 * v[i] + (1.0F - beta2) * slope * slope;
            p[i] = shrink * p[i] - rate * m[i] / (std::sqrt(v[i]) * root + epsilon);
        }
    });
}

double clip_scale(double norm, double limit) {
    return norm > limit ? limit / norm : 1.0;
}

double LearningRate::at(const Position& position) const {
    if (position.update < warmup) {
        return peak * static_cast<double>(position.update + 1) / static_cast<double>(warmup);
    }
    switch (schedule) {
        case RateSchedule::Constant:
            return peak;
        case RateSchedule::Step: {
            const auto stairs = position.update / (position.per_epoch * decay_epochs);
            return peak * std::pow(decay, static_cast<double>(stairs));
        }
        case RateSchedule::Plateau:
            return peak * std::pow(decay, position.reductions);
        default:
            break;
    }
    const double progress = static_cast<double>(position.update - warmup) /
                            static_cast<double>(std::max(1L, position.total - warmup));
    const double fall = 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
    return peak * (final_fraction + (1.0 - final_fraction) * fall);
}

const char* rate_schedule_name(RateSchedule schedule) {
    constexpr std::array kNames = {"cosine", "constant", "step", "plateau"};
    return kNames[static_cast<std::size_t>(schedule)];
}

}  // namespace lacuna
