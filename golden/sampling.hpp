// Next-token choice from integer logits; the golden model, the simulator and the board use this one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "golden/prng.hpp"

namespace lacuna {

/// Index of the largest logit; of equal ones the lowest index. Throws `Error` on an empty span.
int argmax(std::span<const std::int32_t> logits);

/// Draws tokens with probability softmax(y * 2^-fraction / temperature); temperature 0 is argmax.
/// Equal logits, seed and temperature give equal tokens.
class Sampler {
  public:
    /// Throws `Error` when the temperature is negative or not finite.
    Sampler(double temperature, std::uint64_t seed, int fraction);

    int choose(std::span<const std::int32_t> logits);

  private:
    double temperature_;
    double scale_ = 0;  ///< logit difference -> exponent
    SplitMix64 prng_;
    std::vector<double> cumulative_;
};

}  // namespace lacuna
