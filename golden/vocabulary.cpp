#include "golden/vocabulary.hpp"

#include <fmt/format.h>

#include <map>

#include "common/error.hpp"

namespace lacuna {

namespace {

constexpr std::size_t kShownPositions = 5;

/// "3, 17, 20" or "3, 17, 20, 21, 22, ... (40 in all)", counted from 1.
std::string positions_text(const std::vector<std::size_t>& positions) {
    std::string text;
    for (std::size_t i = 0; i < positions.size() && i < kShownPositions; ++i) {
        text += fmt::format("{}{}", i == 0 ? "" : ", ", positions[i] + 1);
    }
    if (positions.size() > kShownPositions) {
        text += fmt::format(", ... ({} in all)", positions.size());
    }
    return text;
}

}  // namespace

Vocabulary::Vocabulary(std::span<const std::uint8_t> bytes) : bytes_(bytes.begin(), bytes.end()) {
    token_.fill(-1);
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
        if (token_[bytes_[i]] != -1) {
            throw Error(fmt::format("vocabulary: {} is both token {} and token {}, expected each byte once",
                                    printable(bytes_[i]), token_[bytes_[i]], i));
        }
        token_[bytes_[i]] = static_cast<int>(i);
    }
}

std::vector<int> Vocabulary::encode(std::string_view text) const {
    std::vector<int> tokens;
    tokens.reserve(text.size());
    std::map<std::uint8_t, std::vector<std::size_t>> unknown;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<std::uint8_t>(text[i]);
        tokens.push_back(token_[byte]);
        if (tokens.back() < 0) {
            unknown[byte].push_back(i);
        }
    }
    Problems problems(fmt::format("text of {} characters", text.size()));
    for (const auto& [byte, positions] : unknown) {
        problems.add(fmt::format("{} is not in the vocabulary (at character {})", printable(byte),
                                 positions_text(positions)));
    }
    std::string known;
    for (const auto byte : bytes_) {
        known += fmt::format(" {}", printable(byte));
    }
    problems.throw_if_any(fmt::format("The model knows{}.", known));
    return tokens;
}

std::uint8_t Vocabulary::byte(int token) const {
    if (token < 0 || static_cast<std::size_t>(token) >= bytes_.size()) {
        throw Error(fmt::format("token {} does not exist, expected 0..{}", token, bytes_.size() - 1));
    }
    return bytes_[static_cast<std::size_t>(token)];
}

std::string Vocabulary::decode(std::span<const int> tokens) const {
    std::string text;
    text.reserve(tokens.size());
    for (const int token : tokens) {
        text += static_cast<char>(byte(token));
    }
    return text;
}

std::string printable(std::uint8_t byte) {
    switch (byte) {
        case '\n':
            return "'\\n'";
        case '\t':
            return "'\\t'";
        case '\r':
            return "'\\r'";
        default:
            return byte >= 0x20 && byte < 0x7f ? fmt::format("'{}'", static_cast<char>(byte))
                                               : fmt::format("0x{:02x}", byte);
    }
}

}  // namespace lacuna
