#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/port_options.hpp"

namespace lacuna {
namespace {

struct LoadSettings {
    PortOptions port;
    std::string model;
    bool force = false;
    bool no_verify = false;
};

void run_load(const LoadSettings& settings) {
    Interrupt::token();
    const NamedModel named = read_named_model(settings.model);
    Connection connection(settings.port);
    const auto start = std::chrono::steady_clock::now();
    ensure_model(*connection, named, settings.force, !settings.no_verify);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const LinkStatistics& link = connection->device().statistics();
    const bool fresh = link.requests > 0;
    if (settings.port.json) {
        const nlohmann::json root = {{"model", model_id_text(named.id)},
                                     {"name", named.model.name},
                                     {"loaded", fresh},
                                     {"words", connection->image().words()},
                                     {"token_mode", connection->image().token_mode()},
                                     {"seconds", seconds},
                                     {"bytes_sent", link.bytes_sent},
                                     {"resent", link.resent}};
        fmt::print("{}\n", root.dump(2));
        return;
    }
    if (!fresh) {
        fmt::print("the device holds model '{}' ({}) already; --force loads it again\n", named.model.name,
                   model_id_text(named.id));
        return;
    }
    fmt::print("loaded {} ({}): {} words{} in {:.1f} s, {} bytes sent, {} requests sent again\n",
               named.model.name, model_id_text(named.id), connection->image().words(),
               settings.no_verify ? "" : ", verified,", seconds, link.bytes_sent, link.resent);
}

}  // namespace

void add_load_command(CLI::App& app) {
    auto* command =
        app.add_subcommand("load", "Load a quantised model into a device, and verify its memories");
    auto settings = std::make_shared<LoadSettings>();
    command->add_option("model", settings->model, "Quantised model (.safetensors)")->required();
    command->add_flag("--force", settings->force, "Load even if the device holds the model already");
    command->add_flag("--no-verify", settings->no_verify, "Do not compare the memories afterwards");
    add_port_options(*command, settings->port);
    command->callback([settings] { run_load(*settings); });
}

}  // namespace lacuna
