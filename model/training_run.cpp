#include "model/training_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/error.hpp"
#include "common/file.hpp"
#include "model/scorer.hpp"
#include "model/shards.hpp"
#include "model/walk.hpp"

namespace lacuna {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

std::filesystem::path checkpoint_path(const RunOptions& options) {
    auto path = options.out;
    path += ".checkpoint";
    return path;
}

std::filesystem::path beside(const RunOptions& options, const char* ending) {
    auto path = options.out;
    if (path.extension() == ".safetensors") {
        path.replace_extension();
    }
    return path += ending;
}

constexpr const char* kCurveKey = "lacuna.curve";
constexpr const char* kReportsKey = "lacuna.reports";

SafeTensors checkpoint_file(const std::filesystem::path& path, const std::string& subject) {
    try {
        return read_safetensors(path);
    } catch (const Error& error) {
        throw Error(fmt::format("{}\n{} cannot be read; delete it to start from the beginning", error.what(),
                                subject));
    }
}

/// Restores the checkpoint where that is wanted; refuses to overwrite one where it is not.
void start_or_resume(Trainer& trainer, Curve& curve, const RunOptions& options, Progress& progress) {
    const auto path = checkpoint_path(options);
    if (!std::filesystem::exists(path)) {
        return;
    }
    const auto subject = fmt::format("checkpoint '{}'", path.string());
    if (!options.resume) {
        throw Error(
            fmt::format("{} of an interrupted run exists; add --resume to go on from it, or delete it to "
                        "start from the beginning",
                        subject));
    }
    const auto file = checkpoint_file(path, subject);
    trainer.restore(file, subject);
    if (const auto text = file.metadata.find(kCurveKey); text != file.metadata.end()) {
        curve = Curve::from_json(text->second, subject);
    }
    const auto reports = file.metadata.find(kReportsKey);
    const auto now = std::to_string(options.reports_per_epoch);
    if (reports != file.metadata.end() && reports->second != now) {  // they decide which parameters are best
        throw Error(
            fmt::format("{} was written with --reports {}, now {}; repeat the command that wrote it, or "
                        "delete it to start from the beginning",
                        subject, reports->second, now));
    }
    progress.note(fmt::format("resuming from {} after update {}", subject, trainer.update()));
}

/// How fast it goes since the last report.
class Meter {
  public:
    std::string speed(const Trainer& trainer) const {
        const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
        const int threads = std::min(trainer.options().threads, trainer.options().shards);
        const auto updates = static_cast<double>(trainer.update() - first_);
        const double operations = trainer.operations_per_update() * updates;
        const double products = (trainer.product_seconds() - products_) / (seconds * threads);
        return fmt::format("{:.2f} updates/s, {:.1f} GFLOP/s, {:.0f} % of it in products", updates / seconds,
                           operations / seconds * 1e-9, 100.0 * products);
    }

    void restart(const Trainer& trainer) {
        first_ = trainer.update();
        products_ = trainer.product_seconds();
        start_ = Clock::now();
    }

  private:
    long first_ = 0;
    double products_ = 0.0;
    Clock::time_point start_ = Clock::now();
};

/// Whether one k says what is kept.
bool says_all(const Trainer& trainer) {
    return trainer.options().prune.scheme == Scheme::BankBalanced && trainer.counts().uniform();
}

/// What is kept now: k where there is one, else the part of all weights.
std::string kept_text(const Trainer& trainer) {
    if (says_all(trainer)) {
        return fmt::format("k {}", trainer.counts().k_x.front());
    }
    const auto weights = trainer.kept();
    return fmt::format("{:.1f} % of the weights kept",
                       100.0 * static_cast<double>(weights.kept) / static_cast<double>(weights.all));
}

/// k for the history: one number, or those of each matrix.
json counts_json(const BankCounts& counts) {
    if (counts.uniform()) {
        return counts.k_x.front();
    }
    return {{"x", counts.k_x}, {"h", counts.k_h}, {"head", counts.k_head}};
}

double epoch_of(const Trainer& trainer) {
    return static_cast<double>(trainer.update()) / static_cast<double>(trainer.updates_per_epoch());
}

std::string report(const Trainer& trainer, const Meter& meter, const Curve::Point& point,
                   const Quality& valid) {
    const auto& options = trainer.options();
    std::string phase = options.prune.enabled() ? ", " + kept_text(trainer) : "";
    phase += trainer.rounding() ? ", int8" : "";
    return fmt::format("epoch {:.2f}/{}, update {}: train loss {:.4f}, valid loss {:.4f}, {}{}{}, {}",
                       point.epoch, options.epochs, point.update, point.train, point.valid,
                       quality_text(valid), point.best ? " (best)" : "", phase, meter.speed(trainer));
}

/// Rounded so that the text is short; six digits are more than the figures are worth.
double digits(double value) {
    return std::round(value * 1e6) / 1e6;
}

FloatModel finish(Trainer& trainer, const Dataset& data, const RunOptions& options, Progress& progress) {
    auto model = unflatten(trainer.pruned_parameters(), trainer.layout(), data.format);
    const auto counts = trainer.counts();
    for (std::size_t n = 0; n < model.layers.size(); ++n) {
        model.layers[n].k_x = counts.k_x[n];
        model.layers[n].k_h = counts.k_h[n];
    }
    model.k_head = counts.k_head == 0 ? kBankColumns : counts.k_head;
    const auto score = [&](const char* split_name, const Split& split) {
        Progress scoring(split_name, static_cast<std::size_t>(steps_to_walk(split, 0)), 0, options.output);
        return digits(evaluate(model, split, 0, [&scoring](std::size_t done, const Quality& quality) {
                          scoring.update(done, quality_text(quality));
                      }).figure);
    };
    progress.note("scoring the validation and the test split, each in one piece");
    json stage = {{"stage", options.stage},
                  {"command", options.command},
                  {"options", json::parse(trainer.options().to_json())},
                  {"data_sha256", data.sha256},
                  {"seed", trainer.options().seed},
                  {"k", counts_json(counts)},
                  {"updates", trainer.update()}};
    if (trainer.options().prune.enabled() && !says_all(trainer)) {
        const auto weights = trainer.kept();
        stage["weights"] = {{"kept", weights.kept}, {"all", weights.all}};
    }
    const std::string key = figure_key(data.format.task);
    stage["valid_" + key] = score("valid", data.valid);
    stage["test_" + key] = score("test", data.test);
    if (trainer.rounding()) {
        stage["valid_" + key + "_rounded"] = digits(trainer.evaluate(data.valid, 1).figure);
        stage["test_" + key + "_rounded"] = digits(trainer.evaluate(data.test, 1).figure);
    }
    auto history = json::parse(options.history, nullptr, false);
    if (!history.is_object()) {
        history = json::object();
    }
    history["stages"].push_back(stage);
    model.history = history.dump();
    save_float_model(options.out, model);
    progress.note(fmt::format("wrote '{}': {}", options.out.string(), stage.dump()));
    return model;
}

}  // namespace

