// lacuna-bench: the engine's figures on shipped models and on shapes that users bring, as a table and JSON.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/program.hpp"
#include "golden/model_file.hpp"
#include "golden/random_model.hpp"
#include "pack/report.hpp"
#include "sim/measure.hpp"

namespace lacuna {
namespace {

constexpr std::uint64_t kSteps = 24;
constexpr std::uint64_t kSeed = 1;

struct Case {
    std::string name;
    QuantisedModel model;
    Mode mode = Mode::Score;
};

QuantisedModel without_head(QuantisedModel model) {
    model.head.reset();
    model.embedding.clear();
    model.vocab.clear();
    model.language = false;
    return model;
}

QuantisedModel random_shape(const Geometry& geometry, std::size_t inputs, std::vector<std::size_t> units,
                            std::size_t head_rows, int k, Cell cell = Cell::Lstm) {
    RandomModelOptions options;
    options.cell = cell;
    options.seed = kSeed;
    options.inputs = inputs;
    options.units = std::move(units);
    options.k_x = {k};
    options.k_h = {k};
    options.head_rows = head_rows;
    options.head_k = k;
    options.part_shifts = false;
    options.corners = false;
    options.activation_bits = geometry.activation_bits;
    options.accumulator_bits = geometry.accumulator_bits;
    return random_model(options);
}

std::vector<Case> cases(const std::filesystem::path& models, const Geometry& geometry) {
    const QuantisedModel seed_8x = load_quantised_model(models / "kjv-8x.safetensors");
    const QuantisedModel seed_16x = load_quantised_model(models / "kjv-16x.safetensors");
    return {
        {"seed-8x-score", seed_8x, Mode::Score},
        {"seed-8x-nohead-score", without_head(seed_8x), Mode::Score},
        {"seed-8x-generate", seed_8x, Mode::Generate},
        {"seed-16x-score", seed_16x, Mode::Score},
        {"seed-16x-generate", seed_16x, Mode::Generate},
        {"2x650-8x-score", random_shape(geometry, 650, {650, 650}, 0, 2), Mode::Score},
        {"1x64-8x-score", random_shape(geometry, 64, {64}, 0, 2), Mode::Score},
        {"3x100-8x-score", random_shape(geometry, 100, {100, 100, 100}, 0, 2), Mode::Score},
        {"4x96-8x-head10-score", random_shape(geometry, 96, {96, 96, 96, 96}, 10, 2), Mode::Score},
        {"1x20-4x-audio-score", random_shape(geometry, 1, {20}, 1, 4), Mode::Score},
        {"gru-2x256-8x-score", random_shape(geometry, 128, {256, 256}, 0, 2, Cell::Gru), Mode::Score},
        {"gru-2x256-8x-generate", random_shape(geometry, 128, {256, 256}, 0, 2, Cell::Gru), Mode::Generate}};
}

Figures measure(const Case& c, const Geometry& geometry, nlohmann::json& lost) {
    const double dense_cycles = measure_dense_twin(c.model, c.mode, geometry);
    const auto engine = make_engine(geometry);
    Session session(*engine, c.model, Load::BackDoor);
    SplitMix64 prng(kSeed);
    const RunStatistics run = run_random(session, c.mode, kSteps, prng);
    if (session.first_mismatch()) {
        throw Error(fmt::format("{} differs from golden: {}", c.name, session.first_mismatch()->to_string()));
    }
    Figures figures = figures_of(c.model, session.layout(), c.mode, run, dense_cycles);
    OperationCycles sum;
    for (const OperationCycles& operation : run.operations) {
        sum += operation;
    }
    const auto all = static_cast<double>(sum.all());
    const double swept = static_cast<double>(sum.sweep) / all;
    lost = {{"rounding_up", swept - figures.pe_util},
            {"gate_ports", static_cast<double>(sum.wait_port) / all},
            {"waiting", static_cast<double>(sum.wait_bank + sum.wait_output + sum.other) / all}};
    return figures;
}

void run_bench(const std::filesystem::path& models, const std::filesystem::path& json_path) {
    const Geometry geometry = built_geometries().front();
    fmt::print("engine: {}\n{:<24}{:>12}{:>11}{:>9}{:>9}   lost to {:>9}{:>8}{:>9}\n", geometry.to_string(),
               "case", "cycles/step", "sweep_eff", "pe_util", "speedup", "rounding", "gates", "waiting");
    nlohmann::json results = nlohmann::json::array();
    std::string lines;
    for (const Case& c : cases(models, geometry)) {
        if (!fits(c.model, geometry)) {
            fmt::print("{:<24} does not fit this engine\n", c.name);
            continue;
        }
        nlohmann::json lost;
        const Figures f = measure(c, geometry, lost);
        fmt::print("{:<24}{:>12.1f}{:>11.4f}{:>9.4f}{:>9.2f}           {:>9.4f}{:>8.4f}{:>9.4f}\n", c.name,
                   f.cycles_per_step, f.sweep_eff, f.pe_util, f.speedup, lost["rounding_up"].get<double>(),
                   lost["gate_ports"].get<double>(), lost["waiting"].get<double>());
        std::fflush(stdout);
        lines +=
            fmt::format("bench: case={} cycles/step={:.1f} sweep_eff={:.4f} pe_util={:.4f} speedup={:.2f}\n",
                        c.name, f.cycles_per_step, f.sweep_eff, f.pe_util, f.speedup);
        nlohmann::json result = f.to_json();
        result["case"] = c.name;
        result["lost"] = lost;
        results.push_back(result);
    }
    write_text(json_path,
               nlohmann::json{{"engine", geometry.to_string()}, {"cases", results}}.dump(2) + "\n");
    fmt::print("{}written to {}\n", lines, json_path.string());
}

}  // namespace
}  // namespace lacuna

int main(int argc, char** argv) {
    return lacuna::run_program("lacuna-bench", [&] {
        CLI::App app("Measures the simulated engine's figures");
        std::filesystem::path models = "models";
        std::filesystem::path json = "out/bench.json";
        app.add_option("--models", models, "Folder of the shipped models")->capture_default_str();
        app.add_option("--json", json, "Write the figures to this file")->capture_default_str();
        CLI11_PARSE(app, argc, argv);
        lacuna::run_bench(models, json);
        return 0;
    });
}
