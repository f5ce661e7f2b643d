#include "golden/bits_per_character.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "common/error.hpp"

namespace lacuna {

namespace {

constexpr double kResolution = 0x1p-24;

/// Generic over the logit's type; `scale` turns a logit into its real value.
template <class T>
double surprise(std::span<const T> logits, double scale, int target) {
    if (target < 0 || static_cast<std::size_t>(target) >= logits.size()) {
        throw Error(
            fmt::format("target token {} does not exist, expected less than {}", target, logits.size()));
    }
    const double highest = *std::ranges::max_element(logits);
    double sum = 0;
    for (const T logit : logits) {
        sum += std::exp((logit - highest) * scale);
    }
    const double nats = std::log(sum) - (logits[static_cast<std::size_t>(target)] - highest) * scale;
    return nats * std::numbers::log2e;
}

}  // namespace

double surprise_bits(std::span<const float> logits, int target) {
    return surprise(logits, 1.0, target);
}

double surprise_bits(std::span<const std::int32_t> logits, int fraction, int target) {
    return surprise(logits, std::ldexp(1.0, -fraction), target);
}

void BitsPerCharacter::add(double bits) {
    if (!std::isfinite(bits)) {
        throw Error(fmt::format("bits of character {} are {}, expected a finite number", count_, bits));
    }
    sum_ += std::llround(bits / kResolution);
    ++count_;
}

void BitsPerCharacter::merge(const BitsPerCharacter& other) {
    sum_ += other.sum_;
    count_ += other.count_;
}

double BitsPerCharacter::value() const {
    return count_ == 0 ? 0.0 : static_cast<double>(sum_) * kResolution / static_cast<double>(count_);
}

}  // namespace lacuna
