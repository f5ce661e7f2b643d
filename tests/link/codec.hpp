// Reference codec of the board link, written from docs/protocol.md and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lacuna::link_test {

using Bytes = std::vector<std::uint8_t>;

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

    bool operator==(const Reply&) const = default;
};

/// `size` bytes of a payload from `offset` on, little-endian. 0 where the payload is shorter.
std::uint64_t get(const Bytes& payload, std::size_t offset, std::size_t size);
void put(Bytes& payload, std::uint64_t value, std::size_t size);

/// Bit by bit.
std::uint32_t crc32(std::span<const std::uint8_t> bytes);
Bytes cobs_encode(std::span<const std::uint8_t> bytes);
/// Nothing where a block is cut short or holds a zero.
std::optional<Bytes> cobs_decode(std::span<const std::uint8_t> bytes);

/// Session, sequence, opcode, payload, CRC.
Bytes body_of(const Request& request);
/// Delimiter, encoded body, delimiter.
Bytes frame_of(const Request& request);
Bytes frame_of_body(std::span<const std::uint8_t> body);

/// 36-bit words as nine nibbles each, the lowest first.
Bytes pack_words(std::span<const std::uint64_t> words);
std::vector<std::uint64_t> unpack_words(std::span<const std::uint8_t> bytes);

/// Replies out of a stream of bytes.
class ReplyReader {
  public:
    void push(std::span<const std::uint8_t> bytes);
    /// The oldest reply that was not taken yet.
    std::optional<Reply> take();
    /// Frames that were no valid reply.
    int bad() const { return bad_; }

  private:
    Bytes frame_;
    std::vector<Reply> replies_;
    int bad_ = 0;
};

}  // namespace lacuna::link_test
