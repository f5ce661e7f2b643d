#include "driver/memory_words.hpp"

#include "driver/frame.hpp"
#include "spec/protocol.hpp"

namespace lacuna {
namespace {

constexpr std::uint64_t kNibble = 0xF;

}  // namespace

void pack_words(Bytes& bytes, std::span<const std::uint64_t> words) {
    const std::size_t begin = bytes.size();
    bytes.resize(begin + packed_bytes(words.size()));
    for (std::size_t n = 0; n < words.size() * kWordNibbles; ++n) {
        const std::uint64_t nibble = words[n / kWordNibbles] >> (4 * (n % kWordNibbles)) & kNibble;
        bytes[begin + n / 2] |= static_cast<std::uint8_t>(nibble << (4 * (n % 2)));
    }
}

std::vector<std::uint64_t> unpack_words(std::span<const std::uint8_t> bytes, std::size_t count) {
    if (bytes.size() < packed_bytes(count)) {
        throw std::out_of_range("fewer words than asked for");
    }
    std::vector<std::uint64_t> words(count);
    for (std::size_t n = 0; n < count * kWordNibbles; ++n) {
        const std::uint64_t nibble = static_cast<std::uint64_t>(bytes[n / 2]) >> (4 * (n % 2)) & kNibble;
        words[n / kWordNibbles] |= nibble << (4 * (n % kWordNibbles));
    }
    return words;
}

std::uint32_t hash_words(std::span<const std::uint64_t> words) {
    Bytes bytes;
    bytes.reserve(words.size() * protocol::kHashWordBytes);
    for (const std::uint64_t word : words) {
        put(bytes, word, protocol::kHashWordBytes);
    }
    return crc32_of(bytes);
}

}  // namespace lacuna
