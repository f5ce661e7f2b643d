// Models in bitstreams: blocks are found by their signatures, get their words, and nothing else changes.
#include "pack/bitstream_config.hpp"

#include <doctest/doctest.h>

#include "common/error.hpp"
#include "tests/boards/configuration.hpp"

namespace lacuna::boards_test {
namespace {

constexpr Geometry kGeometry{
    .tiles = 1, .ports = 1, .weight_depth = 1040, .bank_depth = 64, .row_depth = 528};

/// The message of the Error.
template <class Call>
std::string message_of(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

TEST_CASE("a block is found by its signature and gives back what was put in") {
    const auto places = block_places(kGeometry, 512, 512);
    BitstreamConfig config(configuration(places), "x");
    REQUIRE(config.blocks().size() == places.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
        CHECK(config.blocks()[i].space == places[i].space);
        CHECK(config.blocks()[i].select == places[i].select);
        CHECK(config.blocks()[i].first == places[i].first);
        CHECK(config.blocks()[i].words() == 512U << places[i].shape);
        CHECK(config.blocks()[i].part == static_cast<int>(places[i].part));
    }
    const std::string before = config.text();
    std::vector<std::uint64_t> words(512);
    for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = (0x9E3779B97F4A7C15 * (i + 1)) >> 28U;
    }
    const SignedBlock block = config.blocks()[2];
    REQUIRE(block.words() == 512);
    config.set_words(block, words);
    CHECK(config.words(block) == words);
    CHECK(config.text().size() == before.size());
    CHECK(config.text().substr(0, block.begin) == before.substr(0, block.begin));
    CHECK(config.text().substr(block.end) == before.substr(block.end));
    // As text: 9 bits a value, the lowest first.
    const std::string line = config.text().substr(block.begin, 31);
    CHECK(line.substr(0, 3) == fmt::format("{:03x}", words[0] & 0x1FFU));
    CHECK(line.substr(28, 3) == fmt::format("{:03x}", words[1] >> 27U));
}

TEST_CASE("words go to their block, to every copy of a table, or to the boot memory") {
    BitstreamConfig config(configuration(block_places(kGeometry, 512, 512)), "x");
    const std::vector<MemoryWord> words = {
        {Space::Weight, weight_select(2, 0), 700, 0x123456789},
        {Space::Weight, weight_select(2, 0), 1030, 5},
        {Space::Row, row_select(0, 1), 3, 0xFFFFFFFFF},
        {Space::Table, 0, 255, 77},
        {Space::Program, 0, 9, 0xABCDEF01},
        {static_cast<Space>(9), 0, 3, 6},
    };
    const BakeSummary summary = bake(config, words, kGeometry);
    CHECK(summary.words == 3);
    CHECK(summary.boot_words == 3);
    CHECK(summary.boot_depth == 512);
    int tables = 0;
    for (const SignedBlock& block : config.blocks()) {
        const auto contents = config.words(block);
        std::vector<std::uint64_t> expected(block.words(), 0);
        if (block.space == 0) {
            // 1,024 words in two blocks of half the word each.
            CHECK(block.words() == 1024);
            if (block.select == weight_select(2, 0)) {
                expected[700] = 0x123456789U >> (18 * block.part) & 0x3FFFFU;
            }
        } else if (block.space == 1 && block.select == 1 && block.first == 0) {
            expected[3] = 0xFFFFFFFFF;
        } else if (block.space == 5) {
            expected[255] = 77;
            ++tables;
        } else if (block.space == 10) {
            const std::vector<std::uint64_t> boot = {0x1ACB00001,
                                                     3,
                                                     std::uint64_t{weight_select(2, 0)} << 24U | 1030U,
                                                     5,
                                                     std::uint64_t{4} << 32U | 9U,
                                                     0xABCDEF01,
                                                     std::uint64_t{9} << 32U | 3U,
                                                     6};
            std::ranges::copy(boot, expected.begin());
        }
        CHECK(contents == expected);
    }
    CHECK(tables == 5);
}

TEST_CASE("what cannot be baked says why") {
    const auto places = block_places(kGeometry, 512, 512);
    CHECK(message_of([] { BitstreamConfig("module x;", "a.v"); }).find("a.v: no bitstream configuration") ==
          0);
    CHECK(message_of([] {
              BitstreamConfig(".device LFE5U-25F\n\n" + block_text(0, {}), "b");
          }).find("baked into it already") != std::string::npos);
    std::string damaged = configuration(places);
    damaged[damaged.find(".bram_init 3") + 20] = 'x';
    CHECK(message_of([&] { BitstreamConfig(damaged, "c"); }).find("values of three digits") !=
          std::string::npos);
    const std::string whole = configuration(places);
    CHECK(message_of([&] {
              BitstreamConfig(whole.substr(0, whole.size() - 9), "d");
          }).find("is not 2048 values") != std::string::npos);

    BitstreamConfig config(configuration(places), "x");
    Geometry other = kGeometry;
    other.tiles = 2;
    CHECK(message_of([&] { bake(config, {}, other); }).find("1 tiles a lane and 1 ports, expected 2 and 1") !=
          std::string::npos);
    const std::vector<MemoryWord> many(256, {Space::Program, 0, 0, 1});
    CHECK(message_of([&] {
              bake(config, many, kGeometry);
          }).find("holds 512 words and the model needs 514: build with BootDepth 1024") != std::string::npos);
    // Baked once: no signature is left.
    bake(config, {}, kGeometry);
    CHECK_THROWS_AS(BitstreamConfig(config.text(), "x"), Error);
}

}  // namespace
}  // namespace lacuna::boards_test
