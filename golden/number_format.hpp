// The widths of docs/numbers.md that follow from the bits of an activation, 8 or 16.
#pragma once

#include <cstdint>

namespace lacuna {

struct NumberFormat {
    int activation_bits;  ///< of h (Q0.7, Q0.15) and of the input
    int gate_bits;        ///< of a pre-activation, a bias and a logit
    int gate_fraction;    ///< fraction bits of a pre-activation and its bias
    int mantissa_bits;    ///< of a row's scale
    int max_cell_fraction;
    int max_accumulator_bits;  ///< of an engine (parameter ACCW)

    static constexpr int kMinCellFraction = 8;

    constexpr int max_head_fraction() const { return gate_bits - 2; }
    constexpr std::int32_t min_mantissa() const { return std::int32_t{1} << (mantissa_bits - 1); }
    constexpr std::int32_t max_mantissa() const { return (std::int32_t{1} << mantissa_bits) - 1; }
    constexpr std::int32_t max_activation() const { return (std::int32_t{1} << (activation_bits - 1)) - 1; }
    constexpr std::int32_t min_activation() const { return -max_activation() - 1; }
    constexpr std::int32_t max_gate() const { return (std::int32_t{1} << (gate_bits - 1)) - 1; }
    constexpr std::int32_t min_gate() const { return -max_gate() - 1; }
    /// Engines and models of these activations exist.
    static constexpr bool supports(int activation_bits) {
        return activation_bits == 8 || activation_bits == 16;
    }
};

/// The format of 8 or of 16 bits; `activation_bits` must be one of them.
constexpr NumberFormat number_format(int activation_bits) {
    return activation_bits == 16 ? NumberFormat{16, 19, 14, 12, 14, 36} : NumberFormat{8, 16, 12, 15, 12, 32};
}

}  // namespace lacuna
