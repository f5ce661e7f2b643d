// The options of pruning, for `lacuna prune` and `lacuna compress`.
#pragma once

#include <CLI/CLI.hpp>

#include "model/prune_options.hpp"

namespace lacuna {

/// Adds scheme, criterion, schedule, k's, sparsity and the shapes of banks and blocks.
void add_prune_flags(CLI::App& command, PruneOptions& prune);

}  // namespace lacuna
