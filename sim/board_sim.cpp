// lacuna-board-sim: the simulated board on a pseudo-terminal, for every program that speaks to a serial port.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "common/error.hpp"
#include "common/program.hpp"
#include "sim/byte_faults.hpp"
#include "sim/simulated_board.hpp"
#include "spec/protocol.hpp"

namespace lacuna {
namespace {

constexpr std::uint64_t kSlice = 2000;  // cycles between looks at the terminal
constexpr std::uint64_t kQuietCycles =
    4000;                                  // without anything on the line, after which the simulation sleeps
constexpr std::int64_t kUpsetWords = 256;  // of a weight memory: every model uses the first ones
constexpr int kWordBits = 36;
constexpr int kSleep = 20;                // ms
constexpr std::size_t kMostQueued = 256;  // bytes that wait for the board; more stay with the terminal

volatile std::sig_atomic_t ended = 0;

struct Settings {
    std::string link;
    FaultRates faults;
    std::uint64_t seed = 1;
    double breaks = 0;
    double resets = 0;
    double upsets = 0;
};

/// The rate of a terminal's slave, in bits a second; nothing for one that no serial port has.
std::optional<unsigned> rate_of(speed_t speed) {
    static const std::map<speed_t, unsigned> rates = {
        {B9600, 9600},       {B19200, 19200},     {B38400, 38400},     {B57600, 57600},
        {B115200, 115200},   {B230400, 230400},   {B460800, 460800},   {B500000, 500000},
        {B576000, 576000},   {B921600, 921600},   {B1000000, 1000000}, {B1152000, 1152000},
        {B1500000, 1500000}, {B2000000, 2000000}, {B2500000, 2500000}, {B3000000, 3000000},
        {B3500000, 3500000}, {B4000000, 4000000}};
    const auto found = rates.find(speed);
    return found == rates.end() ? std::nullopt : std::optional(found->second);
}

/// The master of a pseudo-terminal whose slave is a serial port for others.
class Terminal {
  public:
    explicit Terminal(std::string link) : link_(std::move(link)) {
        master_ = posix_openpt(O_RDWR | O_NOCTTY);
        if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0) {
            throw Error(fmt::format("cannot make a pseudo-terminal: {}", std::strerror(errno)));
        }
        name_ = ptsname(master_);
        // Ours stays open, so that the terminal lives on between two users of it.
        slave_ = open(name_.c_str(), O_RDWR | O_NOCTTY);
        termios settings{};
        tcgetattr(slave_, &settings);
        cfmakeraw(&settings);
        cfsetspeed(&settings, B1000000);
        tcsetattr(slave_, TCSANOW, &settings);
        fcntl(master_, F_SETFL, O_NONBLOCK);
        if (!link_.empty()) {
            if (std::filesystem::is_symlink(link_)) {
                std::filesystem::remove(link_);  // of a board before us
            }
            std::error_code problem;
            std::filesystem::create_symlink(name_, link_, problem);
            if (problem) {
                throw Error(fmt::format("cannot make the link '{}': {}; give a name that is not taken",
                                        std::exchange(link_, {}), problem.message()));
            }
        }
    }
    ~Terminal() {
        close(slave_);
        close(master_);
        std::error_code ignored;
        if (!link_.empty()) {
            std::filesystem::remove(link_, ignored);
        }
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    const std::string& name() const { return name_; }
    std::optional<unsigned> rate() const {
        termios settings{};
        tcgetattr(master_, &settings);  // a master has its slave's
        return rate_of(cfgetospeed(&settings));
    }
    std::vector<std::uint8_t> read() const {
        std::array<std::uint8_t, 256> buffer;
        const ssize_t count = ::read(master_, buffer.data(), buffer.size());
        return {buffer.begin(), buffer.begin() + std::max<ssize_t>(count, 0)};
    }
    /// What nobody reads in time is lost, as on a port.
    void write(const std::vector<std::uint8_t>& bytes) const {
        for (std::size_t done = 0; done < bytes.size();) {
            const ssize_t count = ::write(master_, bytes.data() + done, bytes.size() - done);
            if (count <= 0) {
                return;
            }
            done += static_cast<std::size_t>(count);
        }
    }
    void wait(int milliseconds) const {
        pollfd entry{master_, POLLIN, 0};
        poll(&entry, 1, milliseconds);
    }

  private:
    std::string link_;
    std::string name_;
    int master_ = -1;
    int slave_ = -1;
};

void serve(const Settings& settings) {
    const SystemParameters parameters = built_systems().front();
    SimulatedBoard board(parameters, {settings.seed, {}});
    Terminal terminal(settings.link);
    fmt::print("simulated board: {}\nserial port: {}\n", parameters.to_string(),
               settings.link.empty() ? terminal.name() : settings.link);
    fmt::print("for instance: lacuna info --port {}\n",
               settings.link.empty() ? terminal.name() : settings.link);
    std::fflush(stdout);

    ByteFaults to_board(settings.faults, settings.seed);
    ByteFaults to_host(settings.faults, settings.seed + 1);
    SplitMix64 prng(settings.seed + 2);
    const auto happens = [&](double per_second) {
        return per_second > 0 && prng.uniform() < per_second * kSlice / parameters.clock_hz();
    };
    std::optional<unsigned> rate;
    std::uint64_t quiet = 0;
    while (ended == 0) {
        const auto now = terminal.rate();
        if (now != rate && now) {
            board.peer().set_clocks_per_bit(std::max(2.0, static_cast<double>(parameters.clock_hz()) / *now));
            rate = now;
        }
        bool active = board.peer().sending();
        if (board.peer().pending() < kMostQueued) {
            const auto bytes = terminal.read();
            active = active || !bytes.empty();
            board.send(to_board.apply(bytes));
        }
        if (happens(settings.breaks)) {
            board.peer().send_break(2.0 * 20);
        }
        if (happens(settings.resets)) {
            board.reset();
        }
        if (happens(settings.upsets)) {
            const auto word = static_cast<std::size_t>(prng.between(0, kUpsetWords - 1));
            board.upset_weight(word, static_cast<unsigned>(prng.between(0, kWordBits - 1)));
        }
        const unsigned busy = 1U << static_cast<unsigned>(protocol::Led::Busy) |
                              1U << static_cast<unsigned>(protocol::Led::Request);
        active = active || (board.leds() & busy) != 0;
        board.tick(kSlice);
        const auto reply = to_host.apply(board.received());
        terminal.write(reply);
        quiet = active || !reply.empty() ? 0 : quiet + kSlice;
        if (quiet >= kQuietCycles + 20U * static_cast<unsigned>(parameters.clocks_per_bit)) {
            terminal.wait(kSleep);
        }
    }
    fmt::print("{} faults made on the way to the board, {} on the way back\n", to_board.total(),
               to_host.total());
}

}  // namespace
}  // namespace lacuna

