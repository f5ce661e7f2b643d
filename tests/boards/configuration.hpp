// A bitstream's textual configuration with signed block RAMs, as nextpnr writes them.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "pack/geometry.hpp"

namespace lacuna::boards_test {

struct BlockPlace {
    unsigned space = 0;
    unsigned select = 0;
    unsigned first = 0;
    unsigned shape = 0;  ///< 0: 512 words of 36 bits, 1: 1,024 of 18, 2: 2,048 of 9
    unsigned part = 0;

    /// Second word of the signature.
    std::uint64_t word() const {
        return std::uint64_t{shape} << 34U | std::uint64_t{part} << 32U | std::uint64_t{space} << 28U |
               std::uint64_t{select} << 20U | std::uint64_t{first};
    }
};

/// One `.bram_init` section: 2048 values of 9 bits.
inline std::string block_text(int number, const std::vector<std::uint64_t>& words) {
    std::string text = fmt::format(".bram_init {}\n", number);
    for (std::size_t value = 0; value < 2048; ++value) {
        const std::uint64_t word = value / 4 < words.size() ? words[value / 4] : 0;
        text += fmt::format("{:03x}{}", word >> (9 * (value % 4)) & 0x1FFU, value % 8 == 7 ? '\n' : ' ');
    }
    return text + "\n";
}

inline std::string signed_block(int number, const BlockPlace& place) {
    constexpr std::uint64_t kMask = (std::uint64_t{1} << 36U) - 1;
    return block_text(number, {0x1ACB0516E, place.word(), ~place.word() & kMask});
}

/// Blocks of an engine of one port, of its embedding and boot memory, and one that holds no model.
inline std::vector<BlockPlace> block_places(const Geometry& geometry, unsigned embedding_depth,
                                            unsigned boot_depth) {
    std::vector<BlockPlace> places;
    // Up to 32 words beyond the last block are no block. Four blocks together are of 9 bits each, two of 18.
    const auto add = [&](unsigned space, unsigned select, unsigned depth) {
        unsigned blocks = depth <= 512 ? 1 : (depth + 511 - 32) / 512;
        for (unsigned first = 0; blocks > 0;) {
            const unsigned shape = blocks >= 4 ? 2 : blocks >= 2 ? 1 : 0;
            const unsigned together = 1U << shape;
            for (unsigned part = 0; part < together; ++part) {
                places.push_back({space, select, first, shape, part});
            }
            first += 512 * together;
            blocks -= together;
        }
    };
    for (unsigned lane = 0; lane < 4; ++lane) {
        for (unsigned tile = 0; tile < static_cast<unsigned>(geometry.tiles); ++tile) {
            add(0, lane << 6U | tile, static_cast<unsigned>(geometry.weight_depth));
        }
        add(1, lane, static_cast<unsigned>(geometry.row_depth));
        add(8, lane, embedding_depth);
    }
    for (int copy = 0; copy < 5; ++copy) {
        add(5, 0, 256);
    }
    add(10, 0, boot_depth);
    return places;
}

inline std::string configuration(const std::vector<BlockPlace>& places) {
    std::string text = ".device LFE5U-25F\n\n.tile R2C2:PLC2\nenum: SLICEA.MODE LOGIC\n\n";
    text += block_text(0, {});
    for (std::size_t i = 0; i < places.size(); ++i) {
        text += signed_block(static_cast<int>(i) + 1, places[i]);
    }
    return text;
}

}  // namespace lacuna::boards_test
