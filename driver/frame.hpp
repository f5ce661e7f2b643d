// Frames of the board link (docs/protocol.md): what goes over the line for a request, and replies out of a
// stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "driver/bytes.hpp"

namespace lacuna {

/// CRC-32 of IEEE 802.3, as zlib's.
std::uint32_t crc32_of(std::span<const std::uint8_t> bytes);

inline constexpr std::size_t kFrameHeaderBytes = 5;  ///< session, sequence, opcode or status
inline constexpr std::size_t kFrameCrcBytes = 4;
inline constexpr std::size_t kMostFrameBytes = 4096;  ///< of a payload, of any device

struct Request {
    std::uint16_t session = 0;
    std::uint16_t sequence = 0;
    std::uint8_t opcode = 0;
    Bytes payload;
};

struct Reply {
    std::uint16_t session = 0;
    std::uint16_t sequence = 0;
    std::uint8_t status = 0;
    Bytes payload;
};

/// Encoded body and the delimiter behind it.
Bytes encode_frame(const Request& request);

/// Bytes on the line of a frame with a payload of this size, at most.
std::size_t line_bytes(std::size_t payload);

/// Takes replies out of a stream of bytes. Never throws; what is no valid frame is counted and dropped.
class FrameReader {
  public:
    /// The reply that this byte completes, if it does.
    std::optional<Reply> push(std::uint8_t byte);

    std::uint64_t good() const { return good_; }
    /// Frames dropped: bad encoding or CRC, too short or too long.
    std::uint64_t bad() const { return bad_; }

  private:
    std::optional<Reply> finish();

    Bytes encoded_;
    bool too_long_ = false;
    std::uint64_t good_ = 0;
    std::uint64_t bad_ = 0;
};

}  // namespace lacuna
