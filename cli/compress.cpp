#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/budget.hpp"
#include "cli/commands.hpp"
#include "cli/data_flags.hpp"
#include "common/error.hpp"
#include "common/file.hpp"
#include "common/progress.hpp"
#include "common/sha256.hpp"
#include "model/engine_shape.hpp"
#include "model/golden_score.hpp"
#include "model/walk.hpp"

namespace lacuna {

namespace {

namespace fs = std::filesystem;

struct CompressSettings {
    std::string model;
    DataOptions data;
    std::string out = "out/compressed";
    BudgetSettings budget;
    int epochs = 0;
    double learning_rate = 0;
    double distill = 0.5;
    int fine_tune = 0;
    int threads = 2;
    std::uint64_t seed = 1;
    double clock_mhz = 100;
};

using Words = std::vector<std::string>;

/// One subcommand of this program, as if it had been typed.
void run_stage(const Words& words) {
    CLI::App app("lacuna");
    add_prune_command(app);
    add_quantise_command(app);
    fmt::print(stderr, "== lacuna {}\n", fmt::join(words, " "));
    Words reversed(words.rbegin(), words.rend());  // as CLI11 takes them
    try {
        app.parse(reversed);
    } catch (const CLI::ParseError& error) {
        throw Error(fmt::format("lacuna {}: {}", fmt::join(words, " "), error.what()));
    }
}

Words data_words(const DataOptions& data) {
    Words words = {"--data",       data.path.string(),
                   "--split-seed", std::to_string(data.split_seed),
                   "--parts",      fmt::format("{},{},{}", data.parts[0], data.parts[1], data.parts[2])};
    if (!data.schema.empty()) {
        words.insert(words.end(), {"--schema", data.schema.string()});
    }
    return words;
}

Words prune_words(const CompressSettings& settings, const fs::path& out) {
    Words words = {"prune", settings.model, "--out", out.string(), "--resume"};
    const auto add = [&words](const Words& more) { words.insert(words.end(), more.begin(), more.end()); };
    add(data_words(settings.data));
    add({"--seed", std::to_string(settings.seed), "--threads", std::to_string(settings.threads)});
    add({"--device", settings.budget.device, "--act", std::to_string(settings.budget.activation_bits)});
    if (!settings.budget.size.empty()) {
        add({"--budget", settings.budget.size});
    }
    if (settings.budget.cycles > 0) {
        add({"--budget-cycles", fmt::format("{}", settings.budget.cycles)});
    }
    if (settings.epochs > 0) {
        add({"--epochs", std::to_string(settings.epochs)});
    }
    if (settings.learning_rate > 0) {
        add({"--learning-rate", fmt::format("{}", settings.learning_rate)});
    }
    if (settings.distill > 0) {
        add({"--teacher", settings.model, "--distill", fmt::format("{}", settings.distill)});
    }
    return words;
}

Words quantise_words(const CompressSettings& settings, const fs::path& pruned, const fs::path& out) {
    Words words = {"quantise",   pruned.string(), "--out",
                   out.string(), "--act",         std::to_string(settings.budget.activation_bits)};
    const auto data = data_words(settings.data);
    words.insert(words.end(), data.begin(), data.end());
    if (settings.fine_tune > 0) {
        words.insert(words.end(),
                     {"--fine-tune", std::to_string(settings.fine_tune), "--resume", "--seed",
                      std::to_string(settings.seed), "--threads", std::to_string(settings.threads)});
    }
    return words;
}

/// A stage is over when its file is there; files of another command, model or data are refused.
/// @param input model that the stage reads
void run_once(const Words& words, const fs::path& input, const Dataset& data, const fs::path& out) {
    const auto beside = [&out](const char* ending) { return fs::path(out) += ending; };
    const auto record = beside(".command");
    const std::string command = fmt::format("lacuna {}\n  model {}, data {} {}\n", fmt::join(words, " "),
                                            sha256_hex(read_text(input)), data.sha256, data.parts_sha256);
    const bool begun = fs::exists(out) || fs::exists(beside(".checkpoint"));
    if (begun && fs::exists(record) && read_text(record) != command) {
        throw Error(
            fmt::format("'{}' was begun with another command, model or data:\n  {}now it would be\n  {}"
                        "give another --out, or delete the folder to start again",
                        out.string(), read_text(record), command));
    }
    if (fs::exists(out) && fs::exists(record)) {
        fmt::print(stderr, "== {} is there\n", out.string());
        return;
    }
    if (fs::exists(out)) {
        throw Error(fmt::format("'{}' exists and is not of this command; give another --out", out.string()));
    }
    fs::create_directories(out.parent_path());
    write_text(record, command);
    run_stage(words);
}

struct Line {
    std::string name;
    std::size_t kept = 0;
    std::size_t all = 0;
    Quality quality;
    double cycles = 0;
};

template <class Score>
Quality scored(const char* name, const Dataset& data, const Score& score) {
    Progress progress(name, static_cast<std::size_t>(steps_to_walk(data.test, 0)));
    return score(
        [&](std::size_t done, const Quality& quality) { progress.update(done, quality_text(quality)); });
}

Line float_line(const char* name, const fs::path& path, const Dataset& data,
                const CompressSettings& settings) {
    const auto model = load_float_model(path);
    auto needed = engine_shape(model);
    needed.shape.activation_bits = settings.budget.activation_bits;
    const auto quality = scored(
        name, data, [&](const QualityReport& report) { return evaluate(model, data.test, 0, report); });
    return {name, needed.kept, needed.all, quality, cycles_of(needed.shape, settings.budget.geometry())};
}

Line golden_line(const Line& pruned, const fs::path& path, const Dataset& data) {
    const auto hosted =
        hosted_model_from(read_safetensors(path), fmt::format("model file '{}'", path.string()));
    auto line = pruned;
    line.name = "pruned, golden integers";
    line.quality = scored("golden", data, [&](const QualityReport& report) {
        return score_golden(hosted, data.test, 0, report).quality;
    });
    return line;
}

void print_table(const std::vector<Line>& lines, const CompressSettings& settings, const fs::path& report) {
    const auto& dense = lines.front();
    nlohmann::json json = nlohmann::json::array();
    fmt::print("{:<24} {:>10} {:>8}  {:<28} {:>13} {:>12} {:>10}\n", "model", "weights", "smaller",
               "test split", "against dense", "cycles/step", "us/step");
    for (const auto& line : lines) {
        const double smaller = static_cast<double>(line.all) / static_cast<double>(line.kept);
        const double loss = 100 * relative_loss(line.quality.task, line.quality.figure, dense.quality.figure);
        fmt::print("{:<24} {:>10} {:>7.2f}x  {:<28} {:>+11.2f} % {:>12.1f} {:>10.2f}\n", line.name, line.kept,
                   smaller, quality_text(line.quality), loss, line.cycles, line.cycles / settings.clock_mhz);
        json.push_back({{"model", line.name},
                        {"weights", line.kept},
                        {"all", line.all},
                        {figure_key(line.quality.task), line.quality.figure},
                        {"cycles_per_step", line.cycles}});
    }
    fmt::print("cycles: the cycle model's on {}; us at {:g} MHz\n", settings.budget.geometry().to_string(),
               settings.clock_mhz);
    write_text(report, json.dump(1) + "\n");
}

void run_compress(CompressSettings settings) {
    Problems problems("lacuna compress");
    if (!settings.budget.wanted()) {
        settings.budget.size = "8x";
    }
    if (!settings.budget.size.empty()) {
        settings.budget.weights(1.0);  // throws when it is no size
    }
    if (!(settings.distill >= 0 && settings.distill <= 1)) {
        problems.add(fmt::format("--distill is {}, expected 0 to 1", settings.distill));
    }
    if (!(settings.clock_mhz > 0 && std::isfinite(settings.clock_mhz))) {
        problems.add(fmt::format("--clock-mhz is {}, expected more than 0", settings.clock_mhz));
    }
    if (settings.threads < 1) {
        problems.add(fmt::format("--threads is {}, expected at least 1", settings.threads));
    }
    check_output(fs::path(settings.out) / "report.json", "--out", problems);
    problems.throw_if_any("`lacuna compress --help` lists the options.");
    const auto dense = load_float_model(settings.model);
    const auto data = load_dataset(settings.data, dense.format);
    const fs::path folder = settings.out;
    const auto pruned = folder / "pruned.safetensors";
    const auto golden = folder / "golden.safetensors";
    run_once(prune_words(settings, pruned), settings.model, data, pruned);
    run_once(quantise_words(settings, pruned, golden), pruned, data, golden);

    std::vector<Line> lines;
    lines.push_back(float_line("dense, float", settings.model, data, settings));
    lines.push_back(float_line("pruned, float", pruned, data, settings));
    lines.push_back(golden_line(lines.back(), golden, data));
    print_table(lines, settings, folder / "report.json");
    fmt::print("the engine's model: {}\n", golden.string());
}

}  // namespace

void add_compress_command(CLI::App& app) {
    auto* command = app.add_subcommand(
        "compress", "Search, prune, fine-tune, quantise and measure under a budget; interrupted, it goes on");
    auto settings = std::make_shared<CompressSettings>();
    command->add_option("model", settings->model, "Dense float model")->required();
    add_data_flags(*command, settings->data);
    command->add_option("--out", settings->out, "Folder for what is made")->capture_default_str();
    add_budget_flags(*command, settings->budget);
    command->add_option("--epochs", settings->epochs, "Passes of pruning and fine-tuning (default: prune's)")
        ->check(CLI::PositiveNumber);
    command
        ->add_option("--learning-rate", settings->learning_rate, "Highest learning rate (default: prune's)")
        ->check(CLI::PositiveNumber);
    command->add_option("--distill", settings->distill, "Share of the dense model in what is learnt; 0: none")
        ->capture_default_str();
    command
        ->add_option("--fine-tune", settings->fine_tune,
                     "Passes of fine-tuning in the engine's own arithmetic")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command->add_option("--seed", settings->seed, "Seed of all random choices")->capture_default_str();
    command->add_option("--threads", settings->threads, "Threads; never changes the result")
        ->capture_default_str();
    command->add_option("--clock-mhz", settings->clock_mhz, "Clock for times")->capture_default_str();
    command->callback([settings] { run_compress(*settings); });
}

}  // namespace lacuna
