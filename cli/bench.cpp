#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/port_options.hpp"
#include "common/progress.hpp"
#include "golden/random_model.hpp"

namespace lacuna {
namespace {

constexpr double kBitsPerByte = 10;

struct BenchSettings {
    PortOptions port;
    std::string model;
    std::size_t steps = 1000;
    std::size_t latency_steps = 200;
};

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Round trips of single steps, in ms, ascending.
std::vector<double> latencies(Board& board, const QuantisedModel& model, std::size_t steps) {
    SplitMix64 prng(1);
    Progress progress("latency", steps);
    std::vector<double> times;
    for (std::size_t i = 0; i < steps && !Interrupt::token().stop_requested(); ++i) {
        const auto x = random_input(prng, model.input_size(), false, model.activation_bits);
        const auto start = Clock::now();
        board.step(x);
        times.push_back(1000 * seconds_since(start));
        progress.update(i + 1, "steps");
    }
    std::ranges::sort(times);
    return times;
}

double percentile(const std::vector<double>& sorted, double share) {
    return sorted.empty() ? 0
                          : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

struct Throughput {
    double seconds = 0;
    RunTotals totals;
    double sent = 0;  ///< bytes a second
    double received = 0;
};

Throughput stream(Board& board, const QuantisedModel& model, std::size_t steps) {
    SplitMix64 prng(2);
    Progress progress("throughput", steps);
    std::size_t given = 0;
    std::size_t taken = 0;
    const LinkStatistics before = board.device().statistics();
    const auto start = Clock::now();
    Throughput result;
    result.totals = board.run(
        Mode::Score,
        [&]() -> std::optional<std::vector<std::int16_t>> {
            return given++ < steps
                       ? std::optional(random_input(prng, model.input_size(), false, model.activation_bits))
                       : std::nullopt;
        },
        [&](std::span<const std::int32_t>) { progress.update(++taken, "steps"); }, Interrupt::token());
    result.seconds = seconds_since(start);
    const LinkStatistics& after = board.device().statistics();
    result.sent = static_cast<double>(after.bytes_sent - before.bytes_sent) / result.seconds;
    result.received = static_cast<double>(after.bytes_received - before.bytes_received) / result.seconds;
    return result;
}

void run_bench(const BenchSettings& settings) {
    Interrupt::token();
    const NamedModel named = read_named_model(settings.model);
    Connection connection(settings.port);
    ensure_model(*connection, named);
    connection->clear();
    const auto times = latencies(*connection, named.model, settings.latency_steps);
    const Throughput flow = stream(*connection, named.model, settings.steps);
    const double limit = connection.transport().baud() / kBitsPerByte;
    const double use = std::max(flow.sent, flow.received) / limit;
    const double rate = static_cast<double>(flow.totals.steps) / flow.seconds;
    const double cycles = static_cast<double>(flow.totals.cycles) / static_cast<double>(flow.totals.steps);
    const double engine_rate = connection->identity().clock_hz / cycles;
    if (settings.port.json) {
        const nlohmann::json root = {{"model", named.model.name},
                                     {"baud", connection.transport().baud()},
                                     {"latency_ms",
                                      {{"p50", percentile(times, 0.5)},
                                       {"p90", percentile(times, 0.9)},
                                       {"p99", percentile(times, 0.99)},
                                       {"max", percentile(times, 1)}}},
                                     {"steps_per_second", rate},
                                     {"bytes_per_second", {{"sent", flow.sent}, {"received", flow.received}}},
                                     {"line_use", use},
                                     {"cycles_per_step", cycles},
                                     {"engine_steps_per_second", engine_rate}};
        fmt::print("{}\n", root.dump(2));
        return;
    }
    fmt::print("latency of a step    p50 {:.2f} ms, p90 {:.2f}, p99 {:.2f}, max {:.2f} ({} steps)\n",
               percentile(times, 0.5), percentile(times, 0.9), percentile(times, 0.99), percentile(times, 1),
               times.size());
    fmt::print(
        "throughput           {:.1f} steps/s; {:.0f} bytes/s sent, {:.0f} received; the line at {} baud "
        "carries {:.0f}: {:.1f} % used\n",
        rate, flow.sent, flow.received, connection.transport().baud(), limit, 100 * use);
    fmt::print("engine               {:.1f} cycles a step: {:.0f} steps/s at {:.1f} MHz\n", cycles,
               engine_rate, connection->identity().clock_hz / 1e6);
}

}  // namespace

void add_bench_command(CLI::App& app) {
    auto* command = app.add_subcommand("bench", "Measure a device: latency, throughput, cycles");
    auto settings = std::make_shared<BenchSettings>();
    command->add_option("model", settings->model, "Quantised model (.safetensors)")->required();
    command->add_option("--steps", settings->steps, "Steps to stream")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--latency-steps", settings->latency_steps, "Single steps to time")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    add_port_options(*command, settings->port);
    command->callback([settings] { run_bench(*settings); });
}

}  // namespace lacuna
