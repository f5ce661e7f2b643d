#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/cell_flag.hpp"
#include "cli/commands.hpp"
#include "cli/training_flags.hpp"
#include "common/error.hpp"
#include "common/file.hpp"
#include "model/shards.hpp"
#include "model/training_run.hpp"

namespace lacuna {

namespace {

struct TrainSettings {
    TrainOptions train;
    TrainingFiles files;
    long embedding = 128;
    std::vector<long> units = {256, 256};
    Cell cell = Cell::Lstm;
    bool tied = false;
    long benchmark = 0;
};

NetworkShape shape_for(const TrainSettings& settings, const Dataset& data) {
    NetworkShape shape;
    shape.task = data.format.task;
    shape.vocabulary = data.format.tokens();
    shape.embedding = is_language(shape.task) ? settings.embedding : data.features();
    shape.outputs = is_language(shape.task) ? 0 : data.format.outputs();
    shape.last_step = data.format.last_step;
    shape.units.assign(settings.units.begin(), settings.units.end());
    shape.cell = settings.cell;
    shape.tied = settings.tied;
    return shape;
}

/// Times updates, after one that warms up, and prints the speed as JSON; nothing is written.
void run_benchmark(Trainer& trainer, long updates) {
    using Clock = std::chrono::steady_clock;
    trainer.step();
    const auto start = Clock::now();
    const std::clock_t processor_start = std::clock();
    for (long i = 0; i < updates; ++i) {
        trainer.step();
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const double processor_seconds = static_cast<double>(std::clock() - processor_start) / CLOCKS_PER_SEC;
    const double rate = static_cast<double>(updates) / seconds;
    const auto& options = trainer.options();
    const nlohmann::json result = {
        {"updates", updates},
        {"seconds", seconds},
        {"updates_per_second", rate},
        {"updates_per_processor_second", static_cast<double>(updates) / processor_seconds},
        {"columns_per_second", rate * options.streams * options.steps},
        {"gflop_per_second", rate * trainer.operations_per_update() * 1e-9},
        {"hours_to_the_end", static_cast<double>(trainer.total_updates()) / rate / 3600},
        {"threads", options.threads},
        {"instruction_set", instruction_set()}};
    fmt::print("{}\n", result.dump(2));
}

/// Options that a task does not look at would be taken for heeded.
void check_unused(const CLI::App& command, Task task, Problems& problems) {
    const auto refuse = [&](bool heeded, std::initializer_list<const char*> names, const char* what) {
        for (const char* name : names) {
            if (!heeded && command.get_option(name)->count() > 0) {
                problems.add(fmt::format("{} is for {}, but the task is {}; leave it out", name, what,
                                         task_name(task)));
            }
        }
    };
    refuse(task == Task::Words,
           {"--vocabulary", "--vocabulary-file", "--pretokenised", "--lowercase", "--sampled"}, "words");
    refuse(is_language(task), {"--embedding"}, "texts");
}

/// Loads the data; what is wrong with them becomes one of the problems.
std::optional<Dataset> load_data(const DataOptions& options, Problems& problems) {
    try {
        return load_dataset(options);
    } catch (const Error& error) {
        problems.add(error.what());
        return std::nullopt;
    }
}

void run_train(const CLI::App& command, TrainSettings settings) {
    Problems problems("lacuna train");
    const auto loaded = load_data(settings.files.data, problems);
    NetworkShape shape;
    if (loaded) {
        adopt_defaults(command, settings.train, TrainOptions::defaults(loaded->format.task));
        shape = shape_for(settings, *loaded);
        check_shape(shape, problems);
        check_unused(command, loaded->format.task, problems);
    }
    settings.train.check(problems);
    if (settings.benchmark == 0) {
        check_output(settings.files.out, "--out", problems);
    }
    problems.throw_if_any("`lacuna train --help` lists the options.");
    const auto& data = *loaded;
    print_data(data);
    const ParameterLayout layout(shape);
    check_memory(layout, settings.train);
    Trainer trainer(data, layout, initial_parameters(layout, settings.train.seed), settings.train);
    if (settings.benchmark > 0) {
        run_benchmark(trainer, settings.benchmark);
        return;
    }
    run_training(trainer, data, run_options(settings.files, "train", command, "{}"));
}

}  // namespace

void add_train_command(CLI::App& app) {
    auto* command = app.add_subcommand("train", "Train a dense model: of text, or of sequences of vectors");
    auto settings = std::make_shared<TrainSettings>();
    settings->files.out = "out/dense.safetensors";
    add_training_flags(*command, settings->train, settings->files);
    add_task_flags(*command, settings->files.data);
    add_cell_flag(*command, settings->cell);
    command->add_option("--embedding", settings->embedding, "Text: size of the embedding")
        ->capture_default_str();
    command->add_option("--units", settings->units, "Units of each layer, from the input up: 256,256")
        ->delimiter(',')
        ->capture_default_str();
    command->add_flag(
        "--tied", settings->tied,
        "Words: the head's weights are the embedding's; needs --embedding as large as the last layer");
    command
        ->add_option("--benchmark", settings->benchmark,
                     "Only time so many updates, and print the speed as JSON")
        ->check(CLI::NonNegativeNumber);
    command->callback([command, settings] { run_train(*command, *settings); });
}

}  // namespace lacuna
