// One step of one unit in integers (docs/numbers.md), from its sums to its new state: what the golden model
// and the training that simulates it compute alike.
#pragma once

#include <array>
#include <cstdint>

#include "golden/fixed.hpp"
#include "golden/quantised_model.hpp"
#include "golden/tanh_table.hpp"

namespace lacuna {

inline constexpr int kFactorFraction = 15;  // of sigmoid and tanh

/// Limited to the bits of a pre-activation.
template <int kAct>
constexpr std::int32_t sat_gate(std::int64_t v) {
    return static_cast<std::int32_t>(sat<number_format(kAct).gate_bits>(v));
}

struct ScaledRow {
    std::int32_t value;
    bool saturated;
};

/// sat(rhu(acc * m, q) + bias)
template <int kAct>
constexpr ScaledRow scale_row(std::int64_t accumulator, const RowScale& row) {
    const std::int64_t sum = rhu(accumulator * row.mantissa, row.shift) + row.bias;
    const std::int32_t value = sat_gate<kAct>(sum);
    return {value, value != sum};
}

struct UnitStep {
    std::array<int, kGates> gates;  ///< as `StepTrace::Layer::gate`
    std::int16_t c;                 ///< new cell state, of a GRU h at 16 bits
    std::int16_t h;                 ///< new activation
    int squashed;                   ///< LSTM: tanh of the new cell state, Q0.15
    bool saturated;                 ///< LSTM: c was limited; GRU: the argument of n was
};

/// @param pre pre-activations of i, f, g, o; @param fraction n of the cell state
template <int kAct>
constexpr UnitStep lstm_unit(const std::array<std::int32_t, kGates>& pre, std::int16_t before, int fraction) {
    const int i = sigmoid_q<kAct>(pre[0]);
    const int f = sigmoid_q<kAct>(pre[1]);
    const int g = tanh_q<kAct>(pre[2]);
    const int o = sigmoid_q<kAct>(pre[3]);
    const std::int64_t cell =
        (std::int64_t{f} * before + ((std::int64_t{i} * g) >> (kFactorFraction - fraction)) + (1 << 14)) >>
        15;
    const std::int16_t c = sat16(cell);
    const int squashed =
        tanh_q<kAct>(sat_gate<kAct>(std::int64_t{c} << (number_format(kAct).gate_fraction - fraction)));
    const auto h = sat<kAct>(rhu(std::int64_t{o} * squashed, 2 * kFactorFraction + 1 - kAct));
    return {{i, f, g, o}, c, static_cast<std::int16_t>(h), squashed, c != cell};
}

/// @param pre pre-activations of r, z, n_x, n_h
template <int kAct>
constexpr UnitStep gru_unit(const std::array<std::int32_t, kGates>& pre, std::int16_t before) {
    const int r = sigmoid_q<kAct>(pre[0]);
    const int z = sigmoid_q<kAct>(pre[1]);
    const std::int64_t sum = pre[2] + rhu(std::int64_t{r} * pre[3], kFactorFraction);
    const int argument = sat_gate<kAct>(sum);
    const int n = tanh_q<kAct>(argument);
    // A weighted mean of n and the state before, so it fits 16 bits.
    const auto s = static_cast<std::int16_t>(
        rhu(std::int64_t{(1 << kFactorFraction) - z} * n + std::int64_t{z} * before, kFactorFraction));
    const auto h = sat<kAct>(rhu(s, 16 - kAct));
    return {{r, z, n, argument}, s, static_cast<std::int16_t>(h), 0, argument != sum};
}

}  // namespace lacuna
