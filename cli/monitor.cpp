#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/port_options.hpp"

namespace lacuna {
namespace {

struct MonitorSettings {
    PortOptions port;
    double interval = 1.0;
    std::size_t count = 0;
};

/// Waits, or ends early when asked to stop; false then.
bool wait(double seconds, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any condition;
    std::unique_lock lock(mutex);
    condition.wait_for(lock, stop, std::chrono::duration<double>(seconds), [] { return false; });
    return !stop.stop_requested();
}

void run_monitor(const MonitorSettings& settings) {
    const std::stop_token stop = Interrupt::token();
    Connection connection(settings.port);
    const auto at = [](protocol::Counter counter) { return static_cast<std::size_t>(counter); };
    auto before = connection->counters();
    if (!settings.port.json) {
        fmt::print("{:>10} {:>10} {:>10} {:>10} {:>8} {:>8} {:>8} {:>8}\n", "steps", "frames", "crc",
                   "length", "framing", "dropped", "replays", "busy %");
    }
    for (std::size_t i = 0; (settings.count == 0 || i < settings.count) && wait(settings.interval, stop);
         ++i) {
        const auto now = connection->counters();
        const std::uint32_t steps = connection->device().identify().steps;
        const auto since = [&](protocol::Counter counter) { return now[at(counter)] - before[at(counter)]; };
        if (settings.port.json) {
            nlohmann::json line = {{"steps", steps}};
            for (std::size_t c = 0; c < now.size(); ++c) {
                line[std::string(protocol::kCounterNames[c])] = now[c];
            }
            fmt::print("{}\n", line.dump());
        } else {
            using protocol::Counter;
            const double cycles =
                std::max(1.0, since(Counter::Uptime) * static_cast<double>(protocol::kUptimeCycles));
            fmt::print("{:>10} {:>10} {:>10} {:>10} {:>8} {:>8} {:>8} {:>8.1f}\n", steps,
                       since(Counter::FramesGood), since(Counter::CrcErrors), since(Counter::LengthErrors),
                       since(Counter::FramingErrors), since(Counter::FramesDropped), since(Counter::Replays),
                       100 * std::min(1.0, since(Counter::EngineBusy) / cycles));
        }
        std::fflush(stdout);
        before = now;
    }
}

}  // namespace

void add_monitor_command(CLI::App& app) {
    auto* command = app.add_subcommand("monitor", "Show a device's counters as they change, until Ctrl-C");
    auto settings = std::make_shared<MonitorSettings>();
    command->add_option("--interval", settings->interval, "Seconds between lines")
        ->check(CLI::Range(0.05, 3600.0))
        ->capture_default_str();
    command->add_option("--count", settings->count, "Lines to show; 0: until Ctrl-C")->capture_default_str();
    add_port_options(*command, settings->port);
    command->callback([settings] { run_monitor(*settings); });
}

}  // namespace lacuna
