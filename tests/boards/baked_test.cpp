// A board whose block RAMs start with a baked model, in simulation of the vendor's primitives: it answers
// from power-on.
#include <doctest/doctest.h>

#include <filesystem>

#include "common/file.hpp"
#include "golden/random_model.hpp"
#include "golden/sampling.hpp"
#include "pack/bitstream_config.hpp"
#include "tests/boards/configuration.hpp"
#include "tests/link/raw_host.hpp"

namespace lacuna::boards_test {
namespace {

using link_test::Bytes;
using link_test::RawHost;
using link_test::Reply;

constexpr std::uint64_t kId = 0x0123456789ABCDEF;
constexpr std::size_t kTokens = 30;

/// Each block's values of nine bits in a file of its own, by the name that sim/ecp5/DP16KD.sv looks for.
void write_contents(const std::filesystem::path& folder, const BitstreamConfig& config) {
    std::filesystem::create_directories(folder);
    for (const SignedBlock& block : config.blocks()) {
        std::string text;
        for (const std::uint64_t word : config.words(block)) {
            for (int bit = 0; bit < block.width; bit += 9) {
                text += fmt::format("{:03x}\n", word >> bit & 0x1FFU);
            }
        }
        const BlockPlace place{block.space, block.select, block.first,
                               block.width == 36 ? 0U : 36U / static_cast<unsigned>(block.width) / 2,
                               static_cast<unsigned>(block.part)};
        write_text(folder / fmt::format("{:09x}.hex", place.word()), text);
    }
}

Bytes generate_payload(std::uint8_t first) {
    Bytes payload{first};
    link_test::put(payload, kTokens, 2);
    return payload;
}

Bytes golden_tokens(const QuantisedModel& model, int token) {
    GoldenModel golden(model);
    Bytes tokens;
    for (std::size_t i = 0; i < kTokens; ++i) {
        golden.step_token(token);
        token = argmax(golden.logits());
        tokens.push_back(static_cast<std::uint8_t>(token));
    }
    return tokens;
}

struct Folder {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / fmt::format("lacuna-baked-{}", ::getpid());
    Folder() = default;
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }
};

TEST_CASE("a baked model answers from power-on, without anything sent before") {
    const SystemParameters parameters = built_systems().front();
    // Deep enough for words in the tails of weight and row memories.
    const QuantisedModel model = random_model({.seed = 9,
                                               .inputs = 24,
                                               .units = {96, 100},
                                               .k_x = {4},
                                               .k_h = {6},
                                               .head_rows = 23,
                                               .vocabulary = true});
    const Layout layout = lay_out(model, parameters.geometry);
    REQUIRE(layout.weight_words > 3584);  // some are in the tail
    BitstreamConfig config(configuration(block_places(parameters.geometry, 512, 512)), "x");
    const BakeSummary summary =
        bake(config, link_test::board_words(model, layout, kId, true), parameters.geometry);
    CHECK(summary.boot_words > 0);
    const Folder folder;
    write_contents(folder.path, config);

    for (const bool fault : {false, true}) {
        if (fault) {
            // One bit of one weight in use: the first block has the lowest bits.
            const SignedBlock block = config.blocks().front();
            REQUIRE(block.part == 0);
            auto words = config.words(block);
            words[5] ^= 0x40;
            config.set_words(block, words);
            write_contents(folder.path, config);
        }
        SimulatedBoard board(parameters, {.seed = 3, .trace = {}, .contents = folder.path});
        RawHost host(board);
        const Reply opened = host.open(5);
        constexpr std::size_t kFlagsAt = 5;
        CHECK((opened.payload.at(kFlagsAt) & 3U) == 3U);  // model valid, baked
        const Reply reply = host.ask(protocol::Opcode::Generate, generate_payload(2));
        REQUIRE(reply.status == 0);
        const Bytes tokens(reply.payload.begin() + 8, reply.payload.end());
        if (fault) {
            const auto read = host.read(0, weight_select(0, 0), 5, 1);
            const SignedBlock block = config.blocks().front();
            const std::uint64_t mask = (std::uint64_t{1} << static_cast<unsigned>(block.width)) - 1;
            CHECK((read.at(0) & mask) == config.words(block)[5]);
        } else {
            CHECK(tokens == golden_tokens(model, 2));
        }
    }
}

}  // namespace
}  // namespace lacuna::boards_test
