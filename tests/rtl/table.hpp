// Loading the tanh table through a module's table port: word s is {T[s + 1] - T[s], T[s]}
// (golden/tanh_table.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "golden/tanh_table.hpp"
#include "sim/testbench.hpp"
#include "tests/rtl/width.hpp"

namespace lacuna::rtl_test {

inline constexpr int kTableWords = static_cast<int>(tanh_table<kAct>().size()) - 1;

inline constexpr int kTableAddressBits = kAct == 16 ? 9 : 8;

inline std::uint32_t table_word(int segment) {
    const auto at = static_cast<std::size_t>(segment);
    const auto& table = tanh_table<kAct>();
    const auto start = static_cast<std::uint32_t>(table[at]);
    const auto step = static_cast<std::uint32_t>(table[at + 1] - table[at]);
    return step << 15 | start;
}

/// @param damaged segment whose word is loaded with a flipped bit; none when negative
template <class Model>
void load_table(Testbench<Model>& bench, int damaged = -1) {
    bench->table_read_i = 0;
    bench->table_we_i = 1;
    for (int s = 0; s < kTableWords; ++s) {
        give_port(bench->table_addr_i, s, kTableAddressBits);
        bench->table_word_i = table_word(s) ^ (s == damaged ? 4U : 0U);
        bench.tick();
    }
    bench->table_we_i = 0;
}

}  // namespace lacuna::rtl_test
