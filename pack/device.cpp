#include "pack/device.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/error.hpp"

namespace lacuna {

const std::vector<Device>& devices() {
    // 85F: all 156 multipliers. 45F: 12 of 84 PEs in logic, since 6 tiles would need too deep memories for
    // the 8x model. 25F: deep memories for a 16x model.
    static const std::vector<Device> known = {
        {"lfe5u-25f",
         56,
         28,
         {.tiles = 2, .ports = 1, .weight_depth = 2560, .bank_depth = 512, .row_depth = 512}},
        {"lfe5u-45f",
         108,
         72,
         {.tiles = 7, .ports = 1, .weight_depth = 1536, .bank_depth = 512, .row_depth = 512}},
        {"lfe5u-85f",
         208,
         156,
         {.tiles = 13, .ports = 2, .weight_depth = 1536, .bank_depth = 512, .row_depth = 512}},
    };
    return known;
}

const Device& find_device(std::string_view name) {
    std::vector<std::string_view> names;
    for (const Device& device : devices()) {
        if (device.name == name) {
            return device;
        }
        names.push_back(device.name);
    }
    throw Error(fmt::format("device: got '{}', expected one of {}", name, fmt::join(names, ", ")));
}

int block_rams(const Geometry& g) {
    const auto blocks = [](int words, int per_block) { return (words + per_block - 1) / per_block; };
    return kLanes * g.tiles * blocks(g.weight_depth, 512) + kLanes * g.ports * blocks(g.row_depth, 512) +
           g.ports * blocks(g.row_depth, 1024) + g.activation_bits / 2 * blocks(g.bank_depth, 512) +
           5 * g.ports;
}

int block_rams(const Layout& layout) {
    Geometry least = layout.geometry;
    least.weight_depth = layout.weight_words;
    least.row_depth = layout.rows;
    least.bank_depth = layout.banks;
    return block_rams(least);
}

}  // namespace lacuna
