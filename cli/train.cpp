#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/cell_flag.hpp"
#include "cli/commands.hpp"
#include "cli/training_flags.hpp"
#include "common/error.hpp"
#include "model/training_run.hpp"

namespace lacuna {

namespace {

struct TrainSettings {
    TrainOptions train;
    TrainingFiles files;
    long embedding = 128;
    std::vector<long> units = {256, 256};
    Cell cell = Cell::Lstm;
};

void run_train(const CLI::App& command, const TrainSettings& settings) {
    Problems problems("lacuna train");
    settings.train.check(problems);
    if (settings.embedding < 1) {
        problems.add(fmt::format("--embedding is {}, expected at least 1", settings.embedding));
    }
    for (const long units : settings.units) {
        if (units < 1) {
            problems.add(fmt::format("--units has {}, expected at least 1 in each layer", units));
        }
    }
    problems.throw_if_any("`lacuna train --help` lists the options.");
    const auto corpus = load_corpus(settings.files.data);
    NetworkShape shape;
    shape.vocabulary = static_cast<Eigen::Index>(corpus.vocab.size());
    shape.embedding = settings.embedding;
    shape.units.assign(settings.units.begin(), settings.units.end());
    shape.cell = settings.cell;
    const ParameterLayout layout(shape);
    Trainer trainer(corpus, layout, initial_parameters(layout, settings.train.seed), settings.train);
    run_training(trainer, corpus, run_options(settings.files, "train", command, "{}"));
}

}  // namespace

void add_train_command(CLI::App& app) {
    auto* command = app.add_subcommand("train", "Train a dense character language model");
    auto settings = std::make_shared<TrainSettings>();
    settings->files.out = "out/dense.safetensors";
    add_training_flags(*command, settings->train, settings->files);
    add_cell_flag(*command, settings->cell);
    command->add_option("--embedding", settings->embedding, "Size of the embedding")->capture_default_str();
    command->add_option("--units", settings->units, "Units of each layer, from the input up: 256,256")
        ->delimiter(',')
        ->capture_default_str();
    command->callback([command, settings] { run_train(*command, *settings); });
}

}  // namespace lacuna
