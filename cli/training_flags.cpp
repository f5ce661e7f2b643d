#include "cli/training_flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>

namespace lacuna {

namespace {

volatile std::sig_atomic_t stop_signal = 0;

void request_stop(int signal) {
    stop_signal = signal;
}

/// Options that name files or do not change the result: left out of a model's history.
constexpr std::array kUnrecorded = {"--data",     "--out",     "--resume",          "--threads",
                                    "--schema",   "--teacher", "--vocabulary-file", "--checkpoint-interval",
                                    "--benchmark"};

/// The command as given, without what is left out above.
std::string recorded_command(const std::string& stage, const CLI::App& command) {
    std::string text = "lacuna " + stage;
    for (const auto* option : command.get_options()) {
        const auto name = option->get_name();
        const bool recorded = option->count() > 0 && !option->get_lnames().empty() &&
                              std::ranges::find(kUnrecorded, name) == kUnrecorded.end();
        if (recorded) {
            if (option->get_expected_max() > 0) {
                text += fmt::format(" {} {}", name, fmt::join(option->results(), ","));
            } else {  // a flag; --no-x is the negation of --x
                text += option->results().back() == "false" ? " --no-" + name.substr(2) : " " + name;
            }
        }
    }
    return text;
}

void add_schedule_flags(CLI::App& command, TrainOptions& train) {
    const std::map<std::string, RateSchedule> schedules = {{"cosine", RateSchedule::Cosine},
                                                           {"constant", RateSchedule::Constant},
                                                           {"step", RateSchedule::Step},
                                                           {"plateau", RateSchedule::Plateau}};
    command
        .add_option_function<std::string>(
            "--rate-schedule",
            [&train, schedules](const std::string& name) {
                train.learning_rate.schedule = schedules.at(name);
            },
            "Course of the learning rate: cosine, constant, step or plateau")
        ->check(CLI::IsMember(schedules))
        ->default_str(rate_schedule_name(train.learning_rate.schedule));
    command.add_option("--decay", train.learning_rate.decay, "Factor of the rate schedules step and plateau")
        ->capture_default_str();
    command
        .add_option("--decay-epochs", train.learning_rate.decay_epochs,
                    "Epochs between steps of the rate schedule step")
        ->capture_default_str();
    command
        .add_option("--plateau", train.learning_rate.plateau,
                    "Validations without a better one that make a plateau")
        ->capture_default_str();
    command
        .add_option("--patience", train.patience,
                    "End after so many validations in a row without a better one; 0: never")
        ->capture_default_str();
    command.add_flag_function(
        "--keep-last", [&train](std::int64_t /*count*/) { train.keep_best = false; },
        "End with the last parameters, not with those of the best validation");
}

}  // namespace

void add_training_flags(CLI::App& command, TrainOptions& train, TrainingFiles& files) {
    add_data_flags(command, files.data);
    command.add_option("--out", files.out, "Model file to write")->capture_default_str();
    command.add_flag("--resume", files.resume,
                     "Go on from the checkpoint of an interrupted run, if there is one");
    command.add_option("--epochs", train.epochs, "Passes over the training split")->capture_default_str();
    command.add_option("--seed", train.seed, "Seed of all random choices")->capture_default_str();
    command
        .add_option("--streams", train.streams, "Parallel pieces of a text or series, or sequences (batch)")
        ->capture_default_str();
    command.add_option("--steps", train.steps, "Steps of a text or series per update and stream")
        ->capture_default_str();
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
    command
        .add_option("--dropout", train.dropout.output, "Dropout of layers' outputs, the same in all steps")
        ->capture_default_str();
    command.add_option("--dropout-input", train.dropout.input, "Dropout of the first layer's input")
        ->capture_default_str();
    command.add_option("--dropout-hidden", train.dropout.hidden, "Dropout of h on its way to the next step")
        ->capture_default_str();
    command
        .add_option("--sampled", train.sampled,
                    "Words: learn against so many drawn words, of the teacher too; 0: against all")
        ->capture_default_str();
    add_schedule_flags(command, train);
    command.add_option("--checkpoint-interval", files.checkpoint_interval, "Updates between checkpoints")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_option("--reports", files.reports_per_epoch, "Validations per epoch")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
}

void adopt_defaults(const CLI::App& command, TrainOptions& train, const TrainOptions& defaults) {
    const auto adopt = [&](const char* name, auto& value, const auto& suited) {
        const auto* option = command.get_option_no_throw(name);
        if (option != nullptr && option->count() == 0) {
            value = suited;
        }
    };
    adopt("--epochs", train.epochs, defaults.epochs);
    adopt("--learning-rate", train.learning_rate.peak, defaults.learning_rate.peak);
    adopt("--warmup", train.learning_rate.warmup, defaults.learning_rate.warmup);
    adopt("--prune-fraction", train.prune.fraction, defaults.prune.fraction);
    adopt("--regrow", train.prune.regrow, defaults.prune.regrow);
    adopt("--round-fraction", train.round_fraction, defaults.round_fraction);
    adopt("--streams", train.streams, defaults.streams);
    adopt("--steps", train.steps, defaults.steps);
    adopt("--dropout", train.dropout.output, defaults.dropout.output);
    adopt("--dropout-input", train.dropout.input, defaults.dropout.input);
    adopt("--dropout-hidden", train.dropout.hidden, defaults.dropout.hidden);
}

void print_data(const Dataset& data) {
    const auto line = [&](const char* name, const Split& split) {
        if (!split.tokens.empty()) {
            fmt::print(stderr, "  {:<6} {:>9} {}", name, split.tokens.size(), token_noun(data.format.task));
            if (data.format.task == Task::Words) {
                fmt::print(stderr, ", {:.2f} % of them <unk>", 100 * unknown_share(data, split));
            }
        } else {
            fmt::print(stderr, "  {:<6} {:>9} sequences, {} steps, the longest {}", name, split.sequences(),
                       split.starts.back(), split.longest());
        }
        fmt::print(stderr, "\n");
    };
    fmt::print(stderr, "{}: ", task_name(data.format.task));
    if (is_language(data.format.task)) {
        fmt::print(stderr, "vocabulary of {}\n", data.format.tokens());
    } else {
        fmt::print(stderr, "{} features, {} {}\n", data.features(), data.format.outputs(),
                   data.format.task == Task::Classification ? "classes" : "values");
    }
    line("train", data.train);
    line("valid", data.valid);
    line("test", data.test);
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
