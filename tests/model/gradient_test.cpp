// The backward pass against central differences, in double, on every element of every parameter.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>

#include "golden/prng.hpp"
#include "model/bank_mask.hpp"
#include "model/network.hpp"

namespace lacuna {

namespace {

constexpr int kStreams = 3;
constexpr int kSteps = 5;
constexpr double kScale = 0.5;

/// A small two-layer network with odd sizes, its batch, and a carried state that is not zero.
class Fixture {
  public:
    explicit Fixture(Cell cell)
        : layout({7, 5, {6, 4}, cell}), parameters(initial_parameters(layout, 3).cast<double>()) {
        SplitMix64 random(9);
        for (Eigen::Index i = 0; i < parameters.size(); ++i) {
            parameters[i] += 0.3 * (random.uniform() - 0.5);
        }
        for (int i = 0; i < kStreams * kSteps; ++i) {
            inputs.push_back(static_cast<int>(random.between(0, 6)));
            targets.push_back(static_cast<int>(random.between(0, 6)));
        }
        soft = Network<double>::Matrix::Constant(7, kStreams * kSteps, 1.0 / 7.0);
        soft.row(2).array() += 0.2;
        soft.row(5).array() -= 0.1;
        soft.row(6).array() -= 0.1;
    }

    /// Loss from the same starting state each time; with `share`, cross-entropy with the mixed targets.
    double loss(Network<double>& network, double share) {
        SplitMix64 random(5);
        for (std::size_t n = 0; n < layout.layers.size(); ++n) {
            for (Eigen::Index i = 0; i < network.h(n).size(); ++i) {
                network.h(n).data()[i] = random.uniform() - 0.5;
                network.c(n).data()[i] = random.uniform() - 0.5;
            }
        }
        const double hard = network.forward(parameters, inputs, targets, options);
        const double soft_loss = -(soft.array() * network.probabilities().array().log()).sum();
        return kScale * ((1.0 - share) * hard + share * soft_loss);
    }

