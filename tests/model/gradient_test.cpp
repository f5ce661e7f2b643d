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
class GradientFixture {
  public:
    explicit GradientFixture(Cell cell) : GradientFixture(NetworkShape{7, 5, {6, 4}, cell}) {}

    explicit GradientFixture(const NetworkShape& shape)
        : layout(shape), parameters(initial_parameters(layout, 3).cast<double>()) {
        SplitMix64 random(9);
        for (Eigen::Index i = 0; i < parameters.size(); ++i) {
            parameters[i] += 0.3 * (random.uniform() - 0.5);
        }
        const auto highest = static_cast<std::int64_t>(shape.head_rows()) - 1;
        batch.streams = kStreams;
        const bool vectors = !is_language(shape.task);
        if (vectors) {
            batch.inputs = Eigen::MatrixXf::NullaryExpr(shape.embedding, kStreams * kSteps, [&] {
                return static_cast<float>(2 * random.uniform() - 1);
            });
        }
        if (shape.last_step) {  // streams of 3, 5 and 4 steps
            batch.scored = {2 * kStreams + 0, 3 * kStreams + 2, 4 * kStreams + 1};
        }
        for (int i = 0; i < kStreams * kSteps && !vectors; ++i) {
            batch.tokens.push_back(static_cast<int>(random.between(0, highest)));
        }
        if (shape.task == Task::Regression) {
            batch.values = Eigen::MatrixXf::NullaryExpr(shape.outputs, batch.scored_columns(), [&] {
                return static_cast<float>(2 * random.uniform() - 1);
            });
        } else {
            for (Eigen::Index i = 0; i < batch.scored_columns(); ++i) {
                batch.targets.push_back(static_cast<int>(random.between(0, highest)));
            }
        }
        soft = Network<double>::Matrix::Constant(shape.head_rows(), batch.scored_columns(),
                                                 1.0 / static_cast<double>(shape.head_rows()));
        soft.row(0).array() += 0.2;
        soft.bottomRows(2).array() -= 0.1;
    }

    /// Loss from the same starting state each time; with `share`, of the mixed targets.
    double loss(Network<double>& network, double share) {
        SplitMix64 random(5);
        for (std::size_t n = 0; n < layout.layers.size(); ++n) {
            for (Eigen::Index i = 0; i < network.h(n).size(); ++i) {
                network.h(n).data()[i] = random.uniform() - 0.5;
                network.c(n).data()[i] = random.uniform() - 0.5;
            }
        }
        const double hard = network.forward(parameters, batch, options);
        const double soft_loss = share > 0 ? -(soft.array() * network.outputs().array().log()).sum() : 0.0;
        return kScale * ((1.0 - share) * hard + share * soft_loss);
    }

    ParameterLayout layout;
    Flat<double> parameters;
    Batch batch;
    Network<double>::Matrix soft;
    PassOptions options;
};

constexpr std::array kCells = {Cell::Lstm, Cell::Gru};

double worst_difference(GradientFixture& fixture, const Block& block, const Flat<double>& gradient,
                        double share) {
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

void check_all(GradientFixture& fixture, double share = 0.0) {
    CAPTURE(cell_name(fixture.layout.shape().cell));
    Network<double> network(fixture.layout, kStreams);
    Flat<double> gradient = Flat<double>::Zero(fixture.layout.size());
    fixture.loss(network, share);
    network.backward(fixture.parameters, fixture.batch, kScale, gradient, share > 0 ? &fixture.soft : nullptr,
                     share);
    std::vector<Block> blocks = {fixture.layout.head_weight, fixture.layout.head_bias};
    if (fixture.layout.embedding.size() > 0) {
        blocks.push_back(fixture.layout.embedding);
    }
    for (const auto& layer : fixture.layout.layers) {
        blocks.insert(blocks.end(), {layer.weight_x, layer.weight_h, layer.bias});
    }
    for (const auto& block : blocks) {
        CAPTURE(block.offset);
        CHECK(gradient.segment(block.offset, block.size()).cwiseAbs().maxCoeff() > 1e-3);
        CHECK(worst_difference(fixture, block, gradient, share) < 1e-8);
    }
}

void check_cells(NetworkShape shape, const PassOptions& options = {}, double share = 0.0) {
    for (const Cell cell : kCells) {
        shape.cell = cell;
        GradientFixture fixture(shape);
        fixture.options = options;
        check_all(fixture, share);
    }
}

PassOptions dropped(const Dropout& dropout) {
    PassOptions options;
    options.dropout = dropout;
    options.dropout_seed = 77;
    return options;
}

const NetworkShape characters_shape{7, 5, {6, 4}};
const NetworkShape words_shape{40, 5, {6, 4}, Cell::Lstm, Task::Words};  // more words than columns
const NetworkShape tied_shape{40, 4, {6, 4}, Cell::Lstm, Task::Words, 0, false, true};
const NetworkShape classes_shape{0, 5, {6, 4}, Cell::Lstm, Task::Classification, 3, true};
const NetworkShape values_shape{0, 5, {6, 4}, Cell::Lstm, Task::Regression, 2, false};
const NetworkShape last_values_shape{0, 5, {6, 4}, Cell::Lstm, Task::Regression, 2, true};

}  // namespace