int main(int argc, char** argv) {
    return lacuna::run_program("lacuna-board-sim", [&] {
        lacuna::Settings settings;
        CLI::App app("The simulated board on a pseudo-terminal: a serial port for every program");
        app.add_option("--link", settings.link, "Also make this symbolic link to the port");
        app.add_option("--flip", settings.faults.flip, "Bytes per million with an inverted bit, each way");
        app.add_option("--drop", settings.faults.drop, "Bytes per million lost");
        app.add_option("--double", settings.faults.twice, "Bytes per million repeated");
        app.add_option("--insert", settings.faults.insert, "Bytes of noise per million bytes");
        app.add_option("--cut", settings.faults.cut, "Frames cut off, per million bytes");
        app.add_option("--breaks", settings.breaks, "Breaks on the line, per second of the board's time");
        app.add_option("--resets", settings.resets, "Resets of the board, per second of its time");
        app.add_option("--upsets", settings.upsets,
                       "Bits that flip in a weight memory, per second of its time");
        app.add_option("--seed", settings.seed, "Of all faults")->capture_default_str();
        CLI11_PARSE(app, argc, argv);
        std::signal(SIGINT, [](int) { lacuna::ended = 1; });
        std::signal(SIGTERM, [](int) { lacuna::ended = 1; });
        lacuna::serve(settings);
        return 0;
    });
}
