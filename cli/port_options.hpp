// Options of the subcommands that talk to a device, and the connection that they ask for.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "driver/board.hpp"
#include "driver/serial_transport.hpp"

namespace lacuna {

struct PortOptions {
    std::string port;  ///< empty: the only one there is
    unsigned baud = 1000000;
    unsigned speed = 0;  ///< rate to go on with; 0: stay
    bool json = false;
};

/// `--port`, `--baud`, `--speed`, `--json`
void add_port_options(CLI::App& command, PortOptions& options);

/// A board on a serial port; goes back to the device's own rate in the end.
class Connection {
  public:
    explicit Connection(const PortOptions& options);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Board& operator*() { return *board_; }
    Board* operator->() { return board_.get(); }
    SerialTransport& transport() { return *transport_; }

  private:
    /// After nothing, or nothing that could be read, at this rate: throws `NoAnswer` that names the rate at
    /// which a device answers, if one does at a usual one.
    void suggest_rate(unsigned baud);

    std::unique_ptr<SerialTransport> transport_;
    std::unique_ptr<Board> board_;
    unsigned baud_;
};

/// The port asked for, or the only one; throws `Error` when there are several or none.
std::string choose_port(const PortOptions& options);

/// Makes the device run this model: takes it as it is when it holds it, else loads it with a progress line.
/// @param force load it in any case
void ensure_model(Board& board, const NamedModel& named, bool force = false, bool verify = true);

/// As fields of an object.
nlohmann::json identity_json(const Identity& identity);

}  // namespace lacuna
