#include "golden/sampling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "common/error.hpp"

namespace lacuna {

int argmax(std::span<const std::int32_t> logits) {
    if (logits.empty()) {
        throw Error("cannot choose a token: there are no logits; the model needs a head");
    }
    return static_cast<int>(std::ranges::max_element(logits) - logits.begin());
}

Sampler::Sampler(double temperature, std::uint64_t seed, int fraction)
    : temperature_(temperature), prng_(seed) {
    if (!std::isfinite(temperature) || temperature < 0) {
        throw Error(fmt::format("temperature is {}, expected 0 (most likely token) or more, for instance 0.7",
                                temperature));
    }
    if (temperature > 0) {
        scale_ = std::ldexp(1.0, -fraction) / temperature;
    }
}

int Sampler::choose(std::span<const std::int32_t> logits) {
    const int best = argmax(logits);
    if (temperature_ == 0) {
        return best;
    }
    const int highest = logits[static_cast<std::size_t>(best)];
    cumulative_.resize(logits.size());
    double sum = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        sum += std::exp((logits[i] - highest) * scale_);
        cumulative_[i] = sum;
    }
    const double draw = prng_.uniform() * sum;
    const auto chosen = std::ranges::upper_bound(cumulative_, draw);
    return static_cast<int>(
        std::min<std::ptrdiff_t>(chosen - cumulative_.begin(), std::ssize(cumulative_) - 1));
}

}  // namespace lacuna