TEST_CASE("gradients of all parameters agree with finite differences") {
    for (const auto& shape :
         {characters_shape, words_shape, tied_shape, classes_shape, values_shape, last_values_shape}) {
        CAPTURE(task_name(shape.task));
        check_cells(shape);
    }
}

TEST_CASE("gradients agree with finite differences under dropout") {
    for (const auto& shape : {characters_shape, words_shape, classes_shape}) {
        CAPTURE(task_name(shape.task));
        check_cells(shape, dropped({0.0, 0.0, 0.3}));
        check_cells(shape, dropped({0.0, 0.3, 0.0}));
        check_cells(shape, dropped({0.3, 0.2, 0.3}));
    }
}

TEST_CASE("gradients agree with finite differences for mixed targets") {
    check_cells(characters_shape, {}, 0.4);
    check_cells(classes_shape, {}, 0.4);
}

TEST_CASE("gradients of a sampled softmax agree with finite differences") {
    const auto shares = token_shares({3, 3, 3, 8, 9, 9, 20, 39}, 40);
    PassOptions options;
    options.sampling = {12, 5, &shares};
    check_cells(words_shape, options);
    check_cells(tied_shape, options);
}

TEST_CASE("all tokens drawn: the sampled softmax is the full one") {
    const auto shares = token_shares({}, 40);
    GradientFixture fixture(words_shape);
    Network<double> network(fixture.layout, kStreams);
    const double full = fixture.loss(network, 0.0);
    fixture.options.sampling = {40, 5, &shares};
    // Equally frequent tokens are discounted alike, which a softmax does not see.
    CHECK(fixture.loss(network, 0.0) == doctest::Approx(full).epsilon(1e-12));
    fixture.options.sampling.count = 10;
    CHECK(fixture.loss(network, 0.0) != doctest::Approx(full).epsilon(1e-3));
}

TEST_CASE("drawn tokens stand for all of them, however unequal their shares") {
    constexpr int kSeeds = 4000;
    std::vector<int> text(400, 0);  // token 0 is half of it, and is all but always drawn
    for (int token = 1; token < 40; ++token) {
        text.insert(text.end(), static_cast<std::size_t>(token % 20), token);
    }
    const auto shares = token_shares(text, 40);
    const GradientFixture fixture(words_shape);
    Flat<double> parameters = fixture.parameters;
    view(parameters, fixture.layout.head_weight).setZero();
    auto bias = view(parameters, fixture.layout.head_bias);
    SplitMix64 random(4);
    for (Eigen::Index token = 0; token < bias.rows(); ++token) {
        bias(token, 0) = 2 * random.uniform() - 1;
    }
    Batch batch;
    batch.streams = 1;
    batch.targets = {0};
    const Network<double>::Matrix top = Network<double>::Matrix::Zero(words_shape.units.back(), 1);
    Readout<double> readout(fixture.layout);
    // 1 / p(target) is the sum of all e^logit as a multiple of the target's; that of the drawn has nearly
    // this mean: the last draw always finds a new token, which counts for 6 % where a third of all tokens are
    // drawn.
    const double all = std::exp(readout.forward(parameters, top, batch));
    double sum = 0.0;
    for (int seed = 0; seed < kSeeds; ++seed) {
        sum += std::exp(
            readout.forward(parameters, top, batch, {12, static_cast<std::uint64_t>(seed), &shares}));
    }
    CHECK(sum / kSeeds == doctest::Approx(all).epsilon(0.08));
}

