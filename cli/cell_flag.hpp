// --cell, for the commands that make a model from nothing.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "golden/cell.hpp"

namespace lacuna {

/// By name, not by CLI11's table of values, which would put a number into the recorded command.
inline void add_cell_flag(CLI::App& command, Cell& cell) {
    const std::string lstm = cell_name(Cell::Lstm);
    const std::string gru = cell_name(Cell::Gru);
    command
        .add_option_function<std::string>(
            "--cell", [&cell, gru](const std::string& name) { cell = name == gru ? Cell::Gru : Cell::Lstm; },
            "Cell of all layers")
        ->check(CLI::IsMember({lstm, gru}))
        ->default_str(cell_name(cell));
}

}  // namespace lacuna
