// The two integer operations of docs/numbers.md, used by everything that computes an engine's bits.
#pragma once

#include <cstdint>

namespace lacuna {

/// Shift right by `s` (0..62), rounding half up: floor(v / 2^s + 1/2). The only rounding rule of the engine.
/// Ties go towards +infinity, also for negative values: rhu(-3, 1) = -1.
constexpr std::int64_t rhu(std::int64_t v, int s) {
    return s == 0 ? v : (v + (std::int64_t{1} << (s - 1))) >> s;
}

/// `v` limited to what N bits of two's complement hold: [-2^(N-1), 2^(N-1) - 1].
template <int N>
constexpr std::int64_t sat(std::int64_t v) {
    static_assert(N >= 1 && N <= 63);
    constexpr std::int64_t kMax = (std::int64_t{1} << (N - 1)) - 1;
    constexpr std::int64_t kMin = -kMax - 1;
    if (v > kMax) {
        return kMax;
    }
    return v < kMin ? kMin : v;
}

constexpr std::int16_t sat16(std::int64_t v) {
    return static_cast<std::int16_t>(sat<16>(v));
}
constexpr std::int8_t sat8(std::int64_t v) {
    return static_cast<std::int8_t>(sat<8>(v));
}

}  // namespace lacuna