Curve train_to_end(Trainer& trainer, const Dataset& data, const RunOptions& options) {
    Progress opening(options.stage, 1, 0, options.output);
    Curve curve;
    start_or_resume(trainer, curve, options, opening);
    opening.note(fmt::format("{} parameters, {} updates of {} streams in {} shards on {} threads; {}",
                             trainer.layout().size(), trainer.total_updates(), trainer.options().streams,
                             trainer.options().shards, trainer.options().threads, instruction_set()));
    const auto total = trainer.total_updates();
    const auto report_interval =
        std::max(1L, trainer.updates_per_epoch() / std::max(1, options.reports_per_epoch));
    const auto save = [&] {
        auto file = trainer.checkpoint();
        file.metadata[kCurveKey] = curve.to_json();
        file.metadata[kReportsKey] = std::to_string(options.reports_per_epoch);
        write_safetensors(checkpoint_path(options), file);
    };
    Progress progress(options.stage, static_cast<std::size_t>(total),
                      static_cast<std::size_t>(trainer.update()), options.output);
    constexpr long kStepsOfPiece = 20;
    const auto pieces = static_cast<int>(std::clamp<long>(
        stream_positions(data.valid) / (kStepsOfPiece * trainer.options().steps), 1, options.report_streams));
    Meter meter;
    meter.restart(trainer);
    while (!trainer.finished()) {
        const double rate = trainer.learning_rate();
        const double loss = trainer.step();
        curve.add_loss(loss);
        progress.update(static_cast<std::size_t>(trainer.update()), fmt::format("loss {:.3f}", loss));
        if (trainer.update() % report_interval == 0 || trainer.update() == total) {
            const auto valid = trainer.evaluate(data.valid, pieces);
            const bool best = trainer.note_validation(valid);
            const auto& point = curve.add_validation(trainer.update(), epoch_of(trainer), valid, rate, best);
            progress.note(report(trainer, meter, point, valid));
            meter.restart(trainer);
        }
        const bool stop = options.stop_requested && options.stop_requested();
        if (stop || (trainer.update() % options.checkpoint_interval == 0 && !trainer.finished())) {
            save();
        }
        if (stop) {
            throw Error(fmt::format(
                "interrupted after update {} of {}; '{}' holds the state: repeat the command with "
                "--resume to go on",
                trainer.update(), total, checkpoint_path(options).string()));
        }
    }
    if (trainer.update() < total) {
        progress.note(fmt::format("no better validation in {} of them: stopped after update {} of {}",
                                  trainer.options().patience, trainer.update(), total));
    }
    trainer.take_best();
    return curve;
}

void remove_checkpoint(const RunOptions& options) {
    std::filesystem::remove(checkpoint_path(options));
}

FloatModel run_training(Trainer& trainer, const Dataset& data, const RunOptions& options) {
    const auto curve = train_to_end(trainer, data, options);
    Progress progress(options.stage, 1, 0, options.output);
    auto model = finish(trainer, data, options, progress);
    write_text(beside(options, ".curves.json"), curve.to_json());
    write_text(beside(options, ".html"), training_report(model, curve));
    remove_checkpoint(options);
    return model;
}

}  // namespace lacuna
