#include <fmt/format.h>

#include <memory>
#include <optional>

#include "cli/commands.hpp"
#include "cli/port_options.hpp"
#include "driver/errors.hpp"

namespace lacuna {
namespace {

constexpr auto kProbeMargin = std::chrono::milliseconds(200);

std::string probe(const std::string& port, unsigned baud, nlohmann::json& json) {
    try {
        SerialTransport transport(port, baud);
        const auto identity = Device::probe(transport, {.margin = kProbeMargin, .attempts = 2, .seed = 0});
        if (!identity) {
            return fmt::format("no answer at {} baud", baud);
        }
        json["identity"] = identity_json(*identity);
        return fmt::format("Lacuna, T = {}, {:.1f} MHz, {}", identity->geometry.tiles,
                           identity->clock_hz / 1e6,
                           identity->model_valid ? "model " + model_id_text(identity->model) : "no model");
    } catch (const LinkError& error) {
        json["error"] = error.what();
        const std::string text = error.what();
        return text.substr(0, text.find(';'));
    }
}

void run_devices(const PortOptions& options) {
    auto ports = serial_ports();
    if (!options.port.empty()) {
        ports.insert(ports.begin(), {options.port, "given with --port"});
    }
    nlohmann::json root = nlohmann::json::array();
    std::string text;
    for (const SerialPort& port : ports) {
        nlohmann::json json = {{"port", port.name}, {"description", port.description}};
        const std::string answer = probe(port.name, options.baud, json);
        json["answer"] = answer;
        text += fmt::format("{:<16} {:<32} {}\n", port.name, port.description, answer);
        root.push_back(std::move(json));
    }
    if (options.json) {
        fmt::print("{}\n", root.dump(2));
    } else if (ports.empty()) {
        fmt::print(
            "no serial port: plug a board in, or start 'make board-sim' and give its port with --port\n");
    } else {
        fmt::print("{}", text);
    }
}

}  // namespace

void add_devices_command(CLI::App& app) {
    auto* command = app.add_subcommand("devices", "List the serial ports, and what answers on them");
    auto options = std::make_shared<PortOptions>();
    add_port_options(*command, *options);
    command->callback([options] { run_devices(*options); });
}

}  // namespace lacuna
