// lacuna_port: scale, gates and cell of a unit a cycle, LSTMs and GRUs mixed, at the times of its header.
#include <doctest/doctest.h>

#include <array>

#include "Vport.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/table.hpp"

namespace lacuna::rtl_test {
namespace {

constexpr std::size_t kLanes = 4;

struct PortUnit {
    std::array<std::int64_t, kLanes> sum{};
    std::array<int, kLanes> mantissa{}, shift{}, bias{};
    int cell = 0, fraction = 0;
    bool gru = false;

    std::int64_t value(std::size_t lane) const {
        return sat_gate(rhu(sum[lane] * mantissa[lane], shift[lane]) + bias[lane]);
    }
    static std::int64_t tanh(std::int64_t argument) {
        return tanh_q<kAct>(static_cast<int>(sat_gate(argument)));
    }
    std::int64_t next_cell() const {
        const std::int64_t i = sigmoid_q<kAct>(static_cast<int>(value(0)));
        const std::int64_t f = sigmoid_q<kAct>(static_cast<int>(value(1)));
        if (gru) {
            const std::int64_t n = tanh(value(2) + rhu(i * value(3), 15));
            return sat16(((32768 - f) * n + f * cell + (1 << 14)) >> 15);
        }
        const std::int64_t g = tanh(value(2));
        return sat16((f * cell + ((i * g) >> (15 - fraction)) + (1 << 14)) >> 15);
    }
    std::int64_t h() const {
        if (gru) {
            return sat<kAct>(rhu(next_cell(), 16 - kAct));
        }
        const std::int64_t o = sigmoid_q<kAct>(static_cast<int>(value(3)));
        return sat<kAct>(rhu(o * tanh(next_cell() << (kFormat.gate_fraction - fraction)), 31 - kAct));
    }
};

PortUnit random_unit(SplitMix64& random) {
    PortUnit unit;
    for (std::size_t l = 0; l < kLanes; ++l) {
        unit.sum[l] = random.between(-(std::int64_t{1} << (kAccW - 1)), (std::int64_t{1} << (kAccW - 1)) - 1);
        unit.mantissa[l] = static_cast<int>(random.between(kFormat.min_mantissa(), kFormat.max_mantissa()));
        // The largest sum to 2 to 1/32 of the range of a pre-activation.
        const int shift = kAccW + kFormat.mantissa_bits - kFormat.gate_bits;
        unit.shift[l] = static_cast<int>(random.between(shift - 3, shift + 3));
        unit.bias[l] = static_cast<int>(random.between(-8000, 8000));
    }
    unit.cell = static_cast<int>(random.between(-32768, 32767));
    unit.gru = random.one_in(2);
    unit.fraction =
        unit.gru
            ? kFormat.gate_fraction
            : static_cast<int>(random.between(NumberFormat::kMinCellFraction, kFormat.max_cell_fraction));
    return unit;
}

Checker run_port(Fault fault) {
    Checker checker("lacuna_port");
    if (fault == Fault::kInjected) {
        checker.be_quiet();
    }
    Testbench<Vport> bench(16);
    load_table(bench);
    SplitMix64 random(17);
    DelayLine<PortUnit> values(6), scaled(7), taken(14), states(32);
    for (int index = 0; index < 30'000; ++index) {
        const PortUnit unit = random_unit(random);
        for (std::size_t l = 0; l < kLanes; ++l) {
            const int at = static_cast<int>(l);
            const bool flip = fault == Fault::kInjected && l == 3 && index == 500;
            set_bits(bench->sum_i, at * kAccW, kAccW,
                     static_cast<std::uint64_t>(flip ? ~unit.sum[l] : unit.sum[l]));
            set_bits(bench->row_i, at * 36, kFormat.mantissa_bits,
                     static_cast<std::uint64_t>(unit.mantissa[l]));
            set_bits(bench->row_i, at * 36 + kShiftLow, 5, static_cast<std::uint64_t>(unit.shift[l]));
            set_bits(bench->row_i, at * 36 + kBiasLow, kFormat.gate_bits,
                     static_cast<std::uint64_t>(unit.bias[l]));
        }
        if (const auto now = scaled.next(unit)) {
            bench->gru_i = now->gru;
        }
        if (const auto now = taken.next(unit)) {
            bench->cell_i = static_cast<SData>(now->cell);
            bench->cell_fraction_i = static_cast<CData>(now->fraction);
        }
        bench.tick();
        if (const auto old = values.next(unit)) {
            for (std::size_t l = 0; l < kLanes; ++l) {
                checker.check(
                    "scaled row of lane " + std::to_string(l), index, old->value(l),
                    get_signed(bench->value_o, static_cast<int>(l) * kFormat.gate_bits, kFormat.gate_bits));
            }
        }
        if (const auto old = states.next(unit)) {
            checker.check("c", index, old->next_cell(), get_signed(bench->cell_o, 0, 16));
            checker.check("h", index, old->h(), get_signed(bench->h_o, 0, kAct));
        }
    }
    return checker;
}

TEST_CASE("port equals golden") {
    CHECK_CLEAN(run_port(Fault::kNone));
}
TEST_CASE("port: a wrong sum is reported") {
    CHECK(run_port(Fault::kInjected).mismatches() > 0);
}

TEST_CASE("port: every copy of the table reads back") {
    Checker checker("lacuna_port");
    Testbench<Vport> bench(18);
    load_table(bench);
    for (int copy = 0; copy < 5; ++copy) {
        bench->table_select_i = static_cast<CData>(copy);
        for (int s = 0; s < kTableWords; ++s) {
            put(bench->table_i, TableAccess{0, s, 1, 0});
            for (int cycle = 0; cycle < 5 + copy; ++cycle) {
                bench.tick();
            }
            checker.check("word of table " + std::to_string(copy), s, table_word(s), bench->table_word_o);
            if (copy == 4) {
                checker.check("handed on", s, s, get<TableAccess>(bench->table_o).address);
            }
        }
    }
    CHECK_CLEAN(checker);
}

}  // namespace
}  // namespace lacuna::rtl_test
