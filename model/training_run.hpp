// A whole training run: updates, progress, validation, checkpoints, the exported model.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "common/progress.hpp"
#include "model/float_model.hpp"
#include "model/trainer.hpp"

namespace lacuna {

struct RunOptions {
    std::filesystem::path out;      ///< the model's file; the checkpoint is `<out>.checkpoint`
    bool resume = false;            ///< go on from the checkpoint if there is one
    int checkpoint_interval = 100;  ///< updates between checkpoints
    int reports_per_epoch = 4;      ///< validations
    int report_streams = 64;        ///< pieces of the validation split in a report
    Progress::Output output = Progress::Output::StandardError;
    std::string stage;    ///< name in the model's history: train or prune
    std::string command;  ///< the command without file names, for the history
    std::string history;  ///< of the model that the run starts from
    /// Asked after every update; true ends the run with a checkpoint and an `Error` that tells how to go on.
    std::function<bool()> stop_requested;
};

/// Trains to the end, writes the model, removes the checkpoint and returns the model.
FloatModel run_training(Trainer& trainer, const Corpus& corpus, const RunOptions& options);

}  // namespace lacuna
