// Bits per character: the mean of -log2 softmax(logits)[target].
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lacuna {

/// -log2 softmax(logits)[target] of real logits.
double surprise_bits(std::span<const float> logits, int target);
/// The same of integer logits y, whose real value is y * 2^-fraction.
double surprise_bits(std::span<const std::int32_t> logits, int fraction, int target);

/// Mean over characters. The sum is kept in integers of 2^-24 bit, so the order of additions and the way a
/// text is cut into pieces cannot change a digit: equal logits give equal figures.
class BitsPerCharacter {
  public:
    void add(double bits);
    void merge(const BitsPerCharacter& other);

    std::size_t count() const { return count_; }
    /// 0 when nothing was added.
    double value() const;

  private:
    std::int64_t sum_ = 0;  ///< in 2^-24 bit
    std::size_t count_ = 0;
};

}  // namespace lacuna
