// The subcommands of `lacuna`, one source file each.
#pragma once

#include <CLI/CLI.hpp>

namespace lacuna {

/// `lacuna train`: trains the dense model.
void add_train_command(CLI::App& app);

/// `lacuna prune`: prunes a trained model and fine-tunes it.
void add_prune_command(CLI::App& app);

/// `lacuna quantise`: makes the integer model that the engine runs.
void add_quantise_command(CLI::App& app);

/// `lacuna evaluate`: measures bits per character of a float or quantised model.
void add_evaluate_command(CLI::App& app);

/// `lacuna estimate`: says whether a model or a shape fits an engine, and how many cycles it takes.
void add_estimate_command(CLI::App& app);

}  // namespace lacuna
