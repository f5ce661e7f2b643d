// The soak: hundreds of random models on engines from 1 to 21 tiles; every bit and every cycle must be as
// predicted.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "common/error.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "tests/system/random_case.hpp"

namespace lacuna {
namespace {

constexpr int kLargest = 2048;
constexpr long kBudget = 60000;
// One model in so many is loaded as on a board: eight cycles a word of weights are more than all runs of a
// large model. Prime to the number of engines, so that each has its turn.
constexpr std::uint64_t kLoadedByPort = 11;

int soak(int models, std::uint64_t first_seed) {
    const auto geometries = built_geometries();
    int failed = 0;
    std::uint64_t values = 0;
    std::uint64_t cycles = 0;
    {
        Progress progress("soak", static_cast<std::size_t>(models));
        for (int i = 0; i < models; ++i) {
            const std::uint64_t seed = first_seed + static_cast<std::uint64_t>(i);
            const Geometry& geometry = geometries[static_cast<std::size_t>(i) % geometries.size()];
            const auto options = random_case_options(seed, geometry, kLargest);
            CaseResult result;
            try {
                const auto engine = make_engine(geometry, {.seed = seed, .trace = {}});
                result = run_case(*engine, random_model(options), seed, kBudget,
                                  seed % kLoadedByPort == 0 ? Load::Port : Load::BackDoor);
            } catch (const std::exception& error) {
                result.failure = error.what();
            }
            values += result.values;
            cycles += result.cycles;
            if (!result.failure.empty()) {
                ++failed;
                progress.note(fmt::format("seed {} on {}: {}", seed, geometry.to_string(), result.failure));
            }
            const int done = i + 1;
            progress.update(static_cast<std::size_t>(done), fmt::format("{} failed", failed));
        }
    }
    fmt::print(
        "soak: {} engines, {} cycles, {} values checked, cycles of every run compared with the prediction\n",
        geometries.size(), cycles, values);
    fmt::print("{} passed, {} failed\n", models - failed, failed);
    return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lacuna

int main(int argc, char** argv) {
    return lacuna::run_program("lacuna-soak", [&] {
        CLI::App app("Runs random models on many engines and compares every bit and every cycle");
        int models = 300;
        std::uint64_t seed = 1;
        app.add_option("--models", models, "Models to run")
            ->check(CLI::PositiveNumber)
            ->capture_default_str();
        app.add_option("--seed", seed, "Seed of the first model; the next ones count on")
            ->capture_default_str();
        CLI11_PARSE(app, argc, argv);
        return lacuna::soak(models, seed);
    });
}
