#include "model/calibrate.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/error.hpp"
#include "golden/prng.hpp"

namespace lacuna {

namespace {

/// A float model with random weights, 8 tokens, 7 inputs, layers of 6 and 5 units.
FloatModel random_float_model() {
    SplitMix64 prng(1);
    const auto random = [&prng](Eigen::Index rows, Eigen::Index columns) {
        return RowMatrix::NullaryExpr(rows, columns,
                                      [&] { return static_cast<float>(2 * prng.uniform() - 1); })
            .eval();
    };
    FloatModel model;
    model.format.vocab = {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};
    model.embedding = random(8, 7);
    Eigen::Index inputs = 7;
    for (const Eigen::Index units : {6, 5}) {
        FloatLayer layer;
        layer.weight_ih = random(4 * units, inputs);
        layer.weight_hh = random(4 * units, units);
        layer.bias_ih = random(4 * units, 1);
        layer.bias_hh = random(4 * units, 1);
        inputs = units;
        model.layers.push_back(layer);
    }
    model.head_weight = random(8, inputs);
    model.head_bias = random(8, 1);
    return model;
}

Split random_text(std::size_t count) {
    SplitMix64 prng(99);
    Split split;
    for (std::size_t i = 0; i < count; ++i) {
        split.tokens.push_back(static_cast<int>(prng.between(0, 7)));
    }
    return split;
}

}  // namespace

TEST_CASE("calibration measures moments and ranges") {
    const FloatModel model = random_float_model();
    const Split split = random_text(700);
    const Calibration calibration = calibrate(model, split);
    CHECK(calibration.steps == 699);
    CHECK(calibration.quality.figure == bits_per_character(model, split.tokens));

    FloatRunner runner(model);
    // z: the layer's input and its own h of the step before.
    Eigen::MatrixXd moment = Eigen::MatrixXd::Zero(11, 11);
    float largest_c = 0;
    float largest_output = 0;
    for (std::size_t t = 0; t < 699; ++t) {
        Eigen::VectorXd z(11);
        z.tail(5) = runner.h(1).cast<double>();
        largest_output = std::max(largest_output, runner.step(split.tokens[t]).cwiseAbs().maxCoeff());
        z.head(6) = runner.h(0).cast<double>();
        moment += z * z.transpose() / 699;
        largest_c = std::max(largest_c, runner.c(1).cwiseAbs().maxCoeff());
    }
    REQUIRE(calibration.layers[1].moment.rows() == 11);
    CHECK((calibration.layers[1].moment - moment).cwiseAbs().maxCoeff() < 1e-5);
    CHECK(calibration.layers[1].largest_c == largest_c);
    CHECK(calibration.largest_output == largest_output);
}

TEST_CASE("calibration needs a step") {
    CHECK_THROWS_AS(calibrate(random_float_model(), random_text(1)), Error);
}

}  // namespace lacuna
