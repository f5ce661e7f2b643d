// lacuna-link-fuzz: bytes that mean nothing, into the simulated board. It must go on answering, and nothing
// that it holds may change: no frame among them is valid.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <functional>
#include <mutex>

#include "common/program.hpp"
#include "common/progress.hpp"
#include "driver/frame.hpp"
#include "tests/driver/fixture.hpp"
#include "tests/driver/in_parallel.hpp"
#include "tests/driver/result.hpp"

namespace lacuna {
namespace {

constexpr std::size_t kChunk = 256;            // bytes of one kind
constexpr std::size_t kBetweenChecks = 50000;  // bytes
constexpr std::uint64_t kShards = 8;           // boards
constexpr std::size_t kCounters = static_cast<std::size_t>(protocol::Counter::FramesDropped) + 1;

/// Noise of one kind: random bytes, many zeros, few distinct bytes, or frames of requests with a wrong CRC.
Bytes noise(SplitMix64& prng, std::uint16_t session) {
    const std::int64_t kind = prng.between(0, 3);
    Bytes bytes;
    while (bytes.size() < kChunk) {
        if (kind == 3) {
            Request request{session,
                            static_cast<std::uint16_t>(prng.next()),
                            static_cast<std::uint8_t>(prng.between(0, 13)),
                            {}};
            request.payload.resize(static_cast<std::size_t>(prng.between(0, 40)));
            std::ranges::generate(request.payload, [&] { return static_cast<std::uint8_t>(prng.next()); });
            Bytes frame = encode_frame(request);
            // One bit of the frame, not of its delimiter: the CRC finds it always.
            const auto at =
                static_cast<std::size_t>(prng.between(0, static_cast<std::int64_t>(frame.size()) - 2));
            frame[at] ^= static_cast<std::uint8_t>(1U << prng.between(0, 7));
            bytes.insert(bytes.end(), frame.begin(), frame.end());
        } else {
            const auto byte = static_cast<std::uint8_t>(prng.next());
            const bool zero = kind == 1 && prng.one_in(4);
            bytes.push_back(zero ? std::uint8_t{0} : kind == 2 ? static_cast<std::uint8_t>(byte % 3) : byte);
        }
    }
    return bytes;
}

/// What must not change.
struct Held {
    std::uint32_t steps;
    std::uint64_t model;
    bool model_valid;
    ModelState state;

    bool operator==(const Held&) const = default;
};

Held held_by(Board& board) {
    const Identity& id = board.device().identify();
    return {id.steps, id.model, id.model_valid, board.read_state()};
}

struct NoiseCounts {
    std::uint64_t bytes = 0, requests = 0;
    std::array<std::uint64_t, kCounters> device = {};
};

/// Noise for one board. Throws `Error` when it holds something else afterwards.
NoiseCounts shard(std::uint64_t bytes, std::uint64_t seed, const std::function<void(std::size_t)>& progress) {
    Fixture fixture;
    const NamedModel named = small_model(fixture.board.identity().geometry, seed);
    fixture.board.load(named);
    SplitMix64 prng(seed);
    fixture.board.write_state(random_state(prng, named.model));
    // Steps at an odd number, so that both halves of the double buffers hold something.
    for (int i = 0; i < 3; ++i) {
        fixture.board.step(random_input(prng, named.model.input_size()));
    }
    const Held before = held_by(fixture.board);
    const std::uint64_t requests = fixture.board.device().statistics().requests;
    NoiseCounts counts;
    for (std::uint64_t next = kBetweenChecks; counts.bytes < bytes;) {
        const bool wrong_rate = prng.one_in(8);
        const double right = fixture.simulation.parameters().clocks_per_bit;
        fixture.simulation.peer().set_clocks_per_bit(wrong_rate ? right * (0.6 + 2 * prng.uniform()) : right);
        const Bytes chunk = noise(prng, static_cast<std::uint16_t>(prng.next()));
        fixture.simulation.send(chunk);
        if (prng.one_in(10)) {
            fixture.simulation.peer().send_break(static_cast<double>(prng.between(5, 60)));
        }
        fixture.simulation.tick_until([&] { return !fixture.simulation.peer().sending(); }, 10'000'000);
        counts.bytes += chunk.size();
        progress(chunk.size());
        if (counts.bytes >= next || counts.bytes >= bytes) {
            fixture.simulation.peer().set_clocks_per_bit(right);
            if (held_by(fixture.board) != before) {
                throw Error(fmt::format("after {} bytes of noise the board holds something else (seed {})",
                                        counts.bytes, seed));
            }
            next += kBetweenChecks;
        }
    }
    fixture.board.verify();
    counts.requests = fixture.board.device().statistics().requests - requests;
    std::ranges::copy_n(fixture.board.counters().begin(), kCounters, counts.device.begin());
    return counts;
}

int run(std::uint64_t bytes, std::uint64_t seed, const ResultFile& file) {
    std::mutex mutex;
    std::size_t sent = 0;
    NoiseCounts all;
    Progress progress("noise", bytes);
    const auto more = [&](std::size_t count) {
        const std::lock_guard lock(mutex);
        sent += count;
        progress.update(std::min<std::size_t>(sent, bytes), "bytes");
    };
    in_parallel(kShards, [&](std::size_t i) {
        const NoiseCounts counts = shard((bytes + kShards - 1) / kShards, seed + i, more);
        const std::lock_guard lock(mutex);
        all.bytes += counts.bytes;
        all.requests += counts.requests;
        std::ranges::transform(all.device, counts.device, all.device.begin(), std::plus{});
    });
    fmt::print("link fuzz: bytes={} seed={} requests_between={} changes=0", all.bytes, seed, all.requests);
    nlohmann::ordered_json device;
    for (std::size_t i = 1; i < kCounters; ++i) {
        fmt::print(" {}={}", protocol::kCounterNames[i], all.device[i]);
        device[std::string(protocol::kCounterNames[i])] = all.device[i];
    }
    file.write({{"seed", seed},
                {"bytes", all.bytes},
                {"requests_between", all.requests},
                {"changes", 0},
                {"device_counters", device}});
    fmt::print("\n1 passed, 0 failed\n");
    return 0;
}

}  // namespace
}  // namespace lacuna

int main(int argc, char** argv) {
    return lacuna::run_program("lacuna-link-fuzz", [&] {
        std::uint64_t bytes = 100000;
        std::uint64_t seed = 1;
        lacuna::ResultFile file;
        CLI::App app("Noise into the simulated board: it must go on answering, and hold what it held");
        app.add_option("--bytes", bytes, "Bytes of noise")->check(CLI::PositiveNumber)->capture_default_str();
        app.add_option("--seed", seed, "Of model and noise")->capture_default_str();
        file.add_options(app);
        CLI11_PARSE(app, argc, argv);
        return lacuna::run(bytes, seed, file);
    });
}
