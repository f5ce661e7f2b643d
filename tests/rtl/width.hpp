// The bits of an activation that these tests are built for: tests/rtl/CMakeLists.txt builds their sources for
// each.
#pragma once

#include <cstdint>

#include "golden/fixed.hpp"
#include "golden/number_format.hpp"
#include "sim/testbench.hpp"

namespace lacuna::rtl_test {

inline constexpr int kAct = LACUNA_ACT;
inline constexpr NumberFormat kFormat = number_format(kAct);
inline constexpr int kBankUnits = 16;
inline constexpr int kBankBits = kBankUnits * kAct;
inline constexpr int kAccW = 16 + kAct;                     ///< AccW, the bits of a row's sum
inline constexpr int kDefaultAccW = 24;                     ///< AccW of modules that no test sets it for
inline constexpr int kShiftLow = kFormat.mantissa_bits;     ///< where a row word's shift begins
inline constexpr int kBiasLow = kFormat.mantissa_bits + 5;  ///< and its bias

/// Limited to the bits of a pre-activation.
constexpr std::int64_t sat_gate(std::int64_t v) {
    return sat<kFormat.gate_bits>(v);
}

/// Gives a whole port `width` bits of a number.
template <class Port>
void give_port(Port& port, std::int64_t value, int width) {
    set_bits(port, 0, width, static_cast<std::uint64_t>(value));
}

}  // namespace lacuna::rtl_test
