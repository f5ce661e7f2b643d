#include "golden/tanh_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/golden/reference.hpp"

namespace lacuna {

namespace {

/// What a format promises of tanh and sigmoid.
struct Promise {
    long double error;
    int sigmoid_low, sigmoid_high;
};

template <int kAct>
constexpr const reference::Column& column() {
    return kAct == 16 ? reference::kColumn16 : reference::kColumn8;
}

template <int kAct>
void check_table() {
    const auto& table = tanh_table<kAct>();
    CHECK(static_cast<int>(table.size()) == column<kAct>().segments + 1);
    for (std::size_t s = 0; s < table.size(); ++s) {
        CAPTURE(s);
        CHECK(table[s] == reference::table_entry(column<kAct>(), static_cast<int>(s)));
    }
}

template <int kAct>
void compare_with_reference() {
    constexpr NumberFormat kFormat = number_format(kAct);
    for (int x = kFormat.min_gate(); x <= kFormat.max_gate(); ++x) {
        REQUIRE(tanh_q<kAct>(x) == reference::tanh_of(column<kAct>(), x));
        REQUIRE(sigmoid_q<kAct>(x) == reference::sigmoid_of(column<kAct>(), x));
    }
}

template <int kAct>
void check_promise(const Promise& promise) {
    constexpr NumberFormat kFormat = number_format(kAct);
    long double tanh_error = 0;
    long double sigmoid_error = 0;
    int tanh_high = 0;
    int sigmoid_low = 32768;
    int sigmoid_high = 0;
    for (int x = kFormat.min_gate(); x <= kFormat.max_gate(); ++x) {
        const long double real = std::ldexp(static_cast<long double>(x), -kFormat.gate_fraction);
        const long double sigmoid = 1 / (1 + std::exp(-real));
        tanh_error = std::max(tanh_error, std::abs(tanh_q<kAct>(x) / 32768.0L - std::tanh(real)));
        sigmoid_error = std::max(sigmoid_error, std::abs(sigmoid_q<kAct>(x) / 32768.0L - sigmoid));
        tanh_high = std::max(tanh_high, std::abs(tanh_q<kAct>(x)));
        sigmoid_low = std::min(sigmoid_low, sigmoid_q<kAct>(x));
        sigmoid_high = std::max(sigmoid_high, sigmoid_q<kAct>(x));
        if (x > kFormat.min_gate()) {
            REQUIRE(tanh_q<kAct>(-x) == -tanh_q<kAct>(x));
            REQUIRE(tanh_q<kAct>(x) >= tanh_q<kAct>(x - 1));
            REQUIRE(sigmoid_q<kAct>(x) >= sigmoid_q<kAct>(x - 1));
        }
    }
    MESSAGE(kAct, " bits, largest error, in units of 2^-15: tanh ", static_cast<double>(tanh_error * 32768),
            ", sigmoid ", static_cast<double>(sigmoid_error * 32768));
    CHECK(tanh_error <= promise.error);
    CHECK(sigmoid_error <= promise.error);
    CHECK(tanh_high == 32767);
    CHECK(sigmoid_low == promise.sigmoid_low);
    CHECK(sigmoid_high == promise.sigmoid_high);
    CHECK(tanh_q<kAct>(0) == 0);
    CHECK(sigmoid_q<kAct>(0) == 16384);
}

}  // namespace

TEST_CASE("the stored tables are the rounded tanh") {
    check_table<8>();
    check_table<16>();
}

TEST_CASE("tanh and sigmoid equal the second implementation on every input") {
    compare_with_reference<8>();
    compare_with_reference<16>();
}

TEST_CASE("tanh and sigmoid keep the error bounds, ranges and symmetries of docs/numbers.md") {
    check_promise<8>({0x1p-13L, 11, 32757});
    check_promise<16>({0x1p-14L, 1, 32767});
}

}  // namespace lacuna
