#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/commands.hpp"
#include "common/error.hpp"
#include "common/file.hpp"
#include "driver/image.hpp"
#include "pack/bitstream_config.hpp"

namespace lacuna {

namespace {

struct BakeSettings {
    std::string config;
    std::string geometry;
    std::string model;
    std::string out;
    bool check = false;
};

/// What the device would say of itself, from the parameters of boards/common/lacuna_board.sv.
Identity identity_from(const std::filesystem::path& path) {
    try {
        const auto json = nlohmann::json::parse(read_text(path));
        Identity identity;
        identity.geometry = {.tiles = json.at("Tiles"),
                             .ports = json.at("Ports"),
                             .weight_depth = json.at("WeightDepth"),
                             .bank_depth = json.at("BankDepth"),
                             .row_depth = json.at("RowDepth"),
                             .output_depth = json.at("OutputDepth"),
                             .accumulator_bits = json.at("AccW"),
                             .activation_bits = json.at("Act")};
        identity.embedding_banks = json.at("EmbeddingDepth");
        identity.frame_bytes = json.at("FrameBytes");
        identity.window = json.at("Window");
        return identity;
    } catch (const nlohmann::json::exception& error) {
        throw Error(fmt::format("--geometry {}: expected the parameters of a board as JSON: {}",
                                path.string(), error.what()));
    }
}

std::vector<MemoryWord> words_of(const ModelImage& image) {
    std::vector<MemoryWord> words;
    for (const MemoryRun& run : image.runs()) {
        std::uint32_t address = run.address;
        for (const std::uint64_t data : run.words) {
            words.push_back({static_cast<Space>(run.space), run.select, address++, data});
        }
    }
    return words;
}

void run_bake(const BakeSettings& settings) {
    const Identity identity = identity_from(settings.geometry);
    const ModelImage image(read_named_model(settings.model), identity);
    if (settings.check) {
        return;
    }
    if (settings.config.empty() || settings.out.empty()) {
        throw Error("bake: give a configuration and --out, or --check");
    }
    BitstreamConfig config(read_text(settings.config), settings.config);
    const BakeSummary summary = bake(config, words_of(image), identity.geometry);
    write_text(settings.out, config.text());
    fmt::print(
        "baked {}: {} words in {} block RAMs, {} for the device to write when it starts ({} of {} words of "
        "boot "
        "memory)\n",
        settings.model, summary.words, summary.blocks, summary.boot_words, 2 * summary.boot_words + 2,
        summary.boot_depth);
}

}  // namespace

void add_bake_command(CLI::App& app) {
    auto* command = app.add_subcommand(
        "bake", "Put a model into a bitstream's block RAMs, without another place and route");
    auto settings = std::make_shared<BakeSettings>();
    command->add_option("config", settings->config, "Textual configuration that place and route wrote");
    command->add_option("--geometry", settings->geometry, "Parameters of the board's design, JSON")
        ->required();
    command->add_option("--model", settings->model, "Quantised model (.safetensors)")->required();
    command->add_option("--out", settings->out, "Configuration with the model, for ecppack");
    command->add_flag("--check", settings->check, "Only see whether the model fits");
    command->callback([settings] { run_bake(*settings); });
}

}  // namespace lacuna
