#include "model/optimiser.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "model/shards.hpp"

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
        adam.step(parameters, Flat<float>::Constant(16, static_cast<float>(g)), 1.0, kRate,
                  static_cast<long>(t), options);
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
    adam.step(parameters, Flat<float>::Zero(16), 1.0, 0.1, 1, {});
    CHECK(parameters.isZero(0.0F));
}

TEST_CASE("clipping shortens long gradients only, and Adam takes the factor") {
    CHECK(clip_scale(4.0, 10.0) == 1.0);
    CHECK(clip_scale(4.0, 1.0) == 0.25);
    CHECK(clip_scale(4.0, 3.2) == 0.8);
    Flat<float> a = Flat<float>::Constant(16, 1.0F);
    Flat<float> b = a;
    Adam scaled(16);
    Adam exact(16);
    scaled.step(a, Flat<float>::Constant(16, 2.0F), 0.25, 0.1, 1, {});
    exact.step(b, Flat<float>::Constant(16, 0.5F), 1.0, 0.1, 1, {});
    CHECK(a == b);
    CHECK(scaled.second == exact.second);
}

TEST_CASE("Adam's threads do not change a bit") {
    const Eigen::Index size = 3 * kBlockElements + 17;
    Flat<float> gradient = Flat<float>::LinSpaced(size, -1.0F, 1.0F);
    Flat<float> one = Flat<float>::Ones(size);
    Flat<float> four = one;
    Adam first(size);
    Adam second(size);
    first.step(one, gradient, 0.5, 0.1, 1, {}, 1);
    second.step(four, gradient, 0.5, 0.1, 1, {}, 4);
    CHECK(one == four);
    CHECK_FALSE(one.isOnes());
}

TEST_CASE("the learning rate rises, peaks and falls to its final part") {
    const LearningRate rate{2.0, 10, 0.1};
    const auto at = [&](long update) { return rate.at({update, 110, 10, 0}); };
    CHECK(at(0) == doctest::Approx(0.2));
    CHECK(at(9) == doctest::Approx(2.0));
    CHECK(at(10) == doctest::Approx(2.0));
    CHECK(at(60) == doctest::Approx(1.1));  // half way down
    CHECK(at(110) == doctest::Approx(0.2));
    for (long update = 10; update < 109; ++update) {
        CHECK(at(update + 1) < at(update));
    }
    CHECK(LearningRate{1.0, 0, 0.5}.at({0, 1, 1, 0}) == doctest::Approx(1.0));
}

TEST_CASE("the other rate schedules stay, fall every few epochs, or fall at plateaus") {
    LearningRate rate{2.0, 10, 0.1};
    rate.decay = 0.5;
    rate.decay_epochs = 3;
    rate.schedule = RateSchedule::Constant;
    CHECK(rate.at({4, 1000, 20, 0}) == doctest::Approx(1.0));
    CHECK(rate.at({999, 1000, 20, 5}) == doctest::Approx(2.0));
    rate.schedule = RateSchedule::Step;
    CHECK(rate.at({59, 1000, 20, 0}) == doctest::Approx(2.0));
    CHECK(rate.at({60, 1000, 20, 0}) == doctest::Approx(1.0));
    CHECK(rate.at({120, 1000, 20, 0}) == doctest::Approx(0.5));
    rate.schedule = RateSchedule::Plateau;
    CHECK(rate.at({500, 1000, 20, 0}) == doctest::Approx(2.0));
    CHECK(rate.at({500, 1000, 20, 3}) == doctest::Approx(0.25));
}

}  // namespace lacuna
