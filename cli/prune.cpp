#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

#include "cli/budget.hpp"
#include "cli/commands.hpp"
#include "cli/prune_flags.hpp"
#include "cli/training_flags.hpp"
#include "common/error.hpp"
#include "model/training_run.hpp"

namespace lacuna {

namespace {

struct PruneSettings {
    TrainOptions train;
    TrainingFiles files;
    std::string model;
    std::string teacher;
    BudgetSettings budget;
};

/// Parameters of the model to learn from; nothing without one.
std::optional<Flat<float>> load_teacher(const PruneSettings& settings, const FloatModel& model) {
    if (settings.teacher.empty() || settings.train.distill <= 0.0) {
        return std::nullopt;
    }
    const auto teacher = load_float_model(settings.teacher);
    if (shape_of(teacher) != shape_of(model) || teacher.format != model.format) {
        throw Error(
            fmt::format("teacher '{}' has another shape or vocabulary than '{}'; give the dense model that "
                        "the pruned one comes from",
                        settings.teacher, settings.model));
    }
    return flatten(teacher, ParameterLayout(shape_of(teacher)));
}

void run_prune(const CLI::App& command, PruneSettings settings) {
    Problems problems("lacuna prune");
    settings.train.check(problems);
    if (settings.train.distill > 0.0 && settings.teacher.empty()) {
        problems.add("--distill needs --teacher, the model to learn from");
    }
    const auto& prune = settings.train.prune;
    if (settings.budget.wanted() &&
        (prune.scheme != Scheme::BankBalanced || !prune.k_x.empty() || !prune.k_h.empty())) {
        problems.add(
            "--budget and --budget-cycles choose the k's of bank-balanced pruning; leave out --scheme, --k-x "
            "and --k-h");
    }
    problems.throw_if_any("`lacuna prune --help` lists the options.");
    const auto model = load_float_model(settings.model);
    const auto data = load_dataset(settings.files.data, model.format);
    adopt_defaults(command, settings.train, TrainOptions::pruning_defaults(model.format.task));
    print_data(data);
    const ParameterLayout layout(shape_of(model));
    const auto parameters = flatten(model, layout);
    if (settings.budget.wanted()) {
        choose_counts(settings.budget, data, layout, parameters, settings.train);
    }
    Trainer trainer(data, layout, parameters, settings.train, load_teacher(settings, model));
    run_training(trainer, data, run_options(settings.files, "prune", command, model.history));
}

}  // namespace

void add_prune_command(CLI::App& app) {
    auto* command = app.add_subcommand("prune", "Prune a trained model to k of 16 weights and fine-tune it");
    auto settings = std::make_shared<PruneSettings>();
    settings->files.out = "out/pruned.safetensors";
    settings->train = TrainOptions::pruning_defaults(Task::Characters);
    command->add_option("model", settings->model, "Model file to start from")->required();
    add_training_flags(*command, settings->train, settings->files);
    add_prune_flags(*command, settings->train.prune);
    add_budget_flags(*command, settings->budget);
    command
        ->add_option("--round-fraction", settings->train.round_fraction,
                     "Last part of the run with int8 rounding")
        ->capture_default_str();
    command->add_option("--teacher", settings->teacher,
                        "Model file to learn from besides the text (distillation)");
    command
        ->add_option("--distill", settings->train.distill, "Share of the teacher in what is learnt, 0 to 1")
        ->capture_default_str();
    command->callback([command, settings] { run_prune(*command, *settings); });
}

}  // namespace lacuna
