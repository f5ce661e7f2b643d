#include "driver/frame.hpp"

#include <zlib.h>

#include <utility>

#include "driver/cobs.hpp"

namespace lacuna {
namespace {

constexpr std::size_t kMostEncoded = cobs_limit(kFrameHeaderBytes + kMostFrameBytes + kFrameCrcBytes);

}  // namespace

std::uint32_t crc32_of(std::span<const std::uint8_t> bytes) {
    return static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

Bytes encode_frame(const Request& request) {
    Bytes body;
    body.reserve(kFrameHeaderBytes + request.payload.size() + kFrameCrcBytes);
    put(body, request.session, 2);
    put(body, request.sequence, 2);
    put(body, request.opcode, 1);
    body.insert(body.end(), request.payload.begin(), request.payload.end());
    put(body, crc32_of(body), kFrameCrcBytes);
    Bytes frame = cobs_encode(body);
    frame.push_back(0);
    return frame;
}

std::size_t line_bytes(std::size_t payload) {
    return cobs_limit(kFrameHeaderBytes + payload + kFrameCrcBytes) + 1;
}

std::optional<Reply> FrameReader::push(std::uint8_t byte) {
    if (byte == 0) {
        return finish();
    }
    if (encoded_.size() < kMostEncoded) {
        encoded_.push_back(byte);
    } else {
        too_long_ = true;
    }
    return std::nullopt;
}

std::optional<Reply> FrameReader::finish() {
    const Bytes encoded = std::exchange(encoded_, {});
    const bool too_long = std::exchange(too_long_, false);
    if (encoded.empty()) {
        return std::nullopt;
    }
    const auto body = too_long ? std::nullopt : cobs_decode(encoded);
    if (!body || body->size() < kFrameHeaderBytes + kFrameCrcBytes) {
        ++bad_;
        return std::nullopt;
    }
    const std::span<const std::uint8_t> all(*body);
    const auto content = all.first(all.size() - kFrameCrcBytes);
    if (ByteReader(all.last(kFrameCrcBytes)).u32() != crc32_of(content)) {
        ++bad_;
        return std::nullopt;
    }
    ++good_;
    ByteReader reader(content);
    Reply reply;
    reply.session = reader.u16();
    reply.sequence = reader.u16();
    reply.status = reader.u8();
    const auto payload = reader.rest(reader.left());
    reply.payload.assign(payload.begin(), payload.end());
    return reply;
}

}  // namespace lacuna
