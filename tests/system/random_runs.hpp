// Random runs of a session, for tests.
#pragma once

#include "golden/random_model.hpp"
#include "sim/session.hpp"

namespace lacuna {

/// Feeds random vectors; in generate mode one after each output. With `pauses`, inputs and outputs stall at
/// random.
inline RunStatistics random_run(Session& session, Mode mode, std::uint64_t steps, SplitMix64& prng,
                                bool pauses = false) {
    const std::size_t size = session.golden().model().input_size();
    std::uint64_t outputs = 0;
    session.output_ready = [&prng, pauses] { return !pauses || prng.next() % 8 == 0; };
    const auto source = [&](std::uint64_t step) -> std::optional<std::vector<std::int8_t>> {
        if ((mode == Mode::Generate && step > outputs) || (pauses && prng.next() % 64 != 0)) {
            return std::nullopt;
        }
        return random_input(prng, size, step % 3 == 0);
    };
    const RunStatistics run =
        session.run(mode, steps, source, [&](std::uint64_t, std::span<const std::int16_t>) { ++outputs; });
    session.output_ready = {};
    return run;
}

}  // namespace lacuna
