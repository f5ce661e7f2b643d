// Loading the tanh table through a module's table port: word s is {T[s + 1] - T[s], T[s]}
// (golden/tanh_table.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "golden/tanh_table.hpp"
#include "sim/testbench.hpp"

namespace lacuna::rtl_test {

inline constexpr int kTableWords = 256;

inline std::uint32_t table_word(int segment) {
    const auto at = static_cast<std::size_t>(segment);
    const auto start = static_cast<std::uint32_t>(kTanhTable[at]);
    const auto step = static_cast<std::uint32_t>(kTanhTable[at + 1] - kTanhTable[at]);
    return step << 15 | start;
}

/// @param damaged segment whose word is loaded with a flipped bit; none when negative
template <class Model>
void load_table(Testbench<Model>& bench, int damaged = -1) {
    bench->table_read_i = 0;
    bench->table_we_i = 1;
    for (int s = 0; s < kTableWords; ++s) {
        bench->table_addr_i = static_cast<CData>(s);
        bench->table_word_i = table_word(s) ^ (s == damaged ? 4U : 0U);
        bench.tick();
    }
    bench->table_we_i = 0;
}

}  // namespace lacuna::rtl_test
