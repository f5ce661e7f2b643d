// What carries bytes to a device and back: a serial port, or a simulated board in the same process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace lacuna {

/// Not safe to be used by two threads at once.
class Transport {
  public:
    using Duration = std::chrono::nanoseconds;

    virtual ~Transport() = default;
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    /// The time that deadlines count in: real for a port, simulated for a simulation. Never goes back.
    virtual Duration now() = 0;
    /// Gives bytes to the line; they may still be on their way afterwards. Throws `PortError`.
    virtual void write(std::span<const std::uint8_t> bytes) = 0;
    /// Waits until there is a byte or the deadline has passed; gives what there is, at most the buffer's
    /// size. Throws `PortError`.
    virtual std::size_t read(std::span<std::uint8_t> buffer, Duration deadline) = 0;
    /// Bits a second, once what was written has left. Throws `PortError` for a rate that the line cannot
    /// have.
    virtual void set_baud(unsigned baud) = 0;
    virtual unsigned baud() const = 0;
    /// Holds the line low for much longer than a byte takes, where it can.
    virtual void send_break() = 0;
    /// The name of the line, for messages.
    virtual std::string name() const = 0;
};

}  // namespace lacuna
