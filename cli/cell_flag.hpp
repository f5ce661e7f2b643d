// --cell, for the commands that make a model from nothing.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "golden/cell.hpp"

namespace lacuna {

inline void add_cell_flag(CLI::App& command, Cell& cell) {
    const std::map<std::string, Cell> names = {{"lstm", Cell::Lstm}, {"gru", Cell::Gru}};
    command.add_option("--cell", cell, "Cell of all layers: lstm or gru")
        ->transform(CLI::CheckedTransformer(names))
        ->default_str(cell_name(cell));
}

}  // namespace lacuna
