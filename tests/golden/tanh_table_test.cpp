#include "golden/tanh_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/golden/reference.hpp"

namespace lacuna {

TEST_CASE("the stored table is the rounded tanh") {
    for (int s = 0; s <= 256; ++s) {
        CAPTURE(s);
        CHECK(kTanhTable[static_cast<std::size_t>(s)] == reference::table_entry(s));
    }
}

TEST_CASE("tanh and sigmoid equal the second implementation on every input") {
    for (int x = -32768; x <= 32767; ++x) {
        REQUIRE(tanh_q(x) == reference::tanh_of(x));
        REQUIRE(sigmoid_q(x) == reference::sigmoid_of(x));
    }
}

TEST_CASE("tanh and sigmoid keep the error bounds, ranges and symmetries of docs/numbers.md") {
    long double tanh_error = 0;
    long double sigmoid_error = 0;
    int tanh_high = 0;
    int sigmoid_low = 32768;
    int sigmoid_high = 0;
    for (int x = -32768; x <= 32767; ++x) {
        const long double real = static_cast<long double>(x) / 4096;
        const long double sigmoid = 1 / (1 + std::exp(-real));
        tanh_error = std::max(tanh_error, std::abs(tanh_q(x) / 32768.0L - std::tanh(real)));
        sigmoid_error = std::max(sigmoid_error, std::abs(sigmoid_q(x) / 32768.0L - sigmoid));
        tanh_high = std::max(tanh_high, std::abs(tanh_q(x)));
        sigmoid_low = std::min(sigmoid_low, sigmoid_q(x));
        sigmoid_high = std::max(sigmoid_high, sigmoid_q(x));
        if (x > -32768) {
            REQUIRE(tanh_q(-x) == -tanh_q(x));
            REQUIRE(tanh_q(x) >= tanh_q(x - 1));
            REQUIRE(sigmoid_q(x) >= sigmoid_q(x - 1));
        }
    }
    MESSAGE("largest error, in units of 2^-15: tanh ", static_cast<double>(tanh_error * 32768), ", sigmoid ",
            static_cast<double>(sigmoid_error * 32768));
    CHECK(tanh_error < 0x1p-13L);
    CHECK(sigmoid_error < 0x1p-13L);
    CHECK(tanh_high == 32767);
    CHECK(sigmoid_low == 11);
    CHECK(sigmoid_high == 32757);
    CHECK(tanh_q(0) == 0);
    CHECK(sigmoid_q(0) == 16384);
}

}  // namespace lacuna
