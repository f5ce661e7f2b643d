// sigmoid and tanh of docs/numbers.md: one table with linear interpolation, integers only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "golden/fixed.hpp"
#include "golden/number_format.hpp"

namespace lacuna {

/// T[s] = min(32767, round(32768 * tanh(s / 64))), s = 0..512. Stored: no libm decides a bit.
// clang-format off
inline constexpr std::array<std::int16_t, 513> kTanhTable16 = {
        0,   512,  1024,  1535,  2045,  2555,  3063,  3570,  4075,  4578,  5079,  5577,  6073,  6566,  7056,  7542,
     8025,  8505,  8980,  9452,  9919, 10382, 10840, 11294, 11743, 12186, 12625, 13058, 13486, 13909, 14326, 14737,
    15143, 15542, 15936, 16324, 16706, 17082, 17452, 17816, 18173, 18525, 18870, 19209, 19542, 19869, 20189, 20504,
    20813, 21115, 21411, 21702, 21986, 22265, 22538, 22804, 23066, 23321, 23571, 23815, 24054, 24287, 24516, 24738,
    24956, 25168, 25376, 25578, 25776, 25969, 26157, 26340, 26519, 26694, 26864, 27029, 27191, 27348, 27502, 27651,
    27797, 27938, 28076, 28211, 28341, 28469, 28592, 28713, 28830, 28944, 29055, 29163, 29268, 29370, 29470, 29566,
    29660, 29751, 29840, 29926, 30010, 30091, 30170, 30247, 30322, 30394, 30465, 30533, 30600, 30664, 30727, 30788,
    30847, 30904, 30960, 31014, 31067, 31118, 31167, 31215, 31262, 31307, 31351, 31394, 31435, 31476, 31515, 31553,
    31589, 31625, 31659, 31693, 31726, 31757, 31788, 31817, 31846, 31874, 31901, 31928, 31953, 31978, 32002, 32025,
    32048, 32070, 32091, 32112, 32132, 32151, 32170, 32188, 32206, 32223, 32240, 32256, 32271, 32287, 32301, 32316,
    32329, 32343, 32356, 32368, 32381, 32392, 32404, 32415, 32426, 32436, 32447, 32456, 32466, 32475, 32484, 32493,
    32501, 32509, 32517, 32525, 32532, 32540, 32547, 32553, 32560, 32566, 32573, 32579, 32584, 32590, 32596, 32601,
    32606, 32611, 32616, 32620, 32625, 32629, 32634, 32638, 32642, 32646, 32649, 32653, 32657, 32660, 32663, 32667,
    32670, 32673, 32676, 32678, 32681, 32684, 32686, 32689, 32691, 32694, 32696, 32698, 32700, 32702, 32704, 32706,
    32708, 32710, 32712, 32714, 32715, 32717, 32718, 32720, 32721, 32723, 32724, 32726, 32727, 32728, 32729, 32731,
    32732, 32733, 32734, 32735, 32736, 32737, 32738, 32739, 32740, 32741, 32741, 32742, 32743, 32744, 32745, 32745,
    32746, 32747, 32747, 32748, 32749, 32749, 32750, 32750, 32751, 32751, 32752, 32752, 32753, 32753, 32754, 32754,
    32755, 32755, 32755, 32756, 32756, 32757, 32757, 32757, 32758, 32758, 32758, 32759, 32759, 32759, 32759, 32760,
    32760, 32760, 32760, 32761, 32761, 32761, 32761, 32762, 32762, 32762, 32762, 32762, 32762, 32763, 32763, 32763,
    32763, 32763, 32763, 32764, 32764, 32764, 32764, 32764, 32764, 32764, 32764, 32765, 32765, 32765, 32765, 32765,
    32765, 32765, 32765, 32765, 32765, 32765, 32766, 32766, 32766, 32766, 32766, 32766, 32766, 32766, 32766, 32766,
    32766, 32766, 32766, 32766, 32766, 32766, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767};
// clang-format on

/// With activations of 8 bits every other entry: T[s] = min(32767, round(32768 * tanh(s / 32))), s = 0..256.
inline constexpr std::array<std::int16_t, 257> kTanhTable8 = [] {
    std::array<std::int16_t, 257> table{};
    for (std::size_t s = 0; s < table.size(); ++s) {
        table[s] = kTanhTable16[2 * s];
    }
    return table;
}();

/// The table of an engine whose activations have kAct bits, 8 or 16.
template <int kAct>
constexpr const auto& tanh_table() {
    if constexpr (kAct == 16) {
        return kTanhTable16;
    } else {
        return kTanhTable8;
    }
}

/// Bits of tanh's argument below the table's step; of sigmoid's one more.
template <int kAct>
inline constexpr int kTanhStepBits = kAct == 16 ? 8 : 7;

/// The interpolation both functions share: `a` has `fraction_bits` bits below the table's step.
template <int kAct>
constexpr int interpolate_tanh(int a, int fraction_bits) {
    const auto& table = tanh_table<kAct>();
    const int s = a >> fraction_bits;
    const int r = a & ((1 << fraction_bits) - 1);
    const int low = table[static_cast<std::size_t>(s)];
    const int step = table[static_cast<std::size_t>(s) + 1] - low;
    return low + static_cast<int>(rhu(std::int64_t{step} * r, fraction_bits));
}

/// |x|, limited to what the table covers.
template <int kAct>
constexpr int limited_magnitude(int x, int fraction_bits) {
    const int most = (static_cast<int>(tanh_table<kAct>().size() - 1) << fraction_bits) - 1;
    return std::min(x < 0 ? -x : x, std::min(most, number_format(kAct).max_gate()));
}

/// tanh of a pre-activation, Q3.12 or Q4.14; the result is Q0.15 in [-32767, 32767].
template <int kAct = 8>
constexpr int tanh_q(int x) {
    const int y =
        interpolate_tanh<kAct>(limited_magnitude<kAct>(x, kTanhStepBits<kAct>), kTanhStepBits<kAct>);
    return x < 0 ? -y : y;
}

/// sigmoid of a pre-activation, (1 + tanh(x/2)) / 2, below 1; the result is Q0.15 in [11, 32757] or [1,
/// 32767].
template <int kAct = 8>
constexpr int sigmoid_q(int x) {
    constexpr int kBits = kTanhStepBits<kAct> + 1;
    const int y = interpolate_tanh<kAct>(limited_magnitude<kAct>(x, kBits), kBits);
    const int doubled = 32768 + (x < 0 ? -y : y);
    const int rounded = static_cast<int>(rhu(doubled, 1));
    if constexpr (kAct == 16) {
        return std::min(rounded, 32767);
    }
    return rounded;  // 8 bits of activation: the argument ends before
}

}  // namespace lacuna
