// Options of `lacuna-sim`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

namespace lacuna {

struct SimOptions {
    std::filesystem::path model = "models/kjv-8x.safetensors";
    std::filesystem::path float_model = "models/kjv-dense-float.safetensors";  ///< compared in score mode
    std::filesystem::path data = "data/kjv";
    std::string prompt = "And God said unto ";
    bool score = false;
    std::int64_t steps = -1;  ///< characters to write or to score; -1: 300, or the whole test split
    double temperature = 0.6;
    std::uint64_t seed = 1;
    int weight_depth = 0;  ///< words per tile that the device has; 0: no limit
    double clock_mhz = 100;
    std::filesystem::path trace;
    std::filesystem::path json;
};

void add_sim_options(CLI::App& app, SimOptions& options);

/// Throws one `Error` listing every option that is out of range.
void check_sim_options(const SimOptions& options);

}  // namespace lacuna
