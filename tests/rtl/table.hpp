// Loading the tanh table through a module's table_i: word s is {T[s + 1] - T[s], T[s]}
// (golden/tanh_table.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "golden/tanh_table.hpp"
#include "sim/testbench.hpp"
#include "tests/rtl/records.hpp"
#include "tests/rtl/width.hpp"

namespace lacuna::rtl_test {

inline constexpr int kTableWords = static_cast<int>(tanh_table<kAct>().size()) - 1;

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
    for (int s = 0; s < kTableWords; ++s) {
        put(bench->table_i, TableAccess{static_cast<int>(table_word(s) ^ (s == damaged ? 4U : 0U)), s, 0, 1});
        bench.tick();
    }
    put(bench->table_i, TableAccess{});
}

}  // namespace lacuna::rtl_test
