// What a bad line does to bytes, at random but the same for the same seed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/prng.hpp"

namespace lacuna {

/// Faults per million bytes.
struct FaultRates {
    unsigned flip = 0;    ///< one bit inverted
    unsigned drop = 0;    ///< byte lost
    unsigned twice = 0;   ///< byte repeated
    unsigned insert = 0;  ///< a byte of noise before it
    unsigned cut = 0;     ///< this byte and all up to the next delimiter lost
};

class ByteFaults {
  public:
    ByteFaults(const FaultRates& rates, std::uint64_t seed) : rates_(rates), prng_(seed) {}

    std::vector<std::uint8_t> apply(const std::vector<std::uint8_t>& bytes);
    void set_rates(const FaultRates& rates) { rates_ = rates; }
    /// Faults so far, of each kind.
    const FaultRates& made() const { return made_; }
    std::uint64_t total() const;

  private:
    bool happens(unsigned rate) {
        return rate != 0 && prng_.between(1, 1'000'000) <= static_cast<std::int64_t>(rate);
    }

    FaultRates rates_;
    FaultRates made_;
    SplitMix64 prng_;
    bool cutting_ = false;
};

}  // namespace lacuna
