// Packer: the words of an engine's memories for a model.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "golden/golden_model.hpp"
#include "golden/quantised_model.hpp"
#include "pack/layout.hpp"

namespace lacuna {

/// Memory spaces of the engine's host port (rtl/lacuna_pkg.sv, space_e).
enum class Space : std::uint8_t {
    Weight = 0,
    Row = 1,
    Cell = 2,
    Bank = 3,
    Program = 4,
    Table = 5,
    Input = 6
};

struct MemoryWord {
    Space space = Space::Weight;
    std::uint8_t select = 0;
    std::uint32_t address = 0;
    std::uint64_t data = 0;  ///< 36 bits at most

    bool operator==(const MemoryWord&) const = default;
};

/// 32-bit parts of a bank, the select of `Space::Bank`: 4, or 8 with activations of 16 bits.
inline int bank_parts(int activation_bits) {
    return static_cast<int>(PartWeights::kBankWidth) * activation_bits / 32;
}
inline std::uint8_t weight_select(int lane, int tile) {
    return static_cast<std::uint8_t>(lane << 6 | tile);
}
inline std::uint8_t row_select(int port, int lane) {
    return static_cast<std::uint8_t>(port << 2 | lane);
}
/// Table copy for read-back: 0..3 the gates of the lanes, 4 the cell's tanh.
inline std::uint8_t table_select(int port, int copy) {
    return static_cast<std::uint8_t>(port << 3 | copy);
}

/// Everything that must be written before the first step: weights, row scales, tables, programs, input
/// buffer. The state is not part of it: clear the engine, then write `pack_state` for another one than zero.
std::vector<MemoryWord> pack(const QuantisedModel& model, const Layout& layout);

/// Words that set h and c of all layers, valid directly after the engine was cleared.
/// Throws `Error` when layers or sizes differ from the model's.
std::vector<MemoryWord> pack_state(const ModelState& state, const Layout& layout);

/// The words that hold h and c of all layers, their data zero. @param half of the double buffers: the step
/// counter's lowest bit
std::vector<MemoryWord> state_words(const Layout& layout, int half);

/// h and c of all layers from the memories' words.
ModelState unpack_state(
    const Layout& layout, int half,
    const std::function<std::uint64_t(Space, std::uint8_t select, std::uint32_t address)>& read);

/// The banks of one input vector, each 16 activations, padded with zeros.
std::vector<std::array<std::int16_t, PartWeights::kBankWidth>> pack_input(std::span<const std::int16_t> x);

}  // namespace lacuna
