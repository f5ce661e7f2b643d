#include "driver/serial_transport.hpp"

#include <fmt/format.h>
#include <libserialport.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <asio.hpp>
#include <cerrno>
#include <thread>

#include "driver/errors.hpp"

namespace lacuna {
namespace {

constexpr auto kWriteTimeout = std::chrono::seconds(10);
constexpr auto kBreakTime = std::chrono::milliseconds(20);

std::string known_ports() {
    std::string text;
    for (const SerialPort& port : serial_ports()) {
        text += fmt::format("\n  {}  {}", port.name, port.description);
    }
    return text.empty() ? "this machine has no serial port: plug the board in, or start 'make board-sim'"
                        : "the ports of this machine are:" + text;
}

[[noreturn]] void refuse_open(const std::string& port, const std::error_code& error) {
    const int code = error.value();
    std::string advice = "is it a serial port?";
    if (code == ENOENT || code == ENXIO || code == ENODEV) {
        throw PortError(fmt::format("there is no port '{}'; {}", port, known_ports()));
    }
    if (code == EACCES || code == EPERM) {
        advice =
            "add yourself to the group that owns it ('ls -l' tells; mostly 'sudo usermod -aG dialout "
            "$USER'), "
            "then log out and in again";
    } else if (code == EBUSY) {
        advice = "another program uses it; close that one first ('fuser -v' tells which it is)";
    } else if (code == ENOTTY) {
        advice = "this is no serial port; " + known_ports();
    }
    throw PortError(fmt::format("cannot open port '{}': {}; {}", port, error.message(), advice));
}

}  // namespace

struct SerialTransport::Line {
    asio::io_context context;
    asio::serial_port port{context};

    /// Runs one asynchronous operation for at most `time`; false when it was given up.
    template <class Start>
    bool run(Duration time, Start start) {
        bool done = false;
        start([&done] { done = true; });
        context.restart();
        context.run_for(time);
        if (!done) {
            port.cancel();
            context.restart();
            context.run();
        }
        return done;
    }
};

SerialTransport::SerialTransport(const std::string& port, unsigned baud)
    : port_(port), line_(std::make_unique<Line>()) {
    std::error_code error;
    line_->port.open(port, error);
    if (error) {
        refuse_open(port, error);
    }
    const int file = line_->port.native_handle();
    // The lock keeps out those who ask for it, like us; TIOCEXCL everyone but root.
    if (flock(file, LOCK_EX | LOCK_NB) != 0 || ioctl(file, TIOCEXCL) != 0) {
        const int code = errno == EWOULDBLOCK ? EBUSY : errno;
        refuse_open(port, std::error_code(code, std::system_category()));
    }
    using Base = asio::serial_port_base;
    line_->port.set_option(Base::character_size(8), error);
    line_->port.set_option(Base::parity(Base::parity::none), error);
    line_->port.set_option(Base::stop_bits(Base::stop_bits::one), error);
    line_->port.set_option(Base::flow_control(Base::flow_control::none), error);
    if (error) {
        refuse_open(port, error);
    }
    set_baud(baud);
    tcflush(file, TCIOFLUSH);
}

SerialTransport::~SerialTransport() {
    const int file = line_->port.native_handle();
    ioctl(file, TIOCNXCL);
}

void SerialTransport::gone(const std::string& what) const {
    throw PortError(
        fmt::format("port '{}' went away ({}): check cable and power, then start again; the device may have "
                    "executed what was under way",
                    port_, what));
}

Transport::Duration SerialTransport::now() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

void SerialTransport::write(std::span<const std::uint8_t> bytes) {
    std::error_code failure;
    const bool done = line_->run(kWriteTimeout, [&](auto finished) {
        asio::async_write(line_->port, asio::buffer(bytes.data(), bytes.size()),
                          [&failure, finished](const std::error_code& error, std::size_t) {
                              failure = error;
                              finished();
                          });
    });
    if (!done) {
        gone("it takes no more bytes");
    }
    if (failure) {
        gone(failure.message());
    }
}

std::size_t SerialTransport::read(std::span<std::uint8_t> buffer, Duration deadline) {
    std::error_code failure;
    std::size_t count = 0;
    line_->run(std::max(deadline - now(), Duration::zero()), [&](auto finished) {
        line_->port.async_read_some(asio::buffer(buffer.data(), buffer.size()),
                                    [&, finished](const std::error_code& error, std::size_t size) {
                                        failure = error;
                                        count = size;
                                        finished();
                                    });
    });
    if (failure && failure != asio::error::operation_aborted) {
        gone(failure.message());
    }
    return count;
}

void SerialTransport::set_baud(unsigned baud) {
    if (baud_ != 0) {
        tcdrain(line_->port.native_handle());
    }
    std::error_code error;
    line_->port.set_option(asio::serial_port_base::baud_rate(baud), error);
    if (error && baud_ != 0 && (error.value() == EIO || error.value() == ENXIO)) {
        gone(error.message());
    }
    if (error) {
        throw PortError(fmt::format(
            "port '{}' cannot be set to {} baud: {}; usual rates are 115200, 230400, 460800, 921600, "
            "1000000, 2000000 and 3000000",
            port_, baud, error.message()));
    }
    baud_ = baud;
}

void SerialTransport::send_break() {
    const int file = line_->port.native_handle();
    tcdrain(file);
    if (ioctl(file, TIOCSBRK) == 0) {
        std::this_thread::sleep_for(kBreakTime);
        ioctl(file, TIOCCBRK);
    }
}

std::vector<SerialPort> serial_ports() {
    std::vector<SerialPort> ports;
    sp_port** list = nullptr;
    if (sp_list_ports(&list) != SP_OK) {
        return ports;
    }
    for (std::size_t i = 0; list[i] != nullptr; ++i) {
        const char* description = sp_get_port_description(list[i]);
        ports.push_back({sp_get_port_name(list[i]), description == nullptr ? "" : description});
    }
    sp_free_port_list(list);
    return ports;
}

}  // namespace lacuna
