#include "tests/link/codec.hpp"

#include <algorithm>

namespace lacuna::link_test {
namespace {

constexpr std::size_t kOverhead = 9;
constexpr std::size_t kFullBlock = 254;
constexpr std::uint32_t kPolynomial = 0xEDB88320;

}  // namespace

std::uint64_t get(const Bytes& payload, std::size_t offset, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size && offset + i < payload.size(); ++i) {
        value |= std::uint64_t{payload[offset + i]} << (8 * i);
    }
    return value;
}

void put(Bytes& payload, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        payload.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const std::uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = crc >> 1U ^ ((crc & 1U) != 0 ? kPolynomial : 0);
        }
    }
    return ~crc;
}

Bytes cobs_encode(std::span<const std::uint8_t> bytes) {
    Bytes out{0};
    std::size_t code = 0;
    const auto close = [&] {
        out[code] = static_cast<std::uint8_t>(out.size() - code);
        code = out.size();
        out.push_back(0);
    };
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (bytes[i] == 0) {
            close();
            continue;
        }
        out.push_back(bytes[i]);
        if (out.size() - code == kFullBlock + 1 && i + 1 < bytes.size()) {
            close();
        }
    }
    out[code] = static_cast<std::uint8_t>(out.size() - code);
    return out;
}

std::optional<Bytes> cobs_decode(std::span<const std::uint8_t> bytes) {
    Bytes out;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t code = bytes[at];
        if (code == 0 || at + code > bytes.size()) {
            return std::nullopt;
        }
        for (std::size_t i = 1; i < code; ++i) {
            if (bytes[at + i] == 0) {
                return std::nullopt;
            }
            out.push_back(bytes[at + i]);
        }
        at += code;
        if (code != kFullBlock + 1 && at < bytes.size()) {
            out.push_back(0);
        }
    }
    return out;
}

Bytes body_of(const Request& request) {
    Bytes body;
    put(body, request.session, 2);
    put(body, request.sequence, 2);
    put(body, request.opcode, 1);
    body.insert(body.end(), request.payload.begin(), request.payload.end());
    put(body, crc32(body), 4);
    return body;
}

Bytes frame_of_body(std::span<const std::uint8_t> body) {
    Bytes frame{0};
    const Bytes encoded = cobs_encode(body);
    frame.insert(frame.end(), encoded.begin(), encoded.end());
    frame.push_back(0);
    return frame;
}

Bytes frame_of(const Request& request) {
    return frame_of_body(body_of(request));
}

Bytes pack_words(std::span<const std::uint64_t> words) {
    Bytes bytes;
    bool half = false;
    for (const std::uint64_t word : words) {
        for (int i = 0; i < 9; ++i) {
            const auto nibble = static_cast<std::uint8_t>(word >> (4 * i) & 0xFU);
            if (half) {
                bytes.back() = static_cast<std::uint8_t>(bytes.back() | nibble << 4U);
            } else {
                bytes.push_back(nibble);
            }
            half = !half;
        }
    }
    return bytes;
}

std::vector<std::uint64_t> unpack_words(std::span<const std::uint8_t> bytes) {
    std::vector<std::uint64_t> words(2 * bytes.size() / 9);
    for (std::size_t i = 0; i < 9 * words.size(); ++i) {
        const std::uint64_t nibble = bytes[i / 2] >> (i % 2 * 4) & 0xFU;
        words[i / 9] |= nibble << (i % 9 * 4);
    }
    return words;
}

void ReplyReader::push(std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) {
        if (byte != 0) {
            frame_.push_back(byte);
            continue;
        }
        if (frame_.empty()) {
            continue;
        }
        const auto body = cobs_decode(frame_);
        frame_.clear();
        if (!body || body->size() < kOverhead ||
            get(*body, body->size() - 4, 4) != crc32(std::span(*body).first(body->size() - 4))) {
            ++bad_;
            continue;
        }
        replies_.push_back({static_cast<std::uint16_t>(get(*body, 0, 2)),
                            static_cast<std::uint16_t>(get(*body, 2, 2)), (*body)[4],
                            Bytes(body->begin() + 5, body->end() - 4)});
    }
}

std::optional<Reply> ReplyReader::take() {
    if (replies_.empty()) {
        return std::nullopt;
    }
    Reply reply = replies_.front();
    replies_.erase(replies_.begin());
    return reply;
}

}  // namespace lacuna::link_test
