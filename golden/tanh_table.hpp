// sigmoid and tanh of docs/numbers.md: one table of 257 entries with linear interpolation, integers only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "golden/fixed.hpp"

namespace lacuna {

/// T[s] = min(32767, round(32768 * tanh(s / 32))), s = 0..256. Stored: no libm decides a bit.
// clang-format off
inline constexpr std::array<std::int16_t, 257> kTanhTable = {
        0,  1024,  2045,  3063,  4075,  5079,  6073,  7056,  8025,  8980,  9919, 10840, 11743, 12625, 13486, 14326,
    15143, 15936, 16706, 17452, 18173, 18870, 19542, 20189, 20813, 21411, 21986, 22538, 23066, 23571, 24054, 24516,
    24956, 25376, 25776, 26157, 26519, 26864, 27191, 27502, 27797, 28076, 28341, 28592, 28830, 29055, 29268, 29470,
    29660, 29840, 30010, 30170, 30322, 30465, 30600, 30727, 30847, 30960, 31067, 31167, 31262, 31351, 31435, 31515,
    31589, 31659, 31726, 31788, 31846, 31901, 31953, 32002, 32048, 32091, 32132, 32170, 32206, 32240, 32271, 32301,
    32329, 32356, 32381, 32404, 32426, 32447, 32466, 32484, 32501, 32517, 32532, 32547, 32560, 32573, 32584, 32596,
    32606, 32616, 32625, 32634, 32642, 32649, 32657, 32663, 32670, 32676, 32681, 32686, 32691, 32696, 32700, 32704,
    32708, 32712, 32715, 32718, 32721, 32724, 32727, 32729, 32732, 32734, 32736, 32738, 32740, 32741, 32743, 32745,
    32746, 32747, 32749, 32750, 32751, 32752, 32753, 32754, 32755, 32755, 32756, 32757, 32758, 32758, 32759, 32759,
    32760, 32760, 32761, 32761, 32762, 32762, 32762, 32763, 32763, 32763, 32764, 32764, 32764, 32764, 32765, 32765,
    32765, 32765, 32765, 32766, 32766, 32766, 32766, 32766, 32766, 32766, 32766, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767};
// clang-format on

/// The interpolation both functions share: `a` (0..32767) has `fraction_bits` bits below the table's step.
constexpr int interpolate_tanh(int a, int fraction_bits) {
    const int s = a >> fraction_bits;
    const int r = a & ((1 << fraction_bits) - 1);
    const int low = kTanhTable[static_cast<std::size_t>(s)];
    const int step = kTanhTable[static_cast<std::size_t>(s) + 1] - low;
    return low + static_cast<int>(rhu(std::int64_t{step} * r, fraction_bits));
}

/// |x|, limited to 15 bits: -32768 has no positive twin.
constexpr int limited_magnitude(int x) {
    const int magnitude = x < 0 ? -x : x;
    return magnitude > 32767 ? 32767 : magnitude;
}

/// tanh of a pre-activation: x is Q3.12 (int16 range), the result Q0.15 in [-32767, 32767].
constexpr int tanh_q(int x) {
    const int y = interpolate_tanh(limited_magnitude(x), 7);
    return x < 0 ? -y : y;
}

/// sigmoid of a pre-activation, (1 + tanh(x/2)) / 2: x is Q3.12 (int16 range), the result Q0.15 in [11,
/// 32757].
constexpr int sigmoid_q(int x) {
    const int y = interpolate_tanh(limited_magnitude(x), 8);
    return static_cast<int>(rhu(32768 + (x < 0 ? -y : y), 1));
}

}  // namespace lacuna
