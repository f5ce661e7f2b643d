// The state that an engine holds, read back from its memories.
#include <algorithm>

#include "pack/pack.hpp"

namespace lacuna {
namespace {

/// Activation `index` of a 32-bit part of a bank.
std::int16_t activation_of(std::uint64_t word, std::size_t index, std::size_t bits) {
    const auto value = static_cast<std::int16_t>(static_cast<std::uint16_t>(word >> (bits * index)));
    return bits == 8 ? static_cast<std::int8_t>(value) : value;
}

}  // namespace

std::vector<MemoryWord> state_words(const Layout& layout, int half) {
    std::vector<MemoryWord> words;
    const auto note = [&](Space space, std::uint8_t select, std::uint32_t address) {
        words.push_back({space, select, address, 0});
        return std::uint64_t{0};
    };
    unpack_state(layout, half, note);
    return words;
}

ModelState unpack_state(const Layout& layout, int half,
                        const std::function<std::uint64_t(Space, std::uint8_t, std::uint32_t)>& read) {
    ModelState state;
    const auto bits = static_cast<std::size_t>(layout.geometry.activation_bits);
    const std::size_t part = 32 / bits;  // activations of a bank that are read at once
    for (const Operation& operation : layout.operations) {
        if (operation.head) {
            continue;
        }
        const Descriptor& d = operation.descriptor;
        const auto units = static_cast<std::size_t>(operation.units);
        std::vector<std::int16_t> h(units);
        for (std::size_t unit = 0; unit < units; unit += part) {
            const auto bank = static_cast<int>(unit / PartWeights::kBankWidth);
            const auto select = static_cast<std::uint8_t>(unit % PartWeights::kBankWidth / part);
            const std::uint64_t word =
                read(Space::Bank, select, static_cast<std::uint32_t>(d.h_base + half * d.h_banks + bank));
            for (std::size_t i = 0; i < std::min(part, units - unit); ++i) {
                h[unit + i] = activation_of(word, i, bits);
            }
        }
        std::vector<std::int16_t> c(units);
        for (int group = 0; group < d.groups; ++group) {
            const auto places = group_places(layout.geometry, operation.group_units(group));
            for (std::size_t u = 0; u < places.size(); ++u) {
                const int address = d.cell_base + group * d.emissions_full + places[u].emission;
                const std::uint64_t word = read(Space::Cell, static_cast<std::uint8_t>(places[u].port),
                                                static_cast<std::uint32_t>(address));
                c[static_cast<std::size_t>(operation.first_unit(group)) + u] =
                    static_cast<std::int16_t>(static_cast<std::uint16_t>(word));
            }
        }
        state.h.push_back(std::move(h));
        state.c.push_back(std::move(c));
    }
    return state;
}

}  // namespace lacuna
