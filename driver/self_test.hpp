// Does a device compute what golden computes? Bit by bit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "driver/board.hpp"

namespace lacuna {

struct SelfTestOptions {
    std::size_t steps = 100;  ///< of each part
    std::uint64_t seed = 1;
    std::function<void(const char* part, std::size_t done, std::size_t total)> progress;
    std::stop_token stop;
};

/// The first value that differs from golden.
struct Difference {
    std::string part;  ///< of the test
    std::uint64_t step = 0;
    std::string place;  ///< `layer 1 h`, `layer 1 c`, `output`, `token`
    std::size_t unit = 0;
    long expected = 0;
    long got = 0;

    std::string to_string() const;
};

struct SelfTestReport {
    std::uint64_t steps = 0;
    std::uint64_t values = 0;  ///< compared
    std::uint64_t differing = 0;
    std::uint64_t cycles = 0;
    std::optional<Difference> first;
};

/// Runs the board's model on random inputs from zero state and from a random state, in both modes, on tokens
/// and feeding itself, and compares every output, and h and c of every unit at the end of each part. Where a
/// state differs, runs again step by step to find where it begins. Leaves the state cleared.
SelfTestReport self_test(Board& board, const QuantisedModel& model, const SelfTestOptions& options = {});

}  // namespace lacuna
