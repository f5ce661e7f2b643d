#include "pack/device.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "common/error.hpp"
#include "devices_json.hpp"

namespace lacuna {

const std::vector<FpgaDevice>& devices() {
    static const std::vector<FpgaDevice> known = [] {
        std::vector<FpgaDevice> read;
        const auto json = nlohmann::json::parse(kDevicesJson);
        for (const auto& [name, device] : json.items()) {
            const auto& engine = device.at("engine");
            read.push_back({name,
                            device.at("block_rams"),
                            device.at("multipliers"),
                            {.tiles = engine.at("Tiles"),
                             .ports = engine.at("Ports"),
                             .weight_depth = engine.at("WeightDepth"),
                             .bank_depth = engine.at("BankDepth"),
                             .row_depth = engine.at("RowDepth"),
                             .output_depth = engine.at("OutputDepth"),
                             .accumulator_bits = engine.at("AccW"),
                             .bank_columns = engine.value("BankColumns", -1)}});
        }
        return read;
    }();
    return known;
}

const FpgaDevice& find_device(std::string_view name) {
    std::vector<std::string_view> names;
    for (const FpgaDevice& device : devices()) {
        if (device.name == name) {
            return device;
        }
        names.push_back(device.name);
    }
    throw Error(fmt::format("device: got '{}', expected one of {}", name, fmt::join(names, ", ")));
}

int block_rams(const Geometry& g) {
    // Up to 32 words beyond the last full block are in LUTs (rtl/ecp5/lacuna_ebr.sv).
    constexpr int kBlockWords = 512;
    constexpr int kTailWords = 32;
    const auto blocks = [](int words) {
        const int whole = words / kBlockWords;
        return whole + (words % kBlockWords > (whole > 0 ? kTailWords : 0) ? 1 : 0);
    };
    const int banks = (g.bank_depth + kBlockWords - 1) / kBlockWords;
    const int columns = g.bank_columns >= 0 ? g.bank_columns : g.activation_bits / 2;
    return kLanes * g.tiles * blocks(g.weight_depth) + (kLanes + 1) * g.ports * blocks(g.row_depth) +
           columns * banks + 5 * g.ports;
}

int block_rams(const Layout& layout) {
    Geometry least = layout.geometry;
    least.weight_depth = layout.weight_words;
    least.row_depth = layout.rows;
    least.bank_depth = layout.banks;
    return block_rams(least);
}

}  // namespace lacuna
