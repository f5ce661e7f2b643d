// lacuna_scale against docs/numbers.md: sat(rhu(sum * mantissa, shift) + bias).
#include <doctest/doctest.h>

#include <array>

#include "Vscale_24.h"
#include "Vscale_most.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/width.hpp"

namespace lacuna::rtl_test {
namespace {

struct Row {
    std::int64_t sum;
    int mantissa, shift, bias;

    std::int64_t expected() const { return sat_gate(rhu(sum * mantissa, shift) + bias); }
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
            for (const int mantissa : {0, kFormat.min_mantissa(), kFormat.min_mantissa() + 1,
                                       kFormat.min_mantissa() / 2 * 3, kFormat.max_mantissa()}) {
                for (int shift = 0; shift < 32; ++shift) {
                    for (const int bias : {0, 1, -1, kFormat.max_gate(), kFormat.min_gate(), 5000}) {
                        give({sum, mantissa, shift, bias});
                    }
                }
            }
        }
        // Products around every half step and around both ends of the result.
        for (int shift = 0; shift < 32; ++shift) {
            for (int i = 0; i < 500; ++i) {
                const std::int64_t range = 2 * kFormat.max_gate() + 5'000;
                const std::int64_t wanted = (random_.between(-range, range) << shift) / 20'000 * 10'000;
                const auto mantissa =
                    static_cast<int>(random_.between(kFormat.min_mantissa(), kFormat.max_mantissa()));
                give({sat<kAccW>(wanted / mantissa + random_.between(-1, 1)), mantissa, shift, any_bias()});
            }
        }
        for (int i = 0; i < 100'000; ++i) {
            const int width = static_cast<int>(random_.between(1, kAccW));
            const auto sum = static_cast<std::int64_t>(random_.next()) >> (64 - width);
            give({sum, static_cast<int>(random_.between(0, kFormat.max_mantissa())),
                  static_cast<int>(random_.between(0, 31)), any_bias()});
        }
        return checker_;
    }

  private:
    int any_bias() { return static_cast<int>(random_.between(kFormat.min_gate(), kFormat.max_gate())); }

    void give(const Row& row) {
        ++index_;
        give_port(bench_->sum_i, row.sum, kAccW);
        const bool flip = fault_ == Fault::kInjected && index_ % 1000 == 0;
        set_bits(bench_->row_i, 0, kFormat.mantissa_bits, static_cast<std::uint64_t>(row.mantissa));
        set_bits(bench_->row_i, kShiftLow, 5, static_cast<std::uint64_t>(row.shift));
        set_bits(bench_->row_i, kBiasLow, kFormat.gate_bits,
                 static_cast<std::uint64_t>(flip ? row.bias ^ 1 : row.bias));
        bench_.tick();
        if (const auto old = line_.next(row)) {
            checker_.check("sum " + std::to_string(old->sum) + " * " + std::to_string(old->mantissa) +
                               " >> " + std::to_string(old->shift) + " + " + std::to_string(old->bias),
                           index_, old->expected(), get_signed(bench_->value_o, 0, kFormat.gate_bits));
        }
    }

    Checker checker_{"lacuna_scale"};
    Fault fault_;
    Testbench<Model> bench_{3};
    SplitMix64 random_{4};
    DelayLine<Row> line_{6};
    std::int64_t index_ = 0;
};

TEST_CASE("scale equals golden, 24-bit sums") {
    CHECK_CLEAN((ScaleRun<Vscale_24, 24>(Fault::kNone).run()));
}
TEST_CASE("scale equals golden, sums of the most bits") {
    CHECK_CLEAN((ScaleRun<Vscale_most, kFormat.max_accumulator_bits>(Fault::kNone).run()));
}
TEST_CASE("scale: a flipped bias bit is reported") {
    CHECK(ScaleRun<Vscale_24, 24>(Fault::kInjected).run().mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
