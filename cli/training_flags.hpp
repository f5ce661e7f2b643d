// What `lacuna train` and `lacuna prune` have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/data_flags.hpp"
#include "model/training_run.hpp"

namespace lacuna {

struct TrainingFiles {
    DataOptions data;
    std::string out;
    bool resume = false;
    int checkpoint_interval = 100;
    int reports_per_epoch = 4;
};

/// Adds the options for data, output, batch, optimiser and checkpoints.
void add_training_flags(CLI::App& command, TrainOptions& train, TrainingFiles& files);

/// Sets the options that the command line left out to those that suit a task.
void adopt_defaults(const CLI::App& command, TrainOptions& train, const TrainOptions& defaults);

/// Prints what was read.
void print_data(const Dataset& data);

/// Run options for `run_training`; stops at SIGINT and SIGTERM.
/// @param stage name of the subcommand; @param history of the model that is trained on
RunOptions run_options(const TrainingFiles& files, const std::string& stage, const CLI::App& command,
                       const std::string& history);

}  // namespace lacuna
