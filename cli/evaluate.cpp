#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "cli/commands.hpp"
#include "cli/data_flags.hpp"
#include "common/error.hpp"
#include "common/progress.hpp"
#include "golden/model_file.hpp"
#include "model/golden_score.hpp"
#include "model/walk.hpp"

namespace lacuna {

namespace {

struct EvaluateSettings {
    std::string model;
    std::string against;
    DataOptions data;
    std::string split = "test";
    long steps = 0;
    bool json = false;
};

/// A model file of either kind.
struct AnyModel {
    std::string path;
    std::variant<FloatModel, HostedModel> model;

    const DataFormat& format() const {
        const auto* real = std::get_if<FloatModel>(&model);
        return real != nullptr ? real->format : std::get<HostedModel>(model).host.format;
    }
    const char* kind() const { return std::holds_alternative<FloatModel>(model) ? "float" : "quantised"; }
};

AnyModel load_any(const std::string& path) {
    const SafeTensors file = read_safetensors(path);
    const std::string subject = fmt::format("model file '{}'", path);
    if (is_quantised_model(file)) {
        return {path, hosted_model_from(file, subject)};
    }
    return {path, float_model_from(file, subject)};
}

Quality score_any(const AnyModel& any, const Split& split, long limit) {
    Progress progress(any.kind(), static_cast<std::size_t>(steps_to_walk(split, limit)));
    const auto report = [&](std::size_t done, const Quality& quality) {
        progress.update(done, quality_text(quality));
    };
    if (const auto* model = std::get_if<FloatModel>(&any.model)) {
        return evaluate(*model, split, limit, report);
    }
    return score_golden(std::get<HostedModel>(any.model), split, limit, report).quality;
}

const Split& split_of(const Dataset& data, const std::string& name) {
    if (name == "train") {
        return data.train;
    }
    return name == "valid" ? data.valid : data.test;
}

/// What `count` of a quality counts.
const char* sample_noun(const DataFormat& format) {
    if (is_language(format.task)) {
        return token_noun(format.task);
    }
    return format.last_step ? "sequences" : "steps";
}

/// With all digits that are worth comparing.
std::string exact_text(const Quality& quality) {
    return quality.task == Task::Characters
               ? fmt::format("{:.6f} bits per character", quality.figure)
               : fmt::format("{} {:.6f}", figure_name(quality.task), quality.figure);
}

/// The key that a figure of a single model has in the JSON output.
std::string result_key(Task task) {
    return task == Task::Characters ? "bits_per_character" : figure_key(task);
}

void run_evaluate(const EvaluateSettings& settings) {
    std::vector<AnyModel> models;
    models.push_back(load_any(settings.model));
    if (!settings.against.empty()) {
        models.push_back(load_any(settings.against));
        if (models[0].format() != models[1].format()) {
            throw Error(
                fmt::format("'{}' and '{}' are for different data or have different vocabularies, so their "
                            "figures cannot be compared; evaluate each on its own",
                            settings.model, settings.against));
        }
    }
    const DataFormat& format = models[0].format();
    const Dataset data = load_dataset(settings.data, format);
    const Split& split = split_of(data, settings.split);
    nlohmann::json results = nlohmann::json::array();
    std::vector<Quality> qualities;
    for (const AnyModel& any : models) {
        qualities.push_back(score_any(any, split, settings.steps));
        results.push_back(
            {{"model", any.path}, {"kind", any.kind()}, {result_key(format.task), qualities.back().figure}});
    }
    const char* noun = sample_noun(format);
    if (settings.json) {
        nlohmann::json root = {{"data", settings.data.path.string()},
                               {"data_sha256", data.sha256},
                               {"task", task_name(format.task)},
                               {"split", settings.split},
                               {noun, qualities[0].count},
                               {"results", results}};
        fmt::print("{}\n", root.dump(2));
        return;
    }
    fmt::print("{} split, {} {}\n", settings.split, qualities[0].count, noun);
    for (std::size_t i = 0; i < models.size(); ++i) {
        fmt::print("{}  {} ({})\n", exact_text(qualities[i]), models[i].path, models[i].kind());
    }
    if (models.size() == 2) {
        const double loss = 100 * relative_loss(format.task, qualities[0].figure, qualities[1].figure);
        fmt::print("the first has {:+.3f} % {}\n", loss,
                   format.task == Task::Classification
                       ? "of the samples wrong beyond the second"
                       : fmt::format("of the second's {}", figure_name(format.task)));
    }
}

}  // namespace

void add_evaluate_command(CLI::App& app) {
    auto* command = app.add_subcommand("evaluate", "Measure how well a float or quantised model does");
    auto settings = std::make_shared<EvaluateSettings>();
    command->add_option("model", settings->model, "Model file")->required();
    command->add_option("--against", settings->against, "A second model file to compare with");
    add_data_flags(*command, settings->data);
    command->add_option("--split", settings->split, "Part of the data")
        ->check(CLI::IsMember({"train", "valid", "test"}))
        ->capture_default_str();
    command->add_option("--steps", settings->steps, "Steps to take; 0 takes the whole split")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command->add_flag("--json", settings->json, "Print JSON");
    command->callback([settings] { run_evaluate(*settings); });
}

}  // namespace lacuna
