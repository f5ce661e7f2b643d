// lacuna_pe: the selected activation times the shifted weight, summed when valid, restarted by first.
#include <doctest/doctest.h>

#include <array>

#include "Vpe.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/width.hpp"

namespace lacuna::rtl_test {
namespace {

Checker run_pe(Fault fault) {
    constexpr int kCycles = 100'000;
    constexpr std::int64_t kLimit = std::int64_t{1} << (kAccW - 2);
    Checker checker("lacuna_pe");
    if (fault == Fault::kInjected) {
        checker.be_quiet();
    }
    Testbench<Vpe> bench(12);
    SplitMix64 random(13);
    DelayLine<std::int64_t> products(2);
    std::int64_t sum = 0;
    bool known = false;  // no sum was started yet
    for (int cycle = 0; cycle < kCycles; ++cycle) {
        // Corners often: the engine's largest product is 127 * 2^7 * the lowest activation.
        const bool idle = random.one_in(10);
        const std::int64_t corner = random.one_in(2) ? 127 : -127;
        const std::int64_t value = idle ? 0 : (random.one_in(8) ? corner : random.between(-127, 127));
        const int shift = random.one_in(8) ? 7 : static_cast<int>(random.between(0, 7));
        const int index = static_cast<int>(random.between(0, 15));
        std::array<std::int64_t, 16> bank{};
        for (std::size_t b = 0; b < bank.size(); ++b) {
            bank[b] = random.one_in(8) ? kFormat.min_activation()
                                       : random.between(kFormat.min_activation(), kFormat.max_activation());
            const bool flip = fault == Fault::kInjected && b == 5;
            set_bits(bench->bank_i, static_cast<int>(b) * kAct, kAct,
                     static_cast<std::uint64_t>(flip ? bank[b] ^ 64 : bank[b]));
        }
        bench->slot_i = static_cast<SData>((value & 0xFF) << 4 | index);
        bench->shift_i = static_cast<CData>(shift);

        const auto product = products.next(value * (1 << shift) * bank[static_cast<std::size_t>(index)]);
        // Restart before the sum could leave the accumulator; that no sum does is the packer's promise.
        const bool first = !known || sum > kLimit || sum < -kLimit || random.one_in(30);
        bench->first_i = product && first;
        bench.tick();
        if (!product) {
            continue;
        }
        sum = (first ? 0 : sum) + *product;
        known = true;
        checker.check("sum", cycle, sum, get_signed(bench->sum_o, 0, kAccW));
    }
    return checker;
}

TEST_CASE("PE equals arithmetic") {
    CHECK_CLEAN(run_pe(Fault::kNone));
}
TEST_CASE("PE: a flipped activation bit is reported") {
    CHECK(run_pe(Fault::kInjected).mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
