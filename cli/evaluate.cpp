#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "cli/commands.hpp"
#include "common/error.hpp"
#include "common/progress.hpp"
#include "golden/model_file.hpp"
#include "golden/score.hpp"
#include "model/corpus.hpp"
#include "model/float_model.hpp"

namespace lacuna {

namespace {

struct EvaluateSettings {
    std::string model;
    std::string against;
    std::string data = "data/kjv";
    std::string split = "test";
    std::size_t steps = 0;
    bool json = false;
};

/// A model file of either kind.
struct AnyModel {
    std::string path;
    std::variant<FloatModel, QuantisedModel> model;

    const char* kind() const { return std::holds_alternative<FloatModel>(model) ? "float" : "quantised"; }
    const std::vector<std::uint8_t>& vocab() const {
        return std::visit([](const auto& m) -> const std::vector<std::uint8_t>& { return m.vocab; }, model);
    }
};

AnyModel load_any(const std::string& path) {
    const SafeTensors file = read_safetensors(path);
    const std::string subject = fmt::format("model file '{}'", path);
    if (is_quantised_model(file)) {
        return {path, quantised_model_from(file, subject)};
    }
    return {path, float_model_from(file, subject)};
}

double score_float(const FloatModel& model, std::span<const int> tokens, Progress& progress) {
    FloatRunner runner(model);
    BitsPerCharacter mean;
    for (std::size_t t = 0; t + 1 < tokens.size(); ++t) {
        const auto& logits = runner.step(tokens[t]);
        mean.add(surprise_bits({logits.data(), static_cast<std::size_t>(logits.size())}, tokens[t + 1]));
        progress.update(t + 1, fmt::format("{:.4f} bits per character", mean.value()));
    }
    return mean.value();
}

double score_any(const AnyModel& any, std::span<const int> tokens) {
    Progress progress(any.kind(), tokens.size() - 1);
    if (const auto* model = std::get_if<FloatModel>(&any.model)) {
        return score_float(*model, tokens, progress);
    }
    GoldenModel golden(std::get<QuantisedModel>(any.model));
    const Score score = score_tokens(golden, tokens, [&](std::size_t done, double bpc) {
        progress.update(done, fmt::format("{:.4f} bits per character", bpc));
    });
    return score.bits.value();
}

const std::vector<int>& split_of(const Corpus& corpus, const std::string& split) {
    if (split == "train") {
        return corpus.train;
    }
    return split == "valid" ? corpus.valid : corpus.test;
}

void run_evaluate(const EvaluateSettings& settings) {
    std::vector<AnyModel> models;
    models.push_back(load_any(settings.model));
    if (!settings.against.empty()) {
        models.push_back(load_any(settings.against));
        if (models[0].vocab() != models[1].vocab()) {
            throw Error(
                fmt::format("'{}' and '{}' have different vocabularies, so their bits per character cannot "
                            "be compared; evaluate each on its own",
                            settings.model, settings.against));
        }
    }
    if (models[0].vocab().empty()) {
        throw Error(fmt::format("model file '{}' is not a language model, expected one with a vocabulary",
                                settings.model));
    }
    const Corpus corpus = load_corpus(settings.data, models[0].vocab());
    std::span<const int> tokens = split_of(corpus, settings.split);
    if (settings.steps > 0) {
        tokens = tokens.first(std::min(settings.steps + 1, tokens.size()));
    }
    nlohmann::json results = nlohmann::json::array();
    std::vector<double> bpc;
    for (const AnyModel& any : models) {
        bpc.push_back(score_any(any, tokens));
        results.push_back({{"model", any.path}, {"kind", any.kind()}, {"bits_per_character", bpc.back()}});
    }
    const std::size_t characters = tokens.size() - 1;
    if (settings.json) {
        const nlohmann::json root = {{"data", settings.data},
                                     {"data_sha256", corpus.sha256},
                                     {"split", settings.split},
                                     {"characters", characters},
                                     {"results", results}};
        fmt::print("{}\n", root.dump(2));
        return;
    }
    fmt::print("{} split, {} characters\n", settings.split, characters);
    for (std::size_t i = 0; i < models.size(); ++i) {
        fmt::print("{:.6f} bits per character  {} ({})\n", bpc[i], models[i].path, models[i].kind());
    }
    if (models.size() == 2) {
        fmt::print("the first needs {:+.3f} % of the second's bits\n", 100 * (bpc[0] / bpc[1] - 1));
    }
}

}  // namespace

void add_evaluate_command(CLI::App& app) {
    auto* command =
        app.add_subcommand("evaluate", "Measure bits per character of a float or quantised model");
    auto settings = std::make_shared<EvaluateSettings>();
    command->add_option("model", settings->model, "Model file")->required();
    command->add_option("--against", settings->against, "A second model file to compare with");
    command->add_option("--data", settings->data, "Folder with train.txt, valid.txt and test.txt")
        ->capture_default_str();
    command->add_option("--split", settings->split, "Part of the text")
        ->check(CLI::IsMember({"train", "valid", "test"}))
        ->capture_default_str();
    command->add_option("--steps", settings->steps, "Characters to predict; 0 takes the whole split")
        ->capture_default_str();
    command->add_flag("--json", settings->json, "Print JSON");
    command->callback([settings] { run_evaluate(*settings); });
}

}  // namespace lacuna