    ParameterLayout layout;
    Flat<double> parameters;
    std::vector<int> inputs;
    std::vector<int> targets;
    Network<double>::Matrix soft;
    PassOptions options;
};

constexpr std::array kCells = {Cell::Lstm, Cell::Gru};

double worst_difference(Fixture& fixture, const Block& block, const Flat<double>& gradient, double share) {
    constexpr double kStep = 1e-5;
    Network<double> network(fixture.layout, kStreams);
    double worst = 0.0;
    for (Eigen::Index i = block.offset; i < block.offset + block.size(); ++i) {
        const double value = fixture.parameters[i];
        fixture.parameters[i] = value + kStep;
        const double above = fixture.loss(network, share);
        fixture.parameters[i] = value - kStep;
        const double below = fixture.loss(network, share);
        fixture.parameters[i] = value;
        worst = std::max(worst, std::abs((above - below) / (2 * kStep) - gradient[i]));
    }
    return worst;
}

void check_all(Cell cell, double dropout, double share) {
    CAPTURE(cell_name(cell));
    Fixture fixture(cell);
    fixture.options.dropout = dropout;
    fixture.options.dropout_seed = 77;
    Network<double> network(fixture.layout, kStreams);
    Flat<double> gradient = Flat<double>::Zero(fixture.layout.size());
    fixture.loss(network, share);
    network.backward(fixture.parameters, fixture.inputs, fixture.targets, kScale, gradient,
                     share > 0 ? &fixture.soft : nullptr, share);
    std::vector<Block> blocks = {fixture.layout.embedding, fixture.layout.head_weight,
                                 fixture.layout.head_bias};
    for (const auto& layer : fixture.layout.layers) {
        blocks.insert(blocks.end(), {layer.weight_x, layer.weight_h, layer.bias});
    }
    for (const auto& block : blocks) {
        CAPTURE(block.offset);
        CHECK(gradient.segment(block.offset, block.size()).cwiseAbs().maxCoeff() > 1e-3);
        CHECK(worst_difference(fixture, block, gradient, share) < 1e-8);
    }
}

}  // namespace

TEST_CASE("gradients of all parameters agree with finite differences") {
    check_all(Cell::Lstm, 0.0, 0.0);
    check_all(Cell::Gru, 0.0, 0.0);
}

TEST_CASE("gradients agree with finite differences under dropout") {
    check_all(Cell::Lstm, 0.3, 0.0);
    check_all(Cell::Gru, 0.3, 0.0);
}

TEST_CASE("gradients agree with finite differences for mixed targets") {
    check_all(Cell::Lstm, 0.0, 0.4);
    check_all(Cell::Gru, 0.0, 0.4);
}

TEST_CASE("gradients agree with finite differences on the kept weights of a mask") {
    for (const Cell cell : kCells) {
        CAPTURE(cell_name(cell));
        Fixture fixture(cell);
        const Flat<double> mask =
            bank_balanced_mask(fixture.parameters.cast<float>(), fixture.layout, 2).cast<double>();
        fixture.parameters = fixture.parameters.cwiseProduct(mask);
        Network<double> network(fixture.layout, kStreams);
        network.keep_only(&mask);
        Flat<double> gradient = Flat<double>::Zero(fixture.layout.size());
        fixture.loss(network, 0.0);
        network.backward(fixture.parameters, fixture.inputs, fixture.targets, kScale, gradient);
        for (const auto& layer : fixture.layout.layers) {
            for (const auto& block : {layer.weight_x, layer.weight_h}) {
                for (Eigen::Index i = block.offset; i < block.offset + block.size(); ++i) {
                    if (mask[i] != 0.0) {
                        CHECK(worst_difference(fixture, {i, 1, 1}, gradient, 0.0) < 1e-8);
                    }
                }
            }
        }
    }
}

TEST_CASE("a rounded GRU keeps its state unrounded, so that small changes add up") {
    Fixture fixture(Cell::Gru);
    fixture.options.round_hidden = true;
    Network<double> network(fixture.layout, kStreams);
    network.forward(fixture.parameters, fixture.inputs, fixture.targets, fixture.options);
    const double distance = (network.c(0) - network.h(0)).cwiseAbs().maxCoeff();
    CHECK(distance > 0.0);
    CHECK(distance <= 0.5 / 128);
    fixture.options.round_hidden = false;
    network.forward(fixture.parameters, fixture.inputs, fixture.targets, fixture.options);
    CHECK(network.c(1) == network.h(1));
}

TEST_CASE("the float network computes the gradient of the double one") {
    for (const Cell cell : kCells) {
        CAPTURE(cell_name(cell));
        Fixture fixture(cell);
        Network<double> exact(fixture.layout, kStreams);
        Network<float> network(fixture.layout, kStreams);
        const Flat<float> parameters = fixture.parameters.cast<float>();
        Flat<double> expected = Flat<double>::Zero(fixture.layout.size());
        Flat<float> gradient = Flat<float>::Zero(fixture.layout.size());
        const double loss = exact.forward(fixture.parameters, fixture.inputs, fixture.targets, {});
        exact.backward(fixture.parameters, fixture.inputs, fixture.targets, 1.0, expected);
        CHECK(network.forward(parameters, fixture.inputs, fixture.targets, {}) ==
              doctest::Approx(loss).epsilon(1e-5));
        network.backward(parameters, fixture.inputs, fixture.targets, 1.0F, gradient);
        CHECK((gradient.cast<double>() - expected).cwiseAbs().maxCoeff() < 1e-5);
    }
}

TEST_CASE("a network that keeps only the mask's weights gives the dense one's loss and gradient") {
    for (const Cell cell : kCells) {
        CAPTURE(cell_name(cell));
        Fixture fixture(cell);
        const auto pruned = bank_balanced_mask(fixture.parameters.cast<float>(), fixture.layout, 1);
        const Flat<double> mask = pruned.cast<double>();
        fixture.parameters = fixture.parameters.cwiseProduct(mask);
        Network<double> dense(fixture.layout, kStreams);
        Network<double> sparse(fixture.layout, kStreams);
        sparse.keep_only(&mask);
        Flat<double> expected = Flat<double>::Zero(fixture.layout.size());
        Flat<double> gradient = expected;
        const double loss = fixture.loss(dense, 0.0);
        dense.backward(fixture.parameters, fixture.inputs, fixture.targets, 1.0, expected);
        CHECK(fixture.loss(sparse, 0.0) == doctest::Approx(loss).epsilon(1e-12));
        sparse.backward(fixture.parameters, fixture.inputs, fixture.targets, 1.0, gradient);
        CHECK((gradient - expected).cwiseProduct(mask).cwiseAbs().maxCoeff() < 1e-12);
        const auto& block = fixture.layout.layers[1].weight_x;
        CHECK(view(std::as_const(gradient), block)
                  .cwiseProduct((1.0 - view(mask, block).array()).matrix())
                  .isZero(0.0));

        sparse.keep_only(nullptr);
        fixture.loss(sparse, 0.0);
        gradient.setZero();
        sparse.backward(fixture.parameters, fixture.inputs, fixture.targets, 1.0, gradient);
        CHECK(gradient == expected);
    }
}

TEST_CASE("rounded h lies on the grid of int8") {
    for (const Cell cell : kCells) {
        CAPTURE(cell_name(cell));
        Fixture fixture(cell);
        fixture.options.round_hidden = true;
        Network<double> network(fixture.layout, kStreams);
        network.forward(fixture.parameters, fixture.inputs, fixture.targets, fixture.options);
        for (std::size_t n = 0; n < 2; ++n) {
            for (Eigen::Index i = 0; i < network.h(n).size(); ++i) {
                const double steps = network.h(n).data()[i] * 128.0;
                CHECK(steps == std::round(steps));
                CHECK(std::abs(steps) <= 128.0);
            }
            CHECK(network.h(n).cwiseAbs().maxCoeff() > 0.0);
        }
    }
}

TEST_CASE("a chunk in two halves gives the same state and loss as in one") {
    for (const Cell cell : kCells) {
        CAPTURE(cell_name(cell));
        Fixture fixture(cell);
        Network<double> whole(fixture.layout, kStreams);
        Network<double> halves(fixture.layout, kStreams);
        const double loss = whole.forward(fixture.parameters, fixture.inputs, fixture.targets, {});
        const std::size_t cut = 2 * kStreams;
        const std::span<const int> inputs(fixture.inputs);
        const std::span<const int> targets(fixture.targets);
        double sum = halves.forward(fixture.parameters, inputs.first(cut), targets.first(cut), {});
        sum += halves.forward(fixture.parameters, inputs.subspan(cut), targets.subspan(cut), {});
        CHECK(sum == doctest::Approx(loss).epsilon(1e-12));
        CHECK((whole.c(1) - halves.c(1)).cwiseAbs().maxCoeff() < 1e-12);
    }
}

}  // namespace lacuna