TEST_CASE("dropout drops the same elements in all steps, and another seed others") {
    GradientFixture fixture(values_shape);
    fixture.batch.inputs.setOnes();
    fixture.options = dropped({0.5, 0.0, 0.0});
    Network<double> network(fixture.layout, kStreams);
    fixture.loss(network, 0.0);
    const auto first = network.outputs();
    fixture.loss(network, 0.0);
    CHECK(network.outputs() == first);
    fixture.options.dropout_seed = 78;
    fixture.loss(network, 0.0);
    CHECK(network.outputs() != first);
}

TEST_CASE("dropout keeps the mean of what it drops from") {
    GradientFixture fixture(
        {0, 5, {6}, Cell::Lstm, Task::Regression, 2, false});  // outputs are linear in what is dropped
    Network<double> network(fixture.layout, kStreams);
    fixture.loss(network, 0.0);
    const Network<double>::Matrix whole = network.outputs();
    fixture.options = dropped({0.0, 0.0, 0.4});
    constexpr int kDraws = 4000;
    Network<double>::Matrix mean = Network<double>::Matrix::Zero(whole.rows(), whole.cols());
    double squares = 0.0;
    for (int i = 0; i < kDraws; ++i) {
        fixture.options.dropout_seed = static_cast<std::uint64_t>(i);
        fixture.loss(network, 0.0);
        mean += network.outputs() / kDraws;
        squares += (network.outputs() - whole).squaredNorm() / kDraws;
    }
    const double deviation = std::sqrt(squares / static_cast<double>(whole.size()));
    CHECK(deviation > 0.01);
    CHECK((mean - whole).cwiseAbs().maxCoeff() < 0.1 * deviation);  // 6 times the mean's own deviation
}

TEST_CASE("what lies behind a sequence's end has no effect") {
    GradientFixture fixture(classes_shape);
    Network<double> network(fixture.layout, kStreams);
    Flat<double> expected = Flat<double>::Zero(fixture.layout.size());
    const double loss = fixture.loss(network, 0.0);
    network.backward(fixture.parameters, fixture.batch, 1.0, expected);
    fixture.batch.inputs.col(3 * kStreams).setConstant(9.0F);  // stream 0 has ended
    fixture.batch.inputs.col(4 * kStreams).setConstant(-9.0F);
    fixture.batch.inputs.col(4 * kStreams + 2).setConstant(9.0F);
    Flat<double> gradient = Flat<double>::Zero(fixture.layout.size());
    CHECK(fixture.loss(network, 0.0) == loss);
    network.backward(fixture.parameters, fixture.batch, 1.0, gradient);
    CHECK(gradient == expected);
    fixture.batch.inputs.col(2 * kStreams).setConstant(9.0F);
    CHECK(fixture.loss(network, 0.0) != loss);
}

