#include "model/optimiser.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

namespace lacuna {

TEST_CASE("Adam follows its paper's equations") {
    AdamOptions options;
    options.weight_decay = 0.1;
    constexpr double kRate = 0.01;
    const std::array gradients = {0.5, -0.25, 2.0};
    Flat<float> parameters = Flat<float>::Constant(16, 1.0F);
    Adam adam(16);
    double p = 1.0;
    double m = 0.0;
    double v = 0.0;
    for (std::size_t t = 1; t <= gradients.size(); ++t) {
        const double g = gradients[t - 1];
        adam.step(parameters, Flat<float>::Constant(16, static_cast<float>(g)), kRate, static_cast<long>(t),
                  options);
        m = options.beta1 * m + (1 - options.beta1) * g;
        v = options.beta2 * v + (1 - options.beta2) * g * g;
        const double unbiased_m = m / (1 - std::pow(options.beta1, static_cast<double>(t)));
        const double unbiased_v = v / (1 - std::pow(options.beta2, static_cast<double>(t)));
        p -= kRate * (options.weight_decay * p + unbiased_m / (std::sqrt(unbiased_v) + options.epsilon));
        CHECK(parameters[0] == doctest::Approx(p).epsilon(1e-6));
        CHECK(parameters[15] == parameters[0]);
    }
}

TEST_CASE("a parameter without gradient stays exactly where it is") {
    Flat<float> parameters = Flat<float>::Constant(16, 0.0F);
    Adam adam(16);
    adam.step(parameters, Flat<float>::Zero(16), 0.1, 1, {});
    CHECK(parameters.isZero(0.0F));
}

TEST_CASE("clipping shortens long gradients only") {
    Flat<float> gradient = Flat<float>::Constant(16, 1.0F);
    CHECK(clip_norm(gradient, 10.0) == doctest::Approx(4.0));
    CHECK(gradient[3] == 1.0F);
    CHECK(clip_norm(gradient, 1.0) == doctest::Approx(4.0));
    CHECK(gradient[3] == doctest::Approx(0.25));
    CHECK(gradient.norm() == doctest::Approx(1.0));
}

TEST_CASE("the learning rate rises, peaks and falls to its final part") {
    const LearningRate rate{2.0, 10, 0.1};
    CHECK(rate.at(0, 110) == doctest::Approx(0.2));
    CHECK(rate.at(9, 110) == doctest::Approx(2.0));
    CHECK(rate.at(10, 110) == doctest::Approx(2.0));
    CHECK(rate.at(60, 110) == doctest::Approx(1.1));  // half way down
    CHECK(rate.at(110, 110) == doctest::Approx(0.2));
    for (long update = 10; update < 109; ++update) {
        CHECK(rate.at(update + 1, 110) < rate.at(update, 110));
    }
    CHECK(LearningRate{1.0, 0, 0.5}.at(0, 1) == doctest::Approx(1.0));
}

}  // namespace lacuna
