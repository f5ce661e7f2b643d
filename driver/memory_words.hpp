// Words of 36 bits in payloads (nine nibbles each, low nibble first) and in hashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "driver/bytes.hpp"

namespace lacuna {

inline constexpr std::size_t kWordNibbles = 9;

constexpr std::size_t packed_bytes(std::size_t words) {
    return (words * kWordNibbles + 1) / 2;
}
/// Words that fit into so many bytes.
constexpr std::size_t packed_words(std::size_t bytes) {
    return bytes * 2 / kWordNibbles;
}

void pack_words(Bytes& bytes, std::span<const std::uint64_t> words);
/// Throws `std::out_of_range` when the bytes hold fewer.
std::vector<std::uint64_t> unpack_words(std::span<const std::uint8_t> bytes, std::size_t count);

/// The CRC-32 that HASH_MEMORY gives for these words.
std::uint32_t hash_words(std::span<const std::uint64_t> words);

}  // namespace lacuna
