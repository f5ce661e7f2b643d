#include "driver/cobs.hpp"

namespace lacuna {
namespace {

constexpr std::uint8_t kFullBlock = 0xFF;  // 254 bytes without a zero behind them

}  // namespace

Bytes cobs_encode(std::span<const std::uint8_t> bytes) {
    Bytes encoded(1);
    encoded.reserve(cobs_limit(bytes.size()));
    std::size_t code = 0;  // where the open block's code stands
    const auto close = [&](std::size_t length) {
        encoded[code] = static_cast<std::uint8_t>(length);
        code = encoded.size();
        encoded.push_back(0);
    };
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (bytes[i] == 0) {
            close(encoded.size() - code);
            continue;
        }
        encoded.push_back(bytes[i]);
        if (encoded.size() - code == kFullBlock && i + 1 < bytes.size()) {
            close(kFullBlock);
        }
    }
    encoded[code] = static_cast<std::uint8_t>(encoded.size() - code);
    return encoded;
}

std::optional<Bytes> cobs_decode(std::span<const std::uint8_t> encoded) {
    if (encoded.empty()) {
        return std::nullopt;
    }
    Bytes bytes;
    bytes.reserve(encoded.size());
    for (std::size_t at = 0; at < encoded.size();) {
        const std::size_t code = encoded[at];
        if (code == 0 || at + code > encoded.size()) {
            return std::nullopt;
        }
        for (std::size_t i = 1; i < code; ++i) {
            if (encoded[at + i] == 0) {
                return std::nullopt;
            }
            bytes.push_back(encoded[at + i]);
        }
        at += code;
        if (code != kFullBlock && at < encoded.size()) {
            bytes.push_back(0);
        }
    }
    return bytes;
}

}  // namespace lacuna
