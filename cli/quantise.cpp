#include "model/quantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/commands.hpp"
#include "cli/data_flags.hpp"
#include "cli/fine_tune.hpp"
#include "cli/result_file.hpp"
#include "common/error.hpp"
#include "common/progress.hpp"
#include "golden/model_file.hpp"
#include "model/golden_score.hpp"
#include "model/walk.hpp"

namespace lacuna {

namespace {

constexpr int kMaxAttempts = 5;  // at finding ranges in which nothing is limited

struct QuantiseSettings {
    std::string model;
    DataOptions data;
    std::string out;
    QuantiseOptions options;
    long steps = 0;
    FineTuneSettings fine_tune;
};

struct Outcome {
    HostedModel hosted;
    QuantiseReport report;
    GoldenScore score;
};

/// Quantises and runs the result on the calibration data, with wider ranges until nothing is limited.
Outcome quantise_and_score(const FloatModel& model, const Calibration& calibration, QuantiseOptions options,
                           const Split& split, long limit) {
    Outcome outcome;
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
        outcome.hosted = quantise_hosted(model, calibration, options, outcome.report);
        Progress progress("golden", calibration.steps);
        outcome.score = score_golden(
            outcome.hosted, split, limit,
            [&](std::size_t done, const Quality& quality) { progress.update(done, quality_text(quality)); });
        if (!widen_ranges(outcome.hosted.model, outcome.score.ranges, options)) {
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
    for (std::size_t l = 0; l < outcome.hosted.model.layers.size(); ++l) {
        const auto& layer = outcome.hosted.model.layers[l];
        const auto& report = outcome.report.layers[l];
        const auto& score = outcome.score.ranges.layers[l];
        fmt::print("l.{}.x   {:9}  {:2}  {:5}  {:6.1f}\n", l, layer.x.slots, layer.x.k, layer.shift_x,
                   report.snr_x);
        fmt::print("l.{}.h   {:9}  {:2}  {:5}  {:6.1f}  c < {:<9} {} cells, {} pre-activations\n", l,
                   layer.h.slots, layer.h.k, layer.shift_h, report.snr_h, 1 << (15 - layer.cell_fraction),
                   score.saturated_c, score.saturated_pre);
    }
    if (outcome.hosted.model.head) {
        const Head& head = *outcome.hosted.model.head;
        fmt::print("head    {:9}  {:2}         {:6.1f}  output < {:<4} {} outputs\n", head.h.slots, head.h.k,
                   outcome.report.snr_head,
                   1 << (number_format(outcome.hosted.model.activation_bits).gate_bits - 1 - head.fraction),
                   outcome.score.ranges.saturated_logits);
    }
    if (outcome.report.snr_embedding > 0) {
        fmt::print("embedding                   {:6.1f}\n", outcome.report.snr_embedding);
    }
    std::size_t filled = outcome.report.head_filled_slots;
    for (const auto& layer : outcome.report.layers) {
        filled += layer.filled_slots;
    }
    fmt::print("{} slots for {} dense weights, {} of them filled with zero; accumulator {} bits\n",
               outcome.hosted.model.total_slots(), outcome.hosted.model.dense_weights(), filled,
               outcome.hosted.model.accumulator_bits());
    if (std::ranges::any_of(outcome.score.ranges.layers,
                            [](const auto& layer) { return layer.saturated_c > 0; })) {
        fmt::print(
            "Cells that go on growing are limited; their tanh is 1 from c = 8 on, so nothing is lost.\n");
    }
    const Quality& real = calibration.quality;
    const Quality& golden = outcome.score.quality;
    const double loss = 100 * relative_loss(real.task, golden.figure, real.figure);
    fmt::print("validation: float {}, golden {} ({})\n", quality_text(real), quality_text(golden),
               real.task == Task::Classification
                   ? fmt::format("{:+.2f} % errors", loss)
                   : fmt::format("{:.2f} % {}", std::abs(loss), loss < 0 ? "better" : "worse"));
}

double digits(double value) {
    return std::round(value * 1e6) / 1e6;
}

/// The float model's history and this step.
std::string extended_history(const Outcome& outcome, const Calibration& calibration, const Dataset& data,
                             const QuantiseSettings& settings) {
    auto history = nlohmann::json::parse(outcome.hosted.model.history);
    nlohmann::json stage = {
        {"stage", "quantise"},
        {"command", fmt::format("lacuna quantise --name {}{}{}{}", settings.options.name,
                                settings.options.activation_bits == 8
                                    ? ""
                                    : fmt::format(" --act {}", settings.options.activation_bits),
                                settings.options.weight_bits == kWeightBits
                                    ? ""
                                    : fmt::format(" --weight-bits {}", settings.options.weight_bits),
                                settings.steps == 0 ? "" : fmt::format(" --steps {}", settings.steps))},
        {"data_sha256", data.sha256},
        {"steps", calibration.steps},
        {"limited_values", limited_values(outcome.score.ranges)}};
    const std::string key = std::string("valid_") + figure_key(data.format.task);
    stage[key + "_float"] = digits(calibration.quality.figure);
    stage[key] = digits(outcome.score.quality.figure);
    if (settings.fine_tune.epochs > 0) {
        stage["fine_tune"] = fine_tune_record(settings.fine_tune);
    }
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

/// Fine-tunes the outcome, and keeps what is better on the validation split.
void improve(Outcome& outcome, const FloatModel& model, const Dataset& data, const QuantiseSettings& settings,
             const CLI::App& command) {
    const auto tuned = fine_tune(model, outcome.hosted, data, settings.fine_tune, settings.out, command);
    Progress progress("fine-tuned", static_cast<std::size_t>(steps_to_walk(data.valid, settings.steps)));
    const auto score = score_golden(
        tuned, data.valid, settings.steps,
        [&](std::size_t done, const Quality& quality) { progress.update(done, quality_text(quality)); });
    fmt::print("fine-tuned in integers: {} before, {} after\n", quality_text(outcome.score.quality),
               quality_text(score.quality));
    if (score.quality.loss < outcome.score.quality.loss) {
        outcome.hosted = tuned;
        outcome.score = score;
    } else {
        fmt::print("that is no better, so the model stays as it was quantised\n");
    }
}

void run_quantise(QuantiseSettings settings, const CLI::App& command) {
    const std::filesystem::path out = settings.out;
    Problems problems("lacuna quantise");
    check_result(out, settings.model, problems);
    problems.throw_if_any("`lacuna quantise --help` lists the options.");
    if (settings.options.name.empty()) {
        settings.options.name = out.stem().string();
    }
    const FloatModel model = load_source(settings.model);
    const Dataset data = load_dataset(settings.data, model.format);
    Calibration calibration;
    {
        Progress progress("float", static_cast<std::size_t>(steps_to_walk(data.valid, settings.steps)));
        calibration = calibrate(
            model, data.valid, settings.steps,
            [&](std::size_t done, const Quality& quality) { progress.update(done, quality_text(quality)); });
    }
    Outcome outcome = quantise_and_score(model, calibration, settings.options, data.valid, settings.steps);
    if (settings.fine_tune.epochs > 0) {
        improve(outcome, model, data, settings, command);
    }
    outcome.hosted.model.history = extended_history(outcome, calibration, data, settings);
    save_hosted_model(out, outcome.hosted);
    if (settings.fine_tune.epochs > 0) {
        remove_fine_tune_checkpoint(out);
    }
    print_report(outcome, calibration);
    fmt::print("wrote '{}'\n", out.string());
}

}  // namespace

void add_quantise_command(CLI::App& app) {
    auto* command = app.add_subcommand("quantise", "Make the integer model that the engine runs");
    auto settings = std::make_shared<QuantiseSettings>();
    command->add_option("model", settings->model, "Float model file")->required();
    add_data_flags(*command, settings->data);
    command->add_option("--out", settings->out, "Model file to write")->required();
    command->add_option("--name", settings->options.name, "Name of the model; default: that of the file");
    command
        ->add_option("--act", settings->options.activation_bits,
                     "Bits of an activation, 8 or 16, of the engine that the model is for")
        ->check(CLI::IsMember({8, 16}))
        ->capture_default_str();
    command
        ->add_option("--weight-bits", settings->options.weight_bits,
                     "Bits of a weight, 8, or 4 as an experiment: engines hold it as one of 8")
        ->check(CLI::IsMember({kWeightBits, kNarrowWeightBits}))
        ->capture_default_str();
    command
        ->add_option("--steps", settings->steps,
                     "Steps of the validation split to calibrate on; 0 takes all of it")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    add_fine_tune_flags(*command, settings->fine_tune);
    command->callback([command, settings] { run_quantise(*settings, *command); });
}

}  // namespace lacuna
