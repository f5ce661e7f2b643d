// lacuna_cell against docs/numbers.md, units of LSTMs and GRUs in any order.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "Vcell.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/table.hpp"

namespace lacuna::rtl_test {
namespace {

constexpr std::size_t kLatency = 19;

struct Unit {
    int i, f, g, o, cell, fraction;
    bool gru = false;  ///< i, f, g, o are r, z, n_h, n_x

    static std::int64_t tanh(std::int64_t argument) { return tanh_q<kAct>(static_cast<int>(argument)); }
    std::int64_t tanh_argument() const { return sat_gate(o + rhu(std::int64_t{i} * g, 15)); }
    std::int64_t next_state() const {
        const std::int64_t n = tanh(tanh_argument());
        return sat16(((32768 - f) * n + std::int64_t{f} * cell + (1 << 14)) >> 15);
    }
    /// Written as the defining formula: one rounding of the exact f*c*2^(15-n) + i*g.
    std::int64_t next_cell() const {
        if (gru) {
            return next_state();
        }
        const std::int64_t exact = std::int64_t{f} * cell * (1 << (15 - fraction)) + std::int64_t{i} * g;
        return sat16(rhu(exact, 30 - fraction));
    }
    std::int64_t h() const {
        if (gru) {
            return sat<kAct>(rhu(next_state(), 16 - kAct));
        }
        const std::int64_t argument = sat_gate(next_cell() << (kFormat.gate_fraction - fraction));
        return sat<kAct>(rhu(std::int64_t{o} * tanh(argument), 31 - kAct));
    }
};

class CellRun {
  public:
    explicit CellRun(int damaged) {
        if (damaged >= 0) {
            checker_.be_quiet();
        }
        load_table(bench_, damaged);
    }

    Checker run() {
        ends_of_lstm();
        ends_of_gru();
        for (int n = 0; n < 300'000; ++n) {
            give(random_.one_in(2) ? random_gru() : random_lstm());
        }
        CHECK(saturated_ > 100);
        CHECK(limited_ > 100);
        // 16-bit h of an LSTM is a product of two numbers below 1, that of a GRU a mean: the ends are rare.
        CHECK(full_h_ > (kAct == 16 ? 10 : 100));
        CHECK(lowest_h_ > (kAct == 16 ? 10 : 100));
        return checker_;
    }

  private:
    static constexpr int kLow = kFormat.min_gate();
    static constexpr int kHigh = kFormat.max_gate();

    /// Ends of every range: sigmoid in [11, 32757] or [1, 32767], tanh in [-32767, 32767], and what no gate
    /// gives.
    void ends_of_lstm() {
        for (int fraction = NumberFormat::kMinCellFraction; fraction <= kFormat.max_cell_fraction;
             ++fraction) {
            for (const int i : {0, 11, 16384, 32757, 32767}) {
                for (const int f : {0, 11, 16384, 32757, 32767}) {
                    for (const int g : {-32767, -16384, -1, 0, 1, 16384, 32767}) {
                        for (const int cell : {-32768, -32767, -4096, -1, 0, 1, 4096, 32767}) {
                            for (const int o : {11, 32757, 32767}) {
                                give({i, f, g, o, cell, fraction});
                            }
                        }
                    }
                }
            }
        }
    }

    /// The same of a GRU, n_x and n_h over the whole range of a pre-activation.
    void ends_of_gru() {
        for (const int r : {1, 11, 16384, 32757, 32767}) {
            for (const int z : {1, 11, 16383, 16384, 32757, 32767}) {
                for (const int n_h : {kLow, kLow + 1, -16384, -1, 0, 1, 16384, kHigh}) {
                    for (const int n_x : {kLow, kLow + 1, -4096, -1, 0, 1, 4096, kHigh}) {
                        for (const int state : {-32768, -32767, -16384, -129, -128, 0, 127, 128, 32767}) {
                            give({r, z, n_h, n_x, state, kFormat.gate_fraction, true});
                        }
                    }
                }
            }
        }
    }

    /// A number of at most `bits` bits, most often fewer: small and large ones alike.
    int number(int bits) {
        const int used = random_.one_in(2) ? bits : static_cast<int>(random_.between(2, bits - 1));
        return static_cast<int>(random_.between(-(1 << (used - 1)), (1 << (used - 1)) - 1));
    }
    int sigmoid() { return static_cast<int>(random_.between(sigmoid_q<kAct>(kLow), sigmoid_q<kAct>(kHigh))); }

    Unit random_lstm() {
        return {sigmoid(),
                sigmoid(),
                static_cast<int>(random_.between(-32767, 32767)),
                sigmoid(),
                number(16),
                static_cast<int>(random_.between(NumberFormat::kMinCellFraction, kFormat.max_cell_fraction))};
    }
    Unit random_gru() {
        return {sigmoid(),
                sigmoid(),
                number(kFormat.gate_bits),
                number(kFormat.gate_bits),
                number(16),
                kFormat.gate_fraction,
                true};
    }

    void give(const Unit& unit) {
        ++index_;
        bench_->gru_i = unit.gru;
        bench_->i_i = static_cast<SData>(unit.i);
        bench_->f_i = static_cast<SData>(unit.f);
        give_port(bench_->g_i, unit.g, kFormat.gate_bits);
        give_port(bench_->o_i, unit.o, kFormat.gate_bits);
        bench_->cell_i = static_cast<SData>(unit.cell);
        bench_->cell_fraction_i = static_cast<CData>(unit.fraction);
        bench_.tick();
        if (const auto old = line_.next(unit)) {
            const std::int64_t cell = old->next_cell();
            saturated_ += !old->gru && (cell == 32767 || cell == -32768) ? 1 : 0;
            limited_ += old->gru && std::abs(old->tanh_argument()) >= kHigh ? 1 : 0;
            checker_.check("c of " + text(*old), index_, cell, get_signed(bench_->cell_o, 0, 16));
            const std::int64_t h = old->h();
            full_h_ += h == kFormat.max_activation() ? 1 : 0;
            lowest_h_ += h == kFormat.min_activation() ? 1 : 0;
            checker_.check("h of " + text(*old), index_, h, get_signed(bench_->h_o, 0, kAct));
        }
    }

    static std::string text(const Unit& u) {
        return std::string(u.gru ? "GRU " : "LSTM ") + "i " + std::to_string(u.i) + " f " +
               std::to_string(u.f) + " g " + std::to_string(u.g) + " o " + std::to_string(u.o) + " c " +
               std::to_string(u.cell) + " n " + std::to_string(u.fraction);
    }

    Checker checker_{"lacuna_cell"};
    Testbench<Vcell> bench_{9};
    SplitMix64 random_{10};
    DelayLine<Unit> line_{kLatency - 1};
    std::int64_t index_ = 0;
    int saturated_ = 0;  ///< cells of LSTMs
    int limited_ = 0;    ///< arguments of GRUs' tanh
    int full_h_ = 0;
    int lowest_h_ = 0;
};

TEST_CASE("cell equals golden, LSTM and GRU, every fraction") {
    CHECK_CLEAN(CellRun(-1).run());
}
TEST_CASE("cell: a damaged table word is reported") {
    CHECK(CellRun(20).run().mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
