// The two cells, LSTM and GRU: gates, and the weights that each gate sums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace lacuna {

/// What a layer's units are; the same in all layers of a model.
enum class Cell : std::uint8_t { Lstm, Gru };

/// `lstm`, `gru`
inline std::string cell_name(Cell cell) {
    return cell == Cell::Gru ? "gru" : "lstm";
}

/// Sums of one unit, a lane of the engine each: i, f, g, o of an LSTM; r, z, n_x, n_h of a GRU.
inline constexpr std::size_t kGates = 4;

/// Blocks of rows of a part's weights, in PyTorch's order: i, f, g, o of an LSTM; r, z, n of a GRU.
constexpr std::size_t part_blocks(Cell cell) {
    return cell == Cell::Gru ? 3 : 4;
}

/// Block of the x part whose rows a gate sums; nothing for a GRU's n_h.
constexpr std::optional<std::size_t> x_block(Cell cell, std::size_t gate) {
    return cell == Cell::Gru && gate == 3 ? std::nullopt : std::optional(gate);
}

/// Block of the h part whose rows a gate sums; nothing for a GRU's n_x.
constexpr std::optional<std::size_t> h_block(Cell cell, std::size_t gate) {
    if (cell == Cell::Gru && gate >= 2) {
        return gate == 3 ? std::optional<std::size_t>(2) : std::nullopt;
    }
    return gate;
}

/// Fraction bits of a GRU's state, which is h at 16 bits.
inline constexpr int kGruStateFraction = 15;

}  // namespace lacuna
