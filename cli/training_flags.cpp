#include "cli/training_flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace lacuna {

namespace {

volatile std::sig_atomic_t stop_signal = 0;

void request_stop(int signal) {
    stop_signal = signal;
}

/// Options that name files or do not change the result: left out of a model's history.
constexpr std::array kUnrecorded = {"--data",    "--out",    "--resume", "--threads", "--checkpoint-interval",
                                    "--reports", "--teacher"};

/// The command as given, without what is left out above.
std::string recorded_command(const std::string& stage, const CLI::App& command) {
    std::string text = "lacuna " + stage;
    for (const auto* option : command.get_options()) {
        const auto name = option->get_name();
        const bool recorded = option->count() > 0 && !option->get_lnames().empty() &&
                              std::ranges::find(kUnrecorded, name) == kUnrecorded.end();
        if (recorded) {
            const bool is_flag = option->get_expected_max() == 0;
            text += is_flag ? " " + name : fmt::format(" {} {}", name, fmt::join(option->results(), ","));
        }
    }
    return text;
}

}  // namespace

void add_training_flags(CLI::App& command, TrainOptions& train, TrainingFiles& files) {
    command.add_option("--data", files.data, "Folder with train.txt, valid.txt and test.txt")
        ->capture_default_str();
    command.add_option("--out", files.out, "Model file to write")->capture_default_str();
    command.add_flag("--resume", files.resume,
                     "Go on from the checkpoint of an interrupted run, if there is one");
    command.add_option("--epochs", train.epochs, "Passes over the training split")->capture_default_str();
    command.add_option("--seed", train.seed, "Seed of all random choices")->capture_default_str();
    command.add_option("--streams", train.streams, "Parallel pieces of the text (batch)")
        ->capture_default_str();
    command.add_option("--steps", train.steps, "Characters per update and stream")->capture_default_str();
    command.add_option("--shards", train.shards, "Parts of the batch, summed in order")
        ->capture_default_str();
    command.add_option("--threads", train.threads, "Threads; never changes the result")
        ->capture_default_str();
    command.add_option("--learning-rate", train.learning_rate.peak, "Highest learning rate")
        ->capture_default_str();
    command.add_option("--warmup", train.learning_rate.warmup, "Updates of linear rise")
        ->capture_default_str();
    command
        .add_option("--final-rate", train.learning_rate.final_fraction,
                    "Last learning rate as part of the highest")
        ->capture_default_str();
    command.add_option("--weight-decay", train.adam.weight_decay, "Decoupled weight decay")
        ->capture_default_str();
    command.add_option("--clip", train.clip, "Largest gradient norm")->capture_default_str();
    command.add_option("--dropout", train.dropout, "Dropout between layers")->capture_default_str();
    command.add_option("--checkpoint-interval", files.checkpoint_interval, "Updates between checkpoints")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_option("--reports", files.reports_per_epoch, "Validations per epoch")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
}

RunOptions run_options(const TrainingFiles& files, const std::string& stage, const CLI::App& command,
                       const std::string& history) {
    RunOptions options;
    options.out = files.out;
    options.resume = files.resume;
    options.checkpoint_interval = files.checkpoint_interval;
    options.reports_per_epoch = files.reports_per_epoch;
    options.stage = stage;
    options.command = recorded_command(stage, command);
    options.history = history;
    options.stop_requested = [] { return stop_signal != 0; };
    std::signal(SIGINT, request_stop);
    std::signal(SIGTERM, request_stop);
    return options;
}

}  // namespace lacuna
