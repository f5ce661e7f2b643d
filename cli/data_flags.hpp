// Options that say what data a command reads.
#pragma once

#include <CLI/CLI.hpp>

#include "model/dataset.hpp"

namespace lacuna {

/// --data, and how one file is split: for every command that reads training data.
void add_data_flags(CLI::App& command, DataOptions& data);

/// --task and what belongs to it: for a new model.
void add_task_flags(CLI::App& command, DataOptions& data);

}  // namespace lacuna
