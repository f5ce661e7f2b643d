#include "golden/fixed.hpp"

#include <doctest/doctest.h>

#include "golden/prng.hpp"
#include "tests/golden/reference.hpp"

namespace lacuna {

TEST_CASE("rhu rounds ties towards plus infinity, also below zero") {
    CHECK(rhu(3, 1) == 2);
    CHECK(rhu(1, 1) == 1);
    CHECK(rhu(-1, 1) == 0);
    CHECK(rhu(-3, 1) == -1);
    CHECK(rhu(-5, 1) == -2);
    CHECK(rhu(6, 2) == 2);
    CHECK(rhu(-6, 2) == -1);
    CHECK(rhu(-7, 2) == -2);
    CHECK(rhu(5, 2) == 1);
    CHECK(rhu(-2, 2) == 0);
    CHECK(rhu(-3, 2) == -1);
    CHECK(rhu(-17, 0) == -17);
}

TEST_CASE("rhu equals exact rational rounding") {
    for (std::int64_t v = -300; v <= 300; ++v) {
        for (int s = 0; s <= 10; ++s) {
            CHECK(rhu(v, s) == reference::round_half_up(v, s));
        }
    }
    SplitMix64 prng(11);
    for (int i = 0; i < 2000; ++i) {
        // the largest product of the engine: 32-bit accumulator times 15-bit mantissa
        const std::int64_t v = prng.between(-(1LL << 31), (1LL << 31) - 1) * prng.between(0, 32767);
        const int s = static_cast<int>(prng.between(0, 31));
        REQUIRE(rhu(v, s) == reference::round_half_up(v, s));
    }
}

TEST_CASE("sat limits to N bits of two's complement") {
    CHECK(sat<8>(127) == 127);
    CHECK(sat<8>(128) == 127);
    CHECK(sat<8>(-128) == -128);
    CHECK(sat<8>(-129) == -128);
    CHECK(sat16(32768) == 32767);
    CHECK(sat16(-32769) == -32768);
    CHECK(sat16(-5) == -5);
    CHECK(sat8(1'000'000'000'000) == 127);
    CHECK(sat<1>(5) == 0);
    CHECK(sat<1>(-5) == -1);
}

}  // namespace lacuna
