// lacuna_cell against docs/numbers.md: c' = sat16(rhu(f*c + i*g)), h' = sat8(rhu(o * tanh(c'))).
#include <doctest/doctest.h>

#include <array>

#include "Vcell.h"
#include "golden/fixed.hpp"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/table.hpp"

namespace lacuna::rtl_test {
namespace {

constexpr std::size_t kCellLatency = 6;
constexpr std::size_t kHLatency = 18;

struct Unit {
    int i, f, g, o, cell, fraction;

    /// Written as the defining formula: one rounding of the exact f*c*2^(15-n) + i*g.
    std::int64_t next_cell() const {
        const std::int64_t exact = std::int64_t{f} * cell * (1 << (15 - fraction)) + std::int64_t{i} * g;
        return sat16(rhu(exact, 30 - fraction));
    }
    std::int64_t h() const {
        const std::int64_t argument = sat16(next_cell() << (12 - fraction));
        return sat8(rhu(std::int64_t{o} * tanh_q(static_cast<int>(argument)), 23));
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
        // Ends of every range: sigmoid in [11, 32757], tanh in [-32767, 32767], and what no gate gives.
        for (int fraction = 8; fraction <= 12; ++fraction) {
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
        for (int n = 0; n < 200'000; ++n) {
            const int small = random_.one_in(2) ? 16 : static_cast<int>(random_.between(2, 15));
            give({static_cast<int>(random_.between(11, 32757)), static_cast<int>(random_.between(11, 32757)),
                  static_cast<int>(random_.between(-32767, 32767)),
                  static_cast<int>(random_.between(11, 32757)),
                  static_cast<int>(random_.between(-(1 << (small - 1)), (1 << (small - 1)) - 1)),
                  static_cast<int>(random_.between(8, 12))});
        }
        CHECK(saturated_ > 100);
        CHECK(full_h_ > 100);
        return checker_;
    }

  private:
    void give(const Unit& unit) {
        ++index_;
        bench_->i_i = static_cast<SData>(unit.i);
        bench_->f_i = static_cast<SData>(unit.f);
        bench_->g_i = static_cast<SData>(unit.g);
        bench_->o_i = static_cast<SData>(unit.o);
        bench_->cell_i = static_cast<SData>(unit.cell);
        bench_->cell_fraction_i = static_cast<CData>(unit.fraction);
        bench_.tick();
        if (const auto old = cells_.next(unit)) {
            const std::int64_t cell = old->next_cell();
            saturated_ += cell == 32767 || cell == -32768 ? 1 : 0;
            checker_.check("c of " + text(*old), index_, cell, get_signed(bench_->cell_o, 0, 16));
        }
        if (const auto old = hs_.next(unit)) {
            const std::int64_t h = old->h();
            full_h_ += h == 127 ? 1 : 0;
            checker_.check("h of " + text(*old), index_, h, get_signed(bench_->h_o, 0, 8));
        }
    }

    static std::string text(const Unit& u) {
        return "i " + std::to_string(u.i) + " f " + std::to_string(u.f) + " g " + std::to_string(u.g) +
               " o " + std::to_string(u.o) + " c " + std::to_string(u.cell) + " n " +
               std::to_string(u.fraction);
    }

    Checker checker_{"lacuna_cell"};
    Testbench<Vcell> bench_{9};
    SplitMix64 random_{10};
    DelayLine<Unit> cells_{kCellLatency - 1};
    DelayLine<Unit> hs_{kHLatency - 1};
    std::int64_t index_ = 0;
    int saturated_ = 0;
    int full_h_ = 0;
};

TEST_CASE("cell equals golden, every fraction") {
    CHECK_CLEAN(CellRun(-1).run());
}
TEST_CASE("cell: a damaged table word is reported") {
    CHECK(CellRun(20).run().mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
