#include "model/fake_quantise.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

/// Largest distance of value / step from a whole number, and the largest |value / step|.
struct Grid {
    double off = 0.0;
    double largest = 0.0;

    void add(double value, double step) {
        off = std::max(off, std::abs(value / step - std::round(value / step)));
        largest = std::max(largest, std::abs(value / step));
    }
};

}  // namespace

TEST_CASE("rounded weights are int8 multiples of a scale that both parts of a row share") {
    const NetworkShape shape{5, 20, {8, 6}};
    const ParameterLayout layout(shape);
    const auto exact = initial_parameters(layout, 11);
    const auto rounded = fake_quantised(exact, layout);

    const double input_step = view(exact, layout.embedding).cwiseAbs().maxCoeff() / 127.0;
    Grid embedding;
    for (Eigen::Index i = 0; i < layout.embedding.size(); ++i) {
        embedding.add(view(rounded, layout.embedding).data()[i], input_step);
    }
    CHECK(embedding.off < 1e-3);
    CHECK(embedding.largest == doctest::Approx(127.0));

    for (std::size_t n = 0; n < layout.layers.size(); ++n) {
        const double fold = n == 0 ? 128.0 * input_step : 1.0;
        const auto exact_x = view(exact, layout.layers[n].weight_x);
        const auto exact_h = view(exact, layout.layers[n].weight_h);
        for (Eigen::Index row = 0; row < exact_h.rows(); ++row) {
            const double step = std::max(fold * exact_x.row(row).cwiseAbs().maxCoeff(),
                                         static_cast<double>(exact_h.row(row).cwiseAbs().maxCoeff())) /
                                127.0;
            Grid grid;
            for (const float value : view(rounded, layout.layers[n].weight_x).row(row)) {
                grid.add(value * fold, step);
            }
            for (const float value : view(rounded, layout.layers[n].weight_h).row(row)) {
                grid.add(value, step);
            }
            CHECK(grid.off < 1e-3);
            CHECK(grid.largest == doctest::Approx(127.0));
            const auto rounded_h = view(rounded, layout.layers[n].weight_h);
            CHECK((rounded_h.row(row) - exact_h.row(row)).cwiseAbs().maxCoeff() < 0.501 * step);
        }
        CHECK(view(rounded, layout.layers[n].bias) == view(exact, layout.layers[n].bias));
    }
}

TEST_CASE("the two sums of a GRU's n are rounded to scales of their own") {
    const NetworkShape shape{5, 20, {8, 6}, Cell::Gru};
    const ParameterLayout layout(shape);
    const auto exact = initial_parameters(layout, 11);
    const auto rounded = fake_quantised(exact, layout);
    const auto exact_h = view(exact, layout.layers[1].weight_h);
    const auto exact_x = view(exact, layout.layers[1].weight_x);
    for (Eigen::Index row = 0; row < 18; ++row) {
        const double x = exact_x.row(row).cwiseAbs().maxCoeff() / 127.0;
        const double h = exact_h.row(row).cwiseAbs().maxCoeff() / 127.0;
        const bool own = row >= 12;
        Grid grid_x;
        Grid grid_h;
        for (const float value : view(rounded, layout.layers[1].weight_x).row(row)) {
            grid_x.add(value, own ? x : std::max(x, h));
        }
        for (const float value : view(rounded, layout.layers[1].weight_h).row(row)) {
            grid_h.add(value, own ? h : std::max(x, h));
        }
        CHECK(std::max(grid_x.off, grid_h.off) < 1e-3);
        CHECK(std::max(grid_x.largest, grid_h.largest) == doctest::Approx(127.0));
        if (own) {
            CHECK(std::min(grid_x.largest, grid_h.largest) == doctest::Approx(127.0));
        }
    }
}

TEST_CASE("rounding keeps zeros and a second rounding changes next to nothing") {
    const NetworkShape shape{4, 16, {8}};
    const ParameterLayout layout(shape);
    Flat<float> pruned = initial_parameters(layout, 3);
    view(pruned, layout.layers[0].weight_h).col(2).setZero();
    const auto once = fake_quantised(pruned, layout);
    const auto twice = fake_quantised(once, layout);
    CHECK(view(once, layout.layers[0].weight_h).col(2).isZero(0.0F));
    CHECK((once - twice).cwiseAbs().maxCoeff() < 1e-5F);
    CHECK((once - pruned).cwiseAbs().maxCoeff() > 1e-4F);
    const Flat<float> zeros = Flat<float>::Zero(layout.size());
    CHECK(same_bytes(fake_quantised(zeros, layout), zeros));
}

TEST_CASE(
    "the weights of input vectors share the scale of h in steps of the largest input; a host's head stays") {
    const ParameterLayout vectors({0, 5, {8}, Cell::Lstm, Task::Regression, 2, false});
    const auto exact = initial_parameters(vectors, 11);
    const auto rounded = fake_quantised(exact, vectors, 3.0F);
    const double fold = 128.0 * 3.0 / 127.0;
    const auto& blocks = vectors.layers[0];
    for (Eigen::Index row = 0; row < 32; ++row) {
        const double step =
            std::max(fold * view(exact, blocks.weight_x).row(row).cwiseAbs().maxCoeff(),
                     static_cast<double>(view(exact, blocks.weight_h).row(row).cwiseAbs().maxCoeff())) /
            127.0;
        Grid grid;
        for (const float value : view(rounded, blocks.weight_x).row(row)) {
            grid.add(value * fold, step);
        }
        CHECK(grid.off < 1e-3);
    }
    const ParameterLayout words({40, 5, {8}, Cell::Lstm, Task::Words});
    const auto parameters = initial_parameters(words, 11);
    const auto result = fake_quantised(parameters, words);
    CHECK(view(result, words.head_weight) == view(parameters, words.head_weight));
    CHECK(view(result, words.embedding) != view(parameters, words.embedding));
}

}  // namespace lacuna
