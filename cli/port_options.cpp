#include "cli/port_options.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "cli/interrupt.hpp"
#include "common/progress.hpp"
#include "driver/errors.hpp"

namespace lacuna {
namespace {

constexpr std::array kUsualRates{1000000U, 115200U, 3000000U, 2000000U, 921600U,
                                 460800U,  230400U, 57600U,   9600U};
constexpr auto kProbeMargin = std::chrono::milliseconds(150);

/// The rate at which a device answers, of the usual ones.
std::optional<unsigned> rate_that_answers(Transport& transport) {
    for (const unsigned rate : kUsualRates) {
        try {
            transport.set_baud(rate);
            if (Device::probe(transport, {.margin = kProbeMargin, .attempts = 1, .seed = 0})) {
                return rate;
            }
        } catch (const LinkError&) {
            continue;  // a rate that this port does not have, or a device that we cannot use
        }
    }
    return std::nullopt;
}

}  // namespace

void add_port_options(CLI::App& command, PortOptions& options) {
    command.add_option("--port", options.port, "Serial port (default: the only one there is)")
        ->envname("LACUNA_PORT");
    command.add_option("--baud", options.baud, "Rate at which the device listens after reset")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_option("--speed", options.speed, "Rate to change to for the work, for instance 3000000");
    command.add_flag("--json", options.json, "Print JSON");
}

std::string choose_port(const PortOptions& options) {
    if (!options.port.empty()) {
        return options.port;
    }
    const auto ports = serial_ports();
    if (ports.size() == 1) {
        return ports.front().name;
    }
    std::string list;
    for (const SerialPort& port : ports) {
        list += fmt::format("\n  {}  {}", port.name, port.description);
    }
    throw Error(ports.empty()
                    ? "this machine has no serial port: plug the board in, or start 'make board-sim' and "
                      "give the port that it prints with --port"
                    : "this machine has several serial ports, choose one with --port:" + list);
}

Connection::Connection(const PortOptions& options) : baud_(options.baud) {
    transport_ = std::make_unique<SerialTransport>(choose_port(options), options.baud);
    try {
        board_ = std::make_unique<Board>(*transport_);
    } catch (const NoAnswer&) {
        suggest_rate(options.baud);
        throw;
    } catch (const NotLacuna&) {  // what a wrong rate makes of a late reply looks like another device
        suggest_rate(options.baud);
        throw;
    }
    if (options.speed != 0) {
        board_->set_baud(options.speed);
    }
}

void Connection::suggest_rate(unsigned baud) {
    const auto rate = rate_that_answers(*transport_);
    if (rate && *rate != baud) {
        throw NoAnswer(
            fmt::format("no Lacuna device answers on '{}' at {} baud, but one does at {}: use --baud {}",
                        transport_->name(), baud, *rate, *rate));
    }
}

Connection::~Connection() {
    try {
        if (board_ && transport_->baud() != baud_) {
            board_->device().drain();
            board_->set_baud(baud_);
        }
    } catch (const std::exception&) {
        // The device goes back by itself when it meets the next program's break.
    }
}

void ensure_model(Board& board, const NamedModel& named, bool force, bool verify) {
    if (!force && board.attach(named)) {
        return;
    }
    std::optional<Progress> progress;
    std::string stage;
    LoadOptions options;
    options.verify = verify;
    options.stop = Interrupt::token();
    options.progress = [&](const char* what, std::size_t done, std::size_t total) {
        if (stage != what) {
            stage = what;
            progress.emplace(stage, total);
        }
        progress->update(done, "words");
    };
    board.load(named, options);
}

nlohmann::json identity_json(const Identity& id) {
    const Geometry& g = id.geometry;
    return {{"protocol", id.protocol},
            {"design", id.design},
            {"build", fmt::format("{:016x}", id.build_hash)},
            {"clock_hz", id.clock_hz},
            {"tiles", g.tiles},
            {"ports", g.ports},
            {"act", g.activation_bits},
            {"accumulator_bits", g.accumulator_bits},
            {"weight_depth", g.weight_depth},
            {"bank_depth", g.bank_depth},
            {"row_depth", g.row_depth},
            {"output_depth", g.output_depth},
            {"embedding_banks", id.embedding_banks},
            {"frame_bytes", id.frame_bytes},
            {"window", id.window},
            {"default_baud", id.default_baud},
            {"baud", id.baud()},
            {"model_valid", id.model_valid},
            {"model", id.model_valid ? model_id_text(id.model) : ""},
            {"baked", id.baked},
            {"steps", id.steps}};
}

}  // namespace lacuna
