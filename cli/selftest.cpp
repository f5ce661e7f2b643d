#include <fmt/format.h>

#include <memory>
#include <optional>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/port_options.hpp"
#include "common/progress.hpp"
#include "driver/self_test.hpp"
#include "golden/random_model.hpp"

namespace lacuna {
namespace {

struct SelfTestSettings {
    PortOptions port;
    std::string model;
    SelfTestOptions options;
};

/// A small model that every engine holds, with embedding and corners, for a device without a model of its
/// own.
NamedModel random_named_model(const Geometry& geometry, std::uint64_t seed, Cell cell) {
    RandomModelOptions options;
    options.seed = seed;
    options.cell = cell;
    options.inputs = 20;
    options.units = {23, 17};
    options.k_x = {3};
    options.k_h = {2};
    options.head_rows = 21;
    options.vocabulary = true;
    options.activation_bits = geometry.activation_bits;
    options.accumulator_bits = geometry.accumulator_bits;
    return {random_model(options), seed << 1 | (cell == Cell::Gru ? 1 : 0)};
}

nlohmann::json test(Board& board, const NamedModel& named, const SelfTestSettings& settings,
                    std::uint64_t& differing) {
    ensure_model(board, named);
    std::optional<Progress> progress;
    std::string stage;
    SelfTestOptions options = settings.options;
    options.stop = Interrupt::token();
    options.progress = [&](const char* part, std::size_t done, std::size_t total) {
        if (stage != part) {
            stage = part;
            progress.emplace(stage, total);
        }
        progress->update(done, "steps");
    };
    const SelfTestReport report = self_test(board, named.model, options);
    progress.reset();
    differing += report.differing;
    nlohmann::json json = {{"model", named.model.name},     {"kind", named.model.kind()},
                           {"steps", report.steps},         {"values", report.values},
                           {"differing", report.differing}, {"resent", board.device().statistics().resent}};
    if (report.first) {
        json["first"] = report.first->to_string();
    }
    if (!settings.port.json) {
        fmt::print("selftest: model={} kind={} steps={} values={} differing={}\n", named.model.name,
                   named.model.kind(), report.steps, report.values, report.differing);
        if (report.first) {
            fmt::print("first difference: {}\n", report.first->to_string());
        }
    }
    return json;
}

void run_selftest(const SelfTestSettings& settings) {
    Interrupt::token();
    std::optional<NamedModel> named;
    if (!settings.model.empty()) {
        named = read_named_model(settings.model);
    }
    Connection connection(settings.port);
    nlohmann::json root = nlohmann::json::array();
    std::uint64_t differing = 0;
    if (named) {
        root.push_back(test(*connection, *named, settings, differing));
    } else {
        for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
            root.push_back(test(
                *connection, random_named_model(connection->identity().geometry, settings.options.seed, cell),
                settings, differing));
        }
    }
    if (settings.port.json) {
        fmt::print("{}\n", root.dump(2));
    }
    if (differing > 0) {
        throw Error(
            fmt::format("{} values differ from the golden model; the device, its bitstream or its clock is "
                        "at fault",
                        differing));
    }
}

}  // namespace

void add_selftest_command(CLI::App& app) {
    auto* command = app.add_subcommand("selftest", "Compare a device with the golden model, bit by bit");
    auto settings = std::make_shared<SelfTestSettings>();
    command->add_option(
        "model", settings->model,
        "Quantised model (.safetensors); default: small random ones, which replace the device's");
    command->add_option("--steps", settings->options.steps, "Steps of each part")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--seed", settings->options.seed, "Of inputs, states and random models")
        ->capture_default_str();
    add_port_options(*command, settings->port);
    command->callback([settings] { run_selftest(*settings); });
}

}  // namespace lacuna
