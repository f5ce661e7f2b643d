#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/budget.hpp"
#include "cli/commands.hpp"
#include "cli/prune_flags.hpp"
#include "cli/result_file.hpp"
#include "cli/training_flags.hpp"
#include "common/error.hpp"
#include "model/pruning.hpp"
#include "model/training_run.hpp"

namespace lacuna {

namespace {

struct PruneSettings {
    TrainOptions train;
    TrainingFiles files;
    std::string model;
    std::string teacher;
    BudgetSettings budget;
    bool preview = false;
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

/// Prints what each scheme would keep of each matrix with these options.
void print_preview(const FloatModel& model, const PruneOptions& options) {
    const ParameterLayout layout(shape_of(model));
    const auto parameters = flatten(model, layout);
    std::map<Scheme, std::vector<KeptMagnitude>> kept;
    for (const auto scheme : kSchemes) {
        auto of_scheme = options;
        of_scheme.scheme = scheme;
        if (scheme != Scheme::BankBalanced) {
            of_scheme.bank = {};
        }
        of_scheme.global = options.global && scheme == Scheme::Unstructured;
        kept[scheme] = kept_magnitudes(layout, of_scheme, parameters);
    }
    const auto matrices = pruned_matrices(layout, options);
    fmt::print("magnitude kept, of that of as many largest weights of the matrix, before any fine-tuning\n");
    fmt::print("{:<8}{:>10}{:>10}", "matrix", "weights", "to keep");
    for (const auto scheme : kSchemes) {
        fmt::print("{:>15}", scheme_name(scheme));
    }
    for (std::size_t m = 0; m < matrices.size(); ++m) {
        fmt::print("\n{:<8}{:>10}{:>10}", matrices[m].name, matrices[m].block.size(), matrices[m].target);
        for (const auto scheme : kSchemes) {
            fmt::print("{:>15.4f}", kept[scheme][m].share);
        }
    }
    fmt::print("\nof each gate's weights, the share that {} pruning keeps ({})\n",
               scheme_name(Scheme::Unstructured), model.cell == Cell::Lstm ? "i, f, g, o" : "r, z, n");
    for (const auto& matrix : kept[Scheme::Unstructured]) {
        fmt::print("{:<8}", matrix.matrix);
        for (const double share : matrix.gates) {
            fmt::print("{:>9.4f}", share);
        }
        fmt::print("\n");
    }
}

void run_prune(const CLI::App& command, PruneSettings settings) {
    Problems problems("lacuna prune");
    settings.train.check(problems);
    if (settings.train.distill > 0.0 && settings.teacher.empty()) {
        problems.add("--distill needs --teacher, the model to learn from");
    }
    if (!settings.teacher.empty() && command.get_option("--distill")->count() == 0) {
        problems.add("--teacher needs --distill, the share of it in what is learnt, for instance 0.5");
    }
    const auto& prune = settings.train.prune;
    if (settings.budget.wanted() &&
        (prune.scheme != Scheme::BankBalanced || !prune.k_x.empty() || !prune.k_h.empty())) {
        problems.add(
            "--budget and --budget-cycles choose the k's of bank-balanced pruning; leave out --scheme, --k-x "
            "and --k-h");
    }
    if (settings.preview && (settings.budget.wanted() || prune.sparsity > 0)) {
        problems.add("--preview compares the schemes at the same k's; leave out --budget and --sparsity");
    }
    if (settings.budget.wanted() && (command.get_option("--k")->count() > 0 || prune.k_head > 0)) {
        problems.add("--budget and --budget-cycles choose k; leave out --k and --k-head");
    }
    if (!settings.budget.size.empty()) {
        settings.budget.weights(1.0);  // throws when it is no size
    }
    if (!settings.preview) {
        check_result(settings.files.out, settings.model, problems);
    }
    problems.throw_if_any("`lacuna prune --help` lists the options.");
    const auto model = load_float_model(settings.model);
    if (settings.preview) {
        Problems of_model("lacuna prune");
        prune.check(of_model, model.layers.size());
        of_model.throw_if_any("`lacuna prune --help` lists the options.");
        print_preview(model, prune);
        return;
    }
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
    command->add_flag("--preview", settings->preview,
                      "Only print what each scheme would keep of each matrix; train nothing, write nothing");
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
