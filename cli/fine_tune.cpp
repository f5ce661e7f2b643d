#include "cli/fine_tune.hpp"

#include "cli/training_flags.hpp"
#include "common/error.hpp"

namespace lacuna {

void add_fine_tune_flags(CLI::App& command, FineTuneSettings& settings) {
    command
        .add_option("--fine-tune", settings.epochs,
                    "Epochs of training in the engine's own arithmetic after quantising; 0: none")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command.add_option("--learning-rate", settings.learning_rate, "Fine-tuning: highest learning rate")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_option("--streams", settings.streams, "Fine-tuning: batch; 0: as `lacuna train` by default")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command
        .add_option("--sampled", settings.sampled,
                    "Fine-tuning of words: learn against so many drawn words; 0: against all")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command.add_option("--shards", settings.shards, "Fine-tuning: parts of the batch, summed in order")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_option("--threads", settings.threads, "Fine-tuning: threads; never changes the result")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_option("--seed", settings.seed, "Fine-tuning: seed of all random choices")
        ->capture_default_str();
    command.add_flag("--resume", settings.resume,
                     "Go on from the checkpoint of an interrupted fine-tuning, if there is one");
}

HostedModel fine_tune(const FloatModel& source, const HostedModel& hosted, const Dataset& data,
                      const FineTuneSettings& settings, const std::filesystem::path& out,
                      const CLI::App& command) {
    auto options = TrainOptions::defaults(source.format.task);
    options.epochs = settings.epochs;
    options.learning_rate.peak = settings.learning_rate;
    options.streams = settings.streams > 0 ? settings.streams : options.streams;
    options.sampled = settings.sampled;
    options.shards = settings.shards;
    options.threads = settings.threads;
    options.seed = settings.seed;
    options.dropout = {};
    TrainingFiles files;
    files.out = out.string();
    files.resume = settings.resume;
    const ParameterLayout layout(shape_of(source));
    Trainer trainer(data, layout, hosted, source, options);
    const auto run = run_options(files, "fine-tune", command, source.history);
    train_to_end(trainer, data, run);
    return trainer.quantised();
}

void remove_fine_tune_checkpoint(const std::filesystem::path& out) {
    RunOptions run;
    run.out = out;
    remove_checkpoint(run);
}

nlohmann::json fine_tune_record(const FineTuneSettings& settings) {
    return {{"epochs", settings.epochs},   {"learning_rate", settings.learning_rate},
            {"streams", settings.streams}, {"sampled", settings.sampled},
            {"shards", settings.shards},   {"seed", settings.seed}};
}

}  // namespace lacuna
