// A serial port, or a pseudo-terminal: 8 data bits, no parity, one stop bit, no flow control.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "driver/transport.hpp"

namespace lacuna {

class SerialTransport : public Transport {
  public:
    /// Opens a port for this process alone. Throws `PortError`: no such port (lists those there are), no
    /// permission, in use, no serial port, or a rate that it cannot have.
    SerialTransport(const std::string& port, unsigned baud);
    ~SerialTransport() override;

    Duration now() override;
    void write(std::span<const std::uint8_t> bytes) override;
    std::size_t read(std::span<std::uint8_t> buffer, Duration deadline) override;
    void set_baud(unsigned baud) override;
    unsigned baud() const override { return baud_; }
    void send_break() override;
    std::string name() const override { return port_; }

  private:
    struct Line;
    /// Throws the `PortError` of a line that fails in use.
    [[noreturn]] void gone(const std::string& what) const;

    std::string port_;
    unsigned baud_ = 0;
    std::unique_ptr<Line> line_;
};

struct SerialPort {
    std::string name;         ///< `/dev/ttyUSB0`
    std::string description;  ///< the adapter's own name for itself
};
/// The serial ports that this machine has.
std::vector<SerialPort> serial_ports();

}  // namespace lacuna
