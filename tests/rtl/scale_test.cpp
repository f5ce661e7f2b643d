// lacuna_scale against docs/numbers.md: sat16(rhu(sum * mantissa, shift) + bias).
#include <doctest/doctest.h>

#include <array>

#include "Vscale_24.h"
#include "Vscale_32.h"
#include "golden/fixed.hpp"
#include "golden/prng.hpp"
#include "sim/testbench.hpp"
#include "tests/rtl/checker.hpp"

namespace lacuna::rtl_test {
namespace {

struct Row {
    std::int64_t sum;
    int mantissa, shift, bias;

    std::int64_t expected() const { return sat16(rhu(sum * mantissa, shift) + bias); }
};

template <class Model, int kAccW>
class ScaleRun {
  public:
    explicit ScaleRun(Fault fault) : fault_(fault) {
        if (fault == Fault::kInjected) {
            checker_.be_quiet();
        }
    }

    Checker run() {
        const std::int64_t most = (std::int64_t{1} << (kAccW - 1)) - 1;
        // Every combination of corners, for every shift.
        const std::array<std::int64_t, 13> sums{0,        1,     -1,     2,     -2,     most,    -most - 1,
                                                most - 1, 12345, -12345, 32767, -32768, most / 2};
        for (const std::int64_t sum : sums) {
            for (const int mantissa : {0, 16384, 16385, 24576, 32767}) {
                for (int shift = 0; shift < 32; ++shift) {
                    for (const int bias : {0, 1, -1, 32767, -32768, 5000}) {
                        give({sum, mantissa, shift, bias});
                    }
                }
            }
        }
        // Products around every half step and around both ends of the result.
        for (int shift = 0; shift < 32; ++shift) {
            for (int i = 0; i < 500; ++i) {
                const std::int64_t wanted = (random_.between(-70'000, 70'000) << shift) / 20'000 * 10'000;
                const int mantissa = static_cast<int>(random_.between(16384, 32767));
                give({sat<kAccW>(wanted / mantissa + random_.between(-1, 1)), mantissa, shift,
                      static_cast<int>(random_.between(-32768, 32767))});
            }
        }
        for (int i = 0; i < 100'000; ++i) {
            const int width = static_cast<int>(random_.between(1, kAccW));
            const auto sum = static_cast<std::int64_t>(random_.next()) >> (64 - width);
            give({sum, static_cast<int>(random_.between(0, 32767)), static_cast<int>(random_.between(0, 31)),
                  static_cast<int>(random_.between(-32768, 32767))});
        }
        return checker_;
    }

  private:
    void give(const Row& row) {
        ++index_;
        bench_->sum_i =
            static_cast<std::uint32_t>(row.sum) & static_cast<std::uint32_t>((std::uint64_t{1} << kAccW) - 1);
        const bool flip = fault_ == Fault::kInjected && index_ % 1000 == 0;
        set_bits(bench_->row_i, 0, 15, static_cast<std::uint64_t>(row.mantissa));
        set_bits(bench_->row_i, 15, 5, static_cast<std::uint64_t>(row.shift));
        set_bits(bench_->row_i, 20, 16, static_cast<std::uint64_t>(flip ? row.bias ^ 1 : row.bias));
        bench_.tick();
        if (const auto old = line_.next(row)) {
            checker_.check("sum " + std::to_string(old->sum) + " * " + std::to_string(old->mantissa) +
                               " >> " + std::to_string(old->shift) + " + " + std::to_string(old->bias),
                           index_, old->expected(), get_signed(bench_->value_o, 0, 16));
        }
    }

    Checker checker_{"lacuna_scale"};
    Fault fault_;
    Testbench<Model> bench_{3};
    SplitMix64 random_{4};
    DelayLine<Row> line_{5};
    std::int64_t index_ = 0;
};

TEST_CASE("scale equals golden, 24-bit sums") {
    CHECK_CLEAN((ScaleRun<Vscale_24, 24>(Fault::kNone).run()));
}
TEST_CASE("scale equals golden, 32-bit sums") {
    CHECK_CLEAN((ScaleRun<Vscale_32, 32>(Fault::kNone).run()));
}
TEST_CASE("scale: a flipped bias bit is reported") {
    CHECK(ScaleRun<Vscale_24, 24>(Fault::kInjected).run().mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
