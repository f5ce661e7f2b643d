#include "model/quantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/commands.hpp"
#include "common/error.hpp"
#include "common/progress.hpp"
#include "golden/model_file.hpp"
#include "golden/score.hpp"
#include "model/corpus.hpp"

namespace lacuna {

namespace {

constexpr int kMaxAttempts = 5;  // at finding ranges in which nothing is limited

struct QuantiseSettings {
    std::string model;
    std::string data = "data/kjv";
    std::string out;
    QuantiseOptions options;
    std::size_t steps = 0;
};

struct Outcome {
    QuantisedModel model;
    QuantiseReport report;
    Score score;
};

std::string bpc_text(double bpc) {
    return fmt::format("{:.4f} bits per character", bpc);
}

/// Quantises and runs the result on the calibration text, with wider ranges until nothing is limited.
Outcome quantise_and_score(const FloatModel& model, const Calibration& calibration, QuantiseOptions options,
                           std::span<const int> tokens) {
    Outcome outcome;
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
        outcome.model = quantise(model, calibration, options, outcome.report);
        GoldenModel golden(outcome.model);
        Progress progress("golden", calibration.steps);
        outcome.score = score_tokens(
            golden, tokens, [&](std::size_t done, double bpc) { progress.update(done, bpc_text(bpc)); });
        if (!widen_ranges(outcome.model, outcome.score, options)) {
            break;
        }
        progress.note("values were limited; quantising again with wider ranges");
    }
    return outcome;
}

std::size_t limited_values(const Score& score) {
    std::size_t sum = score.saturated_logits;
    for (const auto& layer : score.layers) {
        sum += layer.saturated_c;
    }
    return sum;
}

void print_report(const Outcome& outcome, const Calibration& calibration) {
    fmt::print("part    slots/row  k   shift  SNR dB  range         limited (of {} steps)\n",
               calibration.steps);
    for (std::size_t l = 0; l < outcome.model.layers.size(); ++l) {
        const auto& layer = outcome.model.layers[l];
        const auto& report = outcome.report.layers[l];
        const auto& score = outcome.score.layers[l];
        fmt::print("l.{}.x   {:9}  {:2}  {:5}  {:6.1f}\n", l, layer.x.slots, layer.x.k, layer.shift_x,
                   report.snr_x);
        fmt::print("l.{}.h   {:9}  {:2}  {:5}  {:6.1f}  c < {:<9} {} cells, {} pre-activations\n", l,
                   layer.h.slots, layer.h.k, layer.shift_h, report.snr_h, 1 << (15 - layer.cell_fraction),
                   score.saturated_c, score.saturated_pre);
    }
    const Head& head = *outcome.model.head;
    fmt::print("head    {:9}  {:2}         {:6.1f}  logit < {:<5} {} logits\n", head.h.slots, head.h.k,
               outcome.report.snr_head,
               1 << (number_format(outcome.model.activation_bits).gate_bits - 1 - head.fraction),
               outcome.score.saturated_logits);
    fmt::print("embedding                   {:6.1f}\n", outcome.report.snr_embedding);
    std::size_t filled = outcome.report.head_filled_slots;
    for (const auto& layer : outcome.report.layers) {
        filled += layer.filled_slots;
    }
    fmt::print("{} slots for {} dense weights, {} of them filled with zero; accumulator {} bits\n",
               outcome.model.total_slots(), outcome.model.dense_weights(), filled,
               outcome.model.accumulator_bits());
    if (std::ranges::any_of(outcome.score.layers, [](const auto& layer) { return layer.saturated_c > 0; })) {
        fmt::print(
            "Cells that go on growing are limited; their tanh is 1 from c = 8 on, so nothing is lost.\n");
    }
    const double golden = outcome.score.bits.value();
    fmt::print("validation: float {:.4f}, golden {:.4f} bits per character ({:+.2f} %)\n",
               calibration.bits_per_character, golden, 100 * (golden / calibration.bits_per_character - 1));
}

double digits(double value) {
    return std::round(value * 1e6) / 1e6;
}

/// The float model's history and this step.
std::string extended_history(const Outcome& outcome, const Calibration& calibration, const Corpus& corpus,
                             const QuantiseSettings& settings) {
    auto history = nlohmann::json::parse(outcome.model.history);
    nlohmann::json stage = {
        {"stage", "quantise"},
        {"command", fmt::format("lacuna quantise --name {}{}{}", settings.options.name,
                                settings.options.activation_bits == 8
                                    ? ""
                                    : fmt::format(" --act {}", settings.options.activation_bits),
                                settings.steps == 0 ? "" : fmt::format(" --steps {}", settings.steps))},
        {"data_sha256", corpus.sha256},
        {"steps", calibration.steps},
        {"valid_bpc_float", digits(calibration.bits_per_character)},
        {"valid_bpc", digits(outcome.score.bits.value())},
        {"limited_values", limited_values(outcome.score)}};
    for (const auto& layer : outcome.report.layers) {
        stage["snr_db"].push_back({{"x", digits(layer.snr_x)}, {"h", digits(layer.snr_h)}});
    }
    history["stages"].push_back(stage);
    return history.dump();
}

FloatModel load_source(const std::string& path) {
    const SafeTensors file = read_safetensors(path);
    if (is_quantised_model(file)) {
        throw Error(
            fmt::format("model file '{}' is quantised already; give the float model that `lacuna train` or "
                        "`lacuna prune` wrote",
                        path));
    }
    return float_model_from(file, fmt::format("model file '{}'", path));
}

void run_quantise(QuantiseSettings settings) {
    const std::filesystem::path out = settings.out;
    if (settings.options.name.empty()) {
        settings.options.name = out.stem().string();
    }
    const FloatModel model = load_source(settings.model);
    const Corpus corpus = load_corpus(settings.data, model.vocab);
    std::span<const int> tokens = corpus.valid;
    if (settings.steps > 0) {
        tokens = tokens.first(std::min(settings.steps + 1, tokens.size()));
    }
    Calibration calibration;
    {
        Progress progress("float", tokens.size() - 1);
        calibration = calibrate(model, tokens,
                                [&](std::size_t done, double bpc) { progress.update(done, bpc_text(bpc)); });
    }
    Outcome outcome = quantise_and_score(model, calibration, settings.options, tokens);
    outcome.model.history = extended_history(outcome, calibration, corpus, settings);
    save_quantised_model(out, outcome.model);
    print_report(outcome, calibration);
    fmt::print("wrote '{}'\n", out.string());
}

}  // namespace

void add_quantise_command(CLI::App& app) {
    auto* command = app.add_subcommand("quantise", "Make the integer model that the engine runs");
    auto settings = std::make_shared<QuantiseSettings>();
    command->add_option("model", settings->model, "Float model file")->required();
    command->add_option("--data", settings->data, "Folder with train.txt, valid.txt and test.txt")
        ->capture_default_str();
    command->add_option("--out", settings->out, "Model file to write")->required();
    command->add_option("--name", settings->options.name, "Name of the model; default: that of the file");
    command
        ->add_option("--act", settings->options.activation_bits,
                     "Bits of an activation, 8 or 16, of the engine that the model is for")
        ->check(CLI::IsMember({8, 16}))
        ->capture_default_str();
    command
        ->add_option("--steps", settings->steps,
                     "Characters of the validation split to calibrate on; 0 takes all of it")
        ->capture_default_str();
    command->callback([settings] { run_quantise(*settings); });
}

}  // namespace lacuna
