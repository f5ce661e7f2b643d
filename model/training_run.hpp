// A whole training run: updates, progress, validation, checkpoints, curves, the exported model.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "common/progress.hpp"
#include "model/float_model.hpp"
#include "model/trainer.hpp"
#include "model/training_report.hpp"

namespace lacuna {

struct RunOptions {
    /// The model's file. Beside it: the checkpoint `<out>.checkpoint`, and, with .safetensors left out,
    /// `<out>.curves.json` and `<out>.html`.
    std::filesystem::path out;
    bool resume = false;            ///< go on from the checkpoint if there is one
    int checkpoint_interval = 100;  ///< updates between checkpoints
    int reports_per_epoch = 4;      ///< validations
    /// Pieces of a text or series of the validation split in a report, at most: fewer where they would be
    /// shorter than 20 times the steps of an update, as each begins without a past.
    int report_streams = 64;
    Progress::Output output = Progress::Output::StandardError;
    std::string stage;    ///< name in the model's history: train or prune
    std::string command;  ///< the command without file names, for the history
    std::string history;  ///< of the model that the run starts from
    /// Asked after every update; true ends the run with a checkpoint and an `Error` that tells how to go on.
    std::function<bool()> stop_requested;
};

/// Makes all updates of a run, with progress, validations and checkpoints; ends with the parameters to keep.
/// The checkpoint stays, for the caller to remove when the result is written.
Curve train_to_end(Trainer& trainer, const Dataset& data, const RunOptions& options);
void remove_checkpoint(const RunOptions& options);

/// Trains to the end, writes the model and its curves, removes the checkpoint and returns the model.
FloatModel run_training(Trainer& trainer, const Dataset& data, const RunOptions& options);

}  // namespace lacuna
