#include "model/training_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/error.hpp"

namespace lacuna {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

std::filesystem::path checkpoint_path(const RunOptions& options) {
    auto path = options.out;
    path += ".checkpoint";
    return path;
}

/// Restores the checkpoint where that is wanted; refuses to overwrite one where it is not.
void start_or_resume(Trainer& trainer, const RunOptions& options, Progress& progress) {
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
    trainer.restore(read_safetensors(path), subject);
    progress.note(fmt::format("resuming from {} after update {}", subject, trainer.update()));
}

/// Means since the last report, and the speed.
class Meter {
  public:
    void add(double loss) {
        loss_ += loss;
        ++updates_;
    }
    double bpc() const { return updates_ > 0 ? loss_ / static_cast<double>(updates_) : 0.0; }

    std::string speed(const Trainer& trainer) const {
        const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
        const int threads = std::min(trainer.options().threads, trainer.options().shards);
        const double operations = trainer.operations_per_update() * static_cast<double>(updates_);
        const double products = (trainer.product_seconds() - products_) / (seconds * threads);
        return fmt::format("{:.1f} GFLOP/s, {:.0f} % of it in products", operations / seconds * 1e-9,
                           100.0 * products);
    }

    void restart(const Trainer& trainer) {
        loss_ = 0.0;
        updates_ = 0;
        products_ = trainer.product_seconds();
        start_ = Clock::now();
    }

  private:
    double loss_ = 0.0;
    long updates_ = 0;
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
        return fmt::format("k {}", trainer.counts().k_head);
    }
    const auto weights = trainer.kept();
    return fmt::format("{:.1f} % of the weights kept",
                       100.0 * static_cast<double>(weights.kept) / static_cast<double>(weights.all));
}

/// k for the history: one number, or those of each matrix.
json counts_json(const BankCounts& counts) {
    if (counts.uniform()) {
        return counts.k_head;
    }
    return {{"x", counts.k_x}, {"h", counts.k_h}, {"head", counts.k_head}};
}

std::string report(const Trainer& trainer, const Meter& meter, double valid) {
    const auto& options = trainer.options();
    const double epoch =
        static_cast<double>(trainer.update()) / static_cast<double>(trainer.updates_per_epoch());
    std::string phase = options.prune.enabled() ? ", " + kept_text(trainer) : "";
    phase += trainer.rounding() ? ", int8" : "";
    return fmt::format("epoch {:.2f}/{}, update {}: train {:.4f}, valid {:.4f} bits per character{}, {}",
                       epoch, options.epochs, trainer.update(), meter.bpc(), valid, phase,
                       meter.speed(trainer));
}

/// Rounded so that the text is short; six digits are more than the figures are worth.
double digits(double value) {
    return std::round(value * 1e6) / 1e6;
}

FloatModel finish(const Trainer& trainer, const Corpus& corpus, const RunOptions& options,
                  Progress& progress) {
    auto model = unflatten(trainer.pruned_parameters(), trainer.layout(), corpus.vocab);
    const auto counts = trainer.counts();
    for (std::size_t n = 0; n < model.layers.size(); ++n) {
        model.layers[n].k_x = counts.k_x[n];
        model.layers[n].k_h = counts.k_h[n];
    }
    model.k_head = counts.k_head;
    progress.note("scoring the validation and the test split, each in one piece");
    json stage = {{"stage", options.stage},
                  {"command", options.command},
                  {"options", json::parse(trainer.options().to_json())},
                  {"data_sha256", corpus.sha256},
                  {"seed", trainer.options().seed},
                  {"k", counts_json(counts)},
                  {"updates", trainer.update()},
                  {"valid_bpc", digits(bits_per_character(model, corpus.valid))},
                  {"test_bpc", digits(bits_per_character(model, corpus.test))}};
    if (trainer.options().prune.enabled() && !says_all(trainer)) {
        const auto weights = trainer.kept();
        stage["weights"] = {{"kept", weights.kept}, {"all", weights.all}};
    }
    if (trainer.rounding()) {
        stage["valid_bpc_rounded"] = digits(trainer.evaluate(corpus.valid, 1));
        stage["test_bpc_rounded"] = digits(trainer.evaluate(corpus.test, 1));
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

FloatModel run_training(Trainer& trainer, const Corpus& corpus, const RunOptions& options) {
    Progress opening(options.stage, 1, 0, options.output);
    start_or_resume(trainer, options, opening);
    const auto total = trainer.total_updates();
    const auto report_interval =
        std::max(1L, trainer.updates_per_epoch() / std::max(1, options.reports_per_epoch));
    const auto save = [&] { write_safetensors(checkpoint_path(options), trainer.checkpoint()); };
    Progress progress(options.stage, static_cast<std::size_t>(total),
                      static_cast<std::size_t>(trainer.update()), options.output);
    Meter meter;
    while (trainer.update() < total) {
        const double loss = trainer.step();
        meter.add(loss);
        progress.update(static_cast<std::size_t>(trainer.update()),
                        fmt::format("{:.3f} bits per character", loss));
        if (trainer.update() % report_interval == 0 || trainer.update() == total) {
            const double valid = trainer.evaluate(corpus.valid, options.report_streams);
            progress.note(report(trainer, meter, valid));
            meter.restart(trainer);
        }
        const bool stop = options.stop_requested && options.stop_requested();
        if (stop || (trainer.update() % options.checkpoint_interval == 0 && trainer.update() < total)) {
            save();
        }
        if (stop) {
            throw Error(fmt::format(
                "interrupted after update {} of {}; '{}' holds the state: repeat the command with "
                "--resume to go on",
                trainer.update(), total, checkpoint_path(options).string()));
        }
    }
    auto model = finish(trainer, corpus, options, progress);
    std::filesystem::remove(checkpoint_path(options));
    return model;
}

}  // namespace lacuna
