// lacuna-sim: a language model on the simulated engine, checked bit by bit, with its figures.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "golden/model_file.hpp"
#include "golden/vocabulary.hpp"
#include "model/float_model.hpp"
#include "pack/report.hpp"
#include "sim/language_run.hpp"
#include "sim/measure.hpp"
#include "sim/sim_options.hpp"

namespace lacuna {
namespace {

constexpr std::int64_t kDefaultSteps = 300;

QuantisedModel load_language_model(const std::filesystem::path& path) {
    QuantisedModel model = load_quantised_model(path);
    if (!model.language) {
        throw Error(
            fmt::format("model file '{}': kind is '{}', expected '{}': lacuna-sim writes and scores text",
                        path.string(), model.kind(), kind_name(model.cell, true)));
    }
    return model;
}

/// The first `steps` + 1 characters of the test split, or all of it.
std::vector<int> load_test_tokens(const SimOptions& options, const QuantisedModel& model) {
    const auto path = options.data / "test.txt";
    std::string text = read_text(path);
    if (text.size() < 2) {
        throw Error(fmt::format("'{}': got {} characters, expected at least 2; run 'make data'",
                                path.string(), text.size()));
    }
    const auto available = static_cast<std::int64_t>(text.size()) - 1;
    if (options.steps > available) {
        throw Error(fmt::format("STEPS={}: '{}' has only {} characters to score; choose STEPS={} or less",
                                options.steps, path.string(), available, available));
    }
    if (options.steps > 0) {
        text.resize(static_cast<std::size_t>(options.steps) + 1);
    }
    return Vocabulary(model.vocab).encode(text);
}

RunStatistics write_story(Session& session, const SimOptions& options, std::uint64_t steps) {
    fmt::print("\n{}", options.prompt);
    std::fflush(stdout);
    const auto write = [](char character) {
        std::fputc(character, stdout);
        std::fflush(stdout);
    };
    RunStatistics run = generate(session, options.prompt, steps, options.temperature, options.seed, write);
    fmt::print("\n\n");
    return run;
}

RunStatistics score_text(Session& session, const SimOptions& options, const std::vector<int>& tokens,
                         nlohmann::json& json) {
    Score result;
    {
        Progress progress("score", tokens.size() - 1);
        result = score(session, tokens, [&](std::uint64_t done, double bits) {
            progress.update(done, fmt::format("{:.4f} bits per character", bits));
        });
    }
    fmt::print("\nbits per character over {} characters of {}\n", result.characters,
               (options.data / "test.txt").string());
    fmt::print("  engine (RTL)         {:.10f}\n  golden               {:.10f}\n", result.engine,
               result.golden);
    json["bits_per_character"] = {{"engine", result.engine}, {"golden", result.golden}};
    if (std::filesystem::exists(options.float_model)) {
        const FloatModel float_model = load_float_model(options.float_model);
        if (float_model.format.vocab == session.golden().model().vocab) {
            const double bits = bits_per_character(float_model, tokens);
            fmt::print("  float, dense         {:.10f}   (engine {:+.2f} %)\n", bits,
                       100 * (result.engine / bits - 1));
            json["bits_per_character"]["float_dense"] = bits;
        }
    }
    fmt::print("\n");
    if (result.engine != result.golden) {
        throw Error("bits per character of engine and golden differ");
    }
    return result.run;
}

int run_sim(const SimOptions& options) {
    check_sim_options(options);
    const QuantisedModel model = load_language_model(options.model);
    const Mode mode = options.score ? Mode::Score : Mode::Generate;
    std::vector<int> tokens;
    if (options.score) {
        tokens = load_test_tokens(options, model);
    } else {
        Vocabulary(model.vocab).encode(options.prompt);
    }
    const auto steps = static_cast<std::uint64_t>(options.score ? static_cast<std::int64_t>(tokens.size()) - 1
                                                  : options.steps > 0 ? options.steps
                                                                      : kDefaultSteps);

    Geometry geometry = built_geometries().front();
    if (options.weight_depth > 0) {
        Geometry device = geometry;
        device.weight_depth = options.weight_depth;
        lay_out(model, device);
    }
    lay_out(model, geometry);
    fmt::print("engine: {} tiles a lane, {} PEs, {} drain ports; model: {}\n", geometry.tiles, geometry.pes(),
               geometry.ports, options.model.string());
    std::fflush(stdout);
    const double dense_cycles = measure_dense_twin(model, mode, geometry);

    const auto start = std::chrono::steady_clock::now();
    const auto engine = make_engine(geometry, {.seed = options.seed, .trace = options.trace});
    Session session(*engine, model, Load::BackDoor);
    nlohmann::json json;
    const RunStatistics run =
        options.score ? score_text(session, options, tokens, json) : write_story(session, options, steps);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

    Figures figures = figures_of(model, session.layout(), mode, run, dense_cycles);
    figures.steps = steps;
    figures.mismatches = session.mismatches();
    fmt::print("{}\n{}", cycle_table(session.layout(), mode, run),
               figure_table(figures, session.layout(), options.clock_mhz));
    fmt::print("checked                {} values of h, c and outputs against golden\n",
               session.values_checked());
    fmt::print("simulation             {} cycles at {:.0f} cycles a second\n", engine->cycles(),
               static_cast<double>(engine->cycles()) / seconds.count());
    if (!options.trace.empty()) {
        fmt::print("trace                  open it with: gtkwave {}\n", options.trace.string());
    }
    if (!options.json.empty()) {
        json["figures"] = figures.to_json();
        write_text(options.json, json.dump(2) + "\n");
    }
    if (session.first_mismatch()) {
        fmt::print("first mismatch: {}\n", session.first_mismatch()->to_string());
    }
    fmt::print("{}\n", summary_line("sim: model=" + model.name, figures));
    return session.mismatches() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lacuna

int main(int argc, char** argv) {
    return lacuna::run_program("lacuna-sim", [&] {
        CLI::App app("Runs a pruned language model on the simulated Lacuna engine and checks every bit");
        lacuna::SimOptions options;
        lacuna::add_sim_options(app, options);
        CLI11_PARSE(app, argc, argv);
        return lacuna::run_sim(options);
    });
}
