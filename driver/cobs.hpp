// Consistent overhead byte stuffing (Cheshire and Baker, 1999): bytes without zeros, so that zero can
// delimit.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "driver/bytes.hpp"

namespace lacuna {

/// Encodes without delimiters; an empty input gives one byte.
Bytes cobs_encode(std::span<const std::uint8_t> bytes);

/// Decodes what stood between two delimiters; nothing when it is empty, holds a zero or ends inside a block.
std::optional<Bytes> cobs_decode(std::span<const std::uint8_t> encoded);

/// Bytes that the encoding of `size` bytes takes at most.
constexpr std::size_t cobs_limit(std::size_t size) {
    return size + size / 254 + 1;
}

}  // namespace lacuna
