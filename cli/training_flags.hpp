// What `lacuna train` and `lacuna prune` have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "model/training_run.hpp"

namespace lacuna {

struct TrainingFiles {
    std::string data = "data/kjv";
    std::string out;
    bool resume = false;
    int checkpoint_interval = 100;
    int reports_per_epoch = 4;
};

/// Adds the options for data, output, batch, optimiser and checkpoints.
void add_training_flags(CLI::App& command, TrainOptions& train, TrainingFiles& files);

/// Run options for `run_training`; stops at SIGINT and SIGTERM.
/// @param stage name of the subcommand; @param history of the model that is trained on
RunOptions run_options(const TrainingFiles& files, const std::string& stage, const CLI::App& command,
                       const std::string& history);

}  // namespace lacuna
