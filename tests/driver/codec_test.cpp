// COBS, CRC, frames and memory words, without any device.
#include <doctest/doctest.h>

#include <algorithm>
#include <string_view>

#include "driver/cobs.hpp"
#include "driver/errors.hpp"
#include "driver/frame.hpp"
#include "driver/identity.hpp"
#include "driver/memory_words.hpp"
#include "golden/prng.hpp"
#include "spec/protocol.hpp"

namespace lacuna {
namespace {

Bytes random_bytes(SplitMix64& prng, std::size_t size, int zeros) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) {
        byte = prng.one_in(zeros) ? std::uint8_t{0} : static_cast<std::uint8_t>(prng.between(0, 255));
    }
    return bytes;
}

/// The reply to a byte sequence that holds one frame.
std::optional<Reply> read(FrameReader& reader, std::span<const std::uint8_t> bytes) {
    std::optional<Reply> result;
    for (const std::uint8_t byte : bytes) {
        if (auto reply = reader.push(byte)) {
            CHECK_FALSE(result.has_value());
            result = std::move(reply);
        }
    }
    return result;
}

}  // namespace

TEST_CASE("COBS of the examples in Cheshire and Baker's paper") {
    CHECK(cobs_encode(Bytes{}) == Bytes{1});
    CHECK(cobs_encode(Bytes{0}) == Bytes{1, 1});
    CHECK(cobs_encode(Bytes{0x11, 0x22, 0x00, 0x33}) == Bytes{3, 0x11, 0x22, 2, 0x33});
    CHECK(cobs_encode(Bytes{0x11, 0, 0, 0}) == Bytes{2, 0x11, 1, 1, 1});
    Bytes full(254, 7);
    Bytes encoded(255, 7);
    encoded[0] = 0xFF;
    CHECK(cobs_encode(full) == encoded);
}

TEST_CASE("COBS gives every sequence back, without zeros and within its limit") {
    SplitMix64 prng(1);
    for (std::size_t size = 0; size < 1200; ++size) {
        const Bytes bytes = random_bytes(prng, size, size % 3 == 0 ? 1000000 : 40);
        const Bytes encoded = cobs_encode(bytes);
        CHECK(encoded.size() <= cobs_limit(size));
        CHECK(std::ranges::count(encoded, 0) == 0);
        CHECK(cobs_decode(encoded) == bytes);
    }
}

TEST_CASE("COBS refuses what no encoder writes") {
    CHECK_FALSE(cobs_decode(Bytes{}).has_value());
    CHECK_FALSE(cobs_decode(Bytes{5, 1, 2}).has_value());  // ends inside a block
    CHECK_FALSE(cobs_decode(Bytes{3, 1, 0}).has_value());  // zero inside a block
    CHECK_FALSE(cobs_decode(Bytes{1, 0, 1}).has_value());  // zero as code
}

TEST_CASE("CRC-32 of the usual test sequence") {
    const std::string_view text = "123456789";
    CHECK(crc32_of(Bytes(text.begin(), text.end())) == 0xCBF43926);
}

TEST_CASE("A reader finds frames between anything else") {
    SplitMix64 prng(2);
    FrameReader reader;
    for (std::size_t i = 0; i < 300; ++i) {
        const Request sent{static_cast<std::uint16_t>(prng.next()), static_cast<std::uint16_t>(prng.next()),
                           static_cast<std::uint8_t>(i), random_bytes(prng, i * 5, 20)};
        Bytes line = random_bytes(prng, static_cast<std::size_t>(prng.between(0, 30)), 1000000);
        line.push_back(0);
        const Bytes frame = encode_frame(sent);
        CHECK(frame.size() <= line_bytes(sent.payload.size()));
        line.insert(line.end(), frame.begin(), frame.end());
        const auto got = read(reader, line);
        REQUIRE(got.has_value());
        CHECK(got->session == sent.session);
        CHECK(got->sequence == sent.sequence);
        CHECK(got->status == sent.opcode);
        CHECK(got->payload == sent.payload);
    }
    CHECK(reader.good() == 300);
}

TEST_CASE("A reader takes no damaged frame") {
    SplitMix64 prng(3);
    const Bytes frame = encode_frame({17, 4, 8, random_bytes(prng, 60, 10)});
    FrameReader reader;
    for (std::size_t at = 0; at + 1 < frame.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            Bytes damaged = frame;
            damaged[at] ^= static_cast<std::uint8_t>(1U << bit);
            CHECK_FALSE(read(reader, damaged).has_value());
        }
        Bytes lost = frame;
        lost.erase(lost.begin() + static_cast<std::ptrdiff_t>(at));
        CHECK_FALSE(read(reader, lost).has_value());
    }
    CHECK(reader.good() == 0);
    CHECK(reader.bad() > 8 * (frame.size() - 1));
    CHECK(read(reader, frame).has_value());  // and is ready for the next one
}

TEST_CASE("A reader forgets what is too long") {
    FrameReader reader;
    CHECK_FALSE(read(reader, Bytes(100000, 5)).has_value());
    CHECK_FALSE(reader.push(0).has_value());
    CHECK(reader.bad() == 1);
    CHECK(read(reader, encode_frame({1, 1, 1, {}})).has_value());
}

TEST_CASE("Words of 36 bits are packed as nine nibbles") {
    Bytes bytes;
    pack_words(bytes, std::vector<std::uint64_t>{0x987654321, 0xFEDCBA012});
    CHECK(bytes == Bytes{0x21, 0x43, 0x65, 0x87, 0x29, 0x01, 0xBA, 0xDC, 0xFE});
    CHECK(packed_words(bytes.size()) == 2);
    SplitMix64 prng(4);
    for (std::size_t count = 1; count < 50; ++count) {
        std::vector<std::uint64_t> words(count);
        for (std::uint64_t& word : words) {
            word = prng.next() >> 28;
        }
        Bytes packed;
        pack_words(packed, words);
        CHECK(packed.size() == packed_bytes(count));
        CHECK(packed_words(packed.size()) == count);
        CHECK(unpack_words(packed, count) == words);
    }
    CHECK_THROWS(unpack_words(bytes, 3));
}

TEST_CASE("What is no IDENTIFY reply is refused with what to do") {
    CHECK_THROWS_AS(parse_identity(Bytes{1, 2, 3}, "x"), NotLacuna);
    Bytes newer{'L', 'A', 'C', 'U', 9, 0};
    CHECK_THROWS_WITH_AS(parse_identity(newer, "x"), doctest::Contains("update the program"),
                         ProtocolMismatch);
    Bytes older{'L', 'A', 'C', 'U', 0, 0};
    CHECK_THROWS_WITH_AS(parse_identity(older, "x"), doctest::Contains("flash a bitstream"),
                         ProtocolMismatch);
    Bytes hollow(protocol::identify_reply::kSize);
    std::ranges::copy(std::string_view("LACU\1"), hollow.begin());
    CHECK_THROWS_WITH_AS(parse_identity(hollow, "x"), doctest::Contains("cannot be"), NotLacuna);
}

}  // namespace lacuna
