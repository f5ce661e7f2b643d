#include "sim/sim_options.hpp"

#include <fmt/format.h>

#include <cmath>

#include "common/error.hpp"

namespace lacuna {

void add_sim_options(CLI::App& app, SimOptions& options) {
    app.add_option("--model", options.model, "Quantised model (.safetensors)")->capture_default_str();
    app.add_option("--float", options.float_model, "Float model to compare the score with, if it exists")
        ->capture_default_str();
    app.add_option("--data", options.data, "Folder with test.txt, for --score")->capture_default_str();
    app.add_option("--prompt", options.prompt, "Text the engine reads before it writes")
        ->capture_default_str();
    app.add_flag("--score", options.score, "Score the test split instead of writing");
    app.add_option("--steps", options.steps, "Characters to write (300) or to score (all of the test split)");
    app.add_option("--temperature", options.temperature,
                   "Of the draw of the next character; 0: the likeliest")
        ->capture_default_str();
    app.add_option("--seed", options.seed, "Of the draw of the next character")->capture_default_str();
    app.add_option("--weight-depth", options.weight_depth,
                   "Refuse a model that needs more words per tile; 0: no limit")
        ->capture_default_str();
    app.add_option("--clock-mhz", options.clock_mhz, "Clock for times and rates")->capture_default_str();
    app.add_option("--trace", options.trace, "Write all signals to this FST file");
    app.add_option("--json", options.json, "Write the figures to this file");
}

void check_sim_options(const SimOptions& options) {
    Problems problems("lacuna-sim");
    if (options.steps == 0 || options.steps < -1 || options.steps > 0xFFFFFFFFLL) {
        problems.add(fmt::format("STEPS (--steps): got {}, expected 1 to 4294967295", options.steps));
    }
    if (!std::isfinite(options.temperature) || options.temperature < 0) {
        problems.add(
            fmt::format("TEMPERATURE (--temperature): got {}, expected 0 or more", options.temperature));
    }
    if (!std::isfinite(options.clock_mhz) || options.clock_mhz <= 0) {
        problems.add(fmt::format("CLOCK_MHZ (--clock-mhz): got {}, expected more than 0", options.clock_mhz));
    }
    if (options.weight_depth < 0) {
        problems.add(
            fmt::format("WEIGHT_DEPTH (--weight-depth): got {}, expected 0 or more", options.weight_depth));
    }
    if (!options.score && options.prompt.empty()) {
        problems.add("PROMPT (--prompt): empty, expected at least one character");
    }
    problems.throw_if_any("'make help' lists the options of 'make sim'.");
}

}  // namespace lacuna
