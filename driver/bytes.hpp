// Little-endian integers in and out of byte sequences.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace lacuna {

using Bytes = std::vector<std::uint8_t>;

/// Appends the `size` low bytes of a value.
inline void put(Bytes& bytes, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

/// Takes integers off the front of a byte sequence; throws `std::out_of_range` past its end.
class ByteReader {
  public:
    explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    std::uint64_t take(std::size_t size) {
        std::uint64_t value = 0;
        const auto taken = rest(size);
        for (std::size_t i = 0; i < size; ++i) {
            value |= std::uint64_t{taken[i]} << (8 * i);
        }
        return value;
    }
    std::uint8_t u8() { return static_cast<std::uint8_t>(take(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(take(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(take(4)); }
    std::uint64_t u64() { return take(8); }
    /// A two's complement number.
    std::int32_t signed_value(std::size_t size) {
        const auto shift = static_cast<int>(64 - 8 * size);
        return static_cast<std::int32_t>(static_cast<std::int64_t>(take(size) << shift) >> shift);
    }
    /// The next `size` bytes.
    std::span<const std::uint8_t> rest(std::size_t size) {
        if (size > left()) {
            throw std::out_of_range("byte sequence too short");
        }
        at_ += size;
        return bytes_.subspan(at_ - size, size);
    }
    std::size_t left() const { return bytes_.size() - at_; }

  private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
};

}  // namespace lacuna
