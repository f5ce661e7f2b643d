#include "model/activations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace lacuna {

TEST_CASE("sigmoid and tanh are accurate to 1e-6 everywhere") {
    double worst_tanh = 0.0;
    double worst_sigmoid = 0.0;
    for (int i = -400'000; i <= 400'000; ++i) {
        const float x = static_cast<float>(i) * 5e-5F;  // -20 .. 20
        worst_tanh = std::max(worst_tanh, std::abs(std::tanh(static_cast<double>(x)) - fast_tanh(x)));
        const double sigmoid = 1.0 / (1.0 + std::exp(-static_cast<double>(x)));
        worst_sigmoid = std::max(worst_sigmoid, std::abs(sigmoid - fast_sigmoid(x)));
    }
    CHECK(worst_tanh < 1e-6);
    CHECK(worst_sigmoid < 1e-6);
}

TEST_CASE("sigmoid and tanh end at their limits") {
    const float huge = std::numeric_limits<float>::max();
    CHECK(fast_tanh(huge) == doctest::Approx(1.0F).epsilon(1e-6));
    CHECK(fast_tanh(-huge) == doctest::Approx(-1.0F).epsilon(1e-6));
    CHECK(fast_tanh(0.0F) == 0.0F);
    CHECK(fast_sigmoid(0.0F) == 0.5F);
    CHECK(std::abs(fast_sigmoid(-huge)) < 1e-6F);
}

}  // namespace lacuna
