#include <fmt/format.h>

#include <memory>

#include "cli/commands.hpp"
#include "cli/port_options.hpp"
#include "driver/errors.hpp"

namespace lacuna {
namespace {

void run_info(const PortOptions& options) {
    Connection connection(options);
    const Identity& id = connection->identity();
    const auto counters = connection->counters();
    if (options.json) {
        nlohmann::json root = identity_json(id);
        for (std::size_t i = 0; i < counters.size(); ++i) {
            root["counters"][std::string(protocol::kCounterNames[i])] = counters[i];
        }
        fmt::print("{}\n", root.dump(2));
        return;
    }
    fmt::print("device     Lacuna on {}, protocol {}, design {}, build {:016x}\n",
               connection.transport().name(), id.protocol, id.design, id.build_hash);
    fmt::print("engine     {}\n", id.geometry.to_string());
    fmt::print("clock      {:.3f} MHz\n", id.clock_hz / 1e6);
    fmt::print("line       {} baud after reset, {} now, at most {}; frames of {} bytes, window {}\n",
               id.default_baud, id.baud(), id.fastest_baud(), id.frame_bytes, id.window);
    fmt::print("embedding  {}\n", id.embedding_banks == 0 ? std::string("none: no token mode")
                                                          : fmt::format("{} banks", id.embedding_banks));
    fmt::print("model      {}\n", id.model_valid
                                      ? model_id_text(id.model) + (id.baked ? " (of the bitstream)" : "")
                                      : "none: load one with 'lacuna load'");
    fmt::print("steps      {}\n", id.steps);
    for (std::size_t i = 0; i < counters.size(); ++i) {
        fmt::print("{:<18} {}\n", protocol::kCounterNames[i], counters[i]);
    }
}

}  // namespace

void add_info_command(CLI::App& app) {
    auto* command = app.add_subcommand("info", "What a device is and holds, and what it counted");
    auto options = std::make_shared<PortOptions>();
    add_port_options(*command, *options);
    command->callback([options] { run_info(*options); });
}

}  // namespace lacuna
