// Fine-tuning of a quantised model in the engine's arithmetic: part of `lacuna quantise`.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "model/host_part.hpp"
#include "model/trainer.hpp"

namespace lacuna {

struct FineTuneSettings {
    int epochs = 0;  ///< 0: none
    double learning_rate = 2e-4;
    int streams = 0;  ///< 0: as the task's default
    int sampled = 0;  ///< words: as of `lacuna train`
    int shards = 2;
    int threads = 2;
    std::uint64_t seed = 1;
    bool resume = false;
};

void add_fine_tune_flags(CLI::App& command, FineTuneSettings& settings);

/// Trains `hosted`, which was made from `source`, and returns what came of it.
/// @param out file of the model to be; the checkpoint lies beside it and stays until the result is stored
HostedModel fine_tune(const FloatModel& source, const HostedModel& hosted, const Dataset& data,
                      const FineTuneSettings& settings, const std::filesystem::path& out,
                      const CLI::App& command);

/// Removes the checkpoint of `fine_tune` beside `out`: for when its result is stored there.
void remove_fine_tune_checkpoint(const std::filesystem::path& out);

/// The stage's record for a model's history.
nlohmann::json fine_tune_record(const FineTuneSettings& settings);

}  // namespace lacuna