TEST_CASE("gradients agree with finite differences on the kept weights of a mask") {
    for (const Cell cell : kCells) {
        CAPTURE(cell_name(cell));
        GradientFixture fixture(cell);
        const Flat<double> mask =
            bank_balanced_mask(fixture.parameters.cast<float>(), fixture.layout, 2).cast<double>();
        fixture.parameters = fixture.parameters.cwiseProduct(mask);
        Network<double> network(fixture.layout, kStreams);
        network.keep_only(&mask);
        Flat<double> gradient = Flat<double>::Zero(fixture.layout.size());
        fixture.loss(network, 0.0);
        network.backward(fixture.parameters, fixture.batch, kScale, gradient);
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
    GradientFixture fixture(Cell::Gru);
    fixture.options.round_hidden = true;
    Network<double> network(fixture.layout, kStreams);
    network.forward(fixture.parameters, fixture.batch, fixture.options);
    const double distance = (network.c(0) - network.h(0)).cwiseAbs().maxCoeff();
    CHECK(distance > 0.0);
    CHECK(distance <= 0.5 / 128);
    fixture.options.round_hidden = false;
    network.forward(fixture.parameters, fixture.batch, fixture.options);
    CHECK(network.c(1) == network.h(1));
}

TEST_CASE("the float network computes the gradient of the double one") {
    for (const Cell cell : kCells) {
        CAPTURE(cell_name(cell));
        GradientFixture fixture(cell);
        Network<double> exact(fixture.layout, kStreams);
        Network<float> network(fixture.layout, kStreams);
        const Flat<float> parameters = fixture.parameters.cast<float>();
        Flat<double> expected = Flat<double>::Zero(fixture.layout.size());
        Flat<float> gradient = Flat<float>::Zero(fixture.layout.size());
        const double loss = exact.forward(fixture.parameters, fixture.batch, {});
        exact.backward(fixture.parameters, fixture.batch, 1.0, expected);
        CHECK(network.forward(parameters, fixture.batch, {}) == doctest::Approx(loss).epsilon(1e-5));
        network.backward(parameters, fixture.batch, 1.0F, gradient);
        CHECK((gradient.cast<double>() - expected).cwiseAbs().maxCoeff() < 1e-5);
    }
}

TEST_CASE("a network that keeps only the mask's weights gives the dense one's loss and gradient") {
    for (const Cell cell : kCells) {
        CAPTURE(cell_name(cell));
        GradientFixture fixture(cell);
        const auto pruned = bank_balanced_mask(fixture.parameters.cast<float>(), fixture.layout, 1);
        const Flat<double> mask = pruned.cast<double>();
        fixture.parameters = fixture.parameters.cwiseProduct(mask);
        Network<double> dense(fixture.layout, kStreams);
        Network<double> sparse(fixture.layout, kStreams);
        sparse.keep_only(&mask);
        Flat<double> expected = Flat<double>::Zero(fixture.layout.size());
        Flat<double> gradient = expected;
        const double loss = fixture.loss(dense, 0.0);
        dense.backward(fixture.parameters, fixture.batch, 1.0, expected);
        CHECK(fixture.loss(sparse, 0.0) == doctest::Approx(loss).epsilon(1e-12));
        sparse.backward(fixture.parameters, fixture.batch, 1.0, gradient);
        CHECK((gradient - expected).cwiseProduct(mask).cwiseAbs().maxCoeff() < 1e-12);
        const auto& block = fixture.layout.layers[1].weight_x;
        CHECK(view(std::as_const(gradient), block)
                  .cwiseProduct((1.0 - view(mask, block).array()).matrix())
                  .isZero(0.0));

        sparse.keep_only(nullptr);
        fixture.loss(sparse, 0.0);
        gradient.setZero();
        sparse.backward(fixture.parameters, fixture.batch, 1.0, gradient);
        CHECK(gradient == expected);
    }
}

TEST_CASE("rounded h lies on the grid of int8") {
    for (const Cell cell : kCells) {
        CAPTURE(cell_name(cell));
        GradientFixture fixture(cell);
        fixture.options.round_hidden = true;
        Network<double> network(fixture.layout, kStreams);
        network.forward(fixture.parameters, fixture.batch, fixture.options);
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
        GradientFixture fixture(cell);
        Network<double> whole(fixture.layout, kStreams);
        Network<double> halves(fixture.layout, kStreams);
        const double loss = whole.forward(fixture.parameters, fixture.batch, {});
        const std::ptrdiff_t cut = 2 * kStreams;
        Batch first = fixture.batch;
        Batch second = fixture.batch;
        first.tokens.resize(cut);
        first.targets.resize(cut);
        second.tokens.erase(second.tokens.begin(), second.tokens.begin() + cut);
        second.targets.erase(second.targets.begin(), second.targets.begin() + cut);
        double sum = halves.forward(fixture.parameters, first, {});
        sum += halves.forward(fixture.parameters, second, {});
        CHECK(sum == doctest::Approx(loss).epsilon(1e-12));
        CHECK((whole.c(1) - halves.c(1)).cwiseAbs().maxCoeff() < 1e-12);
        second.fresh = true;
        CHECK(halves.forward(fixture.parameters, second, {}) != doctest::Approx(sum - loss));
    }
}

}  // namespace lacuna
