// Bytes to token indices and back.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

class Vocabulary {
  public:
    /// @param bytes byte value of each token, in index order, without repetition
    explicit Vocabulary(std::span<const std::uint8_t> bytes);

    std::size_t size() const { return bytes_.size(); }
    /// Index of a byte, or -1 when it is not in the vocabulary.
    int find(std::uint8_t byte) const { return token_[byte]; }
    /// Throws one `Error` that lists each character outside the vocabulary with its positions.
    std::vector<int> encode(std::string_view text) const;
    /// Throws `Error` on an index outside 0..size()-1.
    std::string decode(std::span<const int> tokens) const;
    std::uint8_t byte(int token) const;

  private:
    std::vector<std::uint8_t> bytes_;
    std::array<int, 256> token_;
};

/// A byte for people: 'a', '\n', 0x1b.
std::string printable(std::uint8_t byte);

}  // namespace lacuna
