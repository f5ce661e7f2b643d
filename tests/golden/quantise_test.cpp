#include "model/quantise.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include "golden/golden_model.hpp"
#include "golden/prng.hpp"

namespace lacuna {

namespace {

RowMatrix random_matrix(SplitMix64& prng, Eigen::Index rows, Eigen::Index columns, double range) {
    return RowMatrix::NullaryExpr(rows, columns,
                                  [&] { return static_cast<float>(range * (2 * prng.uniform() - 1)); });
}

/// A float model with random weights, 8 tokens, 20 inputs, layers of 24 and 18 units.
FloatModel random_float_model(std::uint64_t seed, Cell cell = Cell::Lstm) {
    SplitMix64 prng(seed);
    FloatModel model;
    model.cell = cell;
    model.format.vocab = {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};
    model.embedding = random_matrix(prng, 8, 20, 1.5);
    Eigen::Index inputs = 20;
    for (const Eigen::Index units : {24, 18}) {
        const Eigen::Index rows = static_cast<Eigen::Index>(part_blocks(cell)) * units;
        FloatLayer layer;
        layer.weight_ih = random_matrix(prng, rows, inputs, 0.5);
        layer.weight_hh = random_matrix(prng, rows, units, 0.5);
        layer.bias_ih = random_matrix(prng, rows, 1, 0.3);
        layer.bias_hh = random_matrix(prng, rows, 1, 0.3);
        inputs = units;
        model.layers.push_back(layer);
    }
    model.head_weight = random_matrix(prng, 8, inputs, 2);
    model.head_bias = random_matrix(prng, 8, 1, 0.5);
    return model;
}

/// Keeps the first k of each bank's columns, counted from `first` and around; the rest becomes zero.
void prune(RowMatrix& weight, Eigen::Index k) {
    for (Eigen::Index row = 0; row < weight.rows(); ++row) {
        for (Eigen::Index column = 0; column < weight.cols(); ++column) {
            const Eigen::Index in_bank = column % 16;
            if ((in_bank + row) % 16 >= k) {
                weight(row, column) = 0;
            }
        }
    }
}

FloatModel pruned_model(std::uint64_t seed, int k, Cell cell = Cell::Lstm) {
    FloatModel model = random_float_model(seed, cell);
    for (auto& layer : model.layers) {
        prune(layer.weight_ih, k);
        prune(layer.weight_hh, k);
        layer.k_x = layer.k_h = k;
    }
    prune(model.head_weight, k);
    model.k_head = k;
    return model;
}

std::vector<int> random_tokens(std::size_t count) {
    SplitMix64 prng(99);
    std::vector<int> tokens(count);
    for (int& token : tokens) {
        token = static_cast<int>(prng.between(0, 7));
    }
    return tokens;
}

Split text_of(std::vector<int> tokens) {
    Split split;
    split.tokens = std::move(tokens);
    return split;
}

QuantiseOptions named(std::string name) {
    QuantiseOptions options;
    options.name = std::move(name);
    return options;
}

/// Root mean square difference of the logits of both models over a text.
double logit_difference(const FloatModel& model, const QuantisedModel& quantised,
                        const std::vector<int>& tokens) {
    FloatRunner runner(model);
    GoldenModel golden(quantised);
    double sum = 0;
    std::size_t count = 0;
    for (const int token : tokens) {
        const auto& expected = runner.step(token);
        golden.step_token(token);
        for (const std::int32_t y : golden.logits()) {
            const double real = std::ldexp(y, -quantised.head->fraction);
            const double difference =
                real -
                static_cast<double>(expected[static_cast<Eigen::Index>(count++ % golden.logits().size())]);
            sum += difference * difference;
        }
    }
    return std::sqrt(sum / static_cast<double>(count));
}

void check_follows(Cell cell) {
    const auto tokens = random_tokens(600);
    for (const int k : {16, 4, 2, 1}) {
        CAPTURE(k);
        const FloatModel model = pruned_model(static_cast<std::uint64_t>(k), k, cell);
        const Calibration calibration = calibrate(model, text_of(tokens));
        QuantiseReport report;
        const QuantisedModel quantised = quantise(model, calibration, named("small"), report);
        CHECK(quantised.layers[0].x.k == k);
        CHECK(quantised.total_slots() == quantised.dense_weights() - [&] {
            std::size_t cut = 0;
            for (const auto& layer : quantised.layers) {
                cut += layer.x.rows * (layer.x.columns - layer.x.slots);
                cut += layer.h.rows * (layer.h.columns - layer.h.slots);
            }
            return cut + quantised.head->h.rows * (quantised.head->h.columns - quantised.head->h.slots);
        }());
        for (const auto& layer : report.layers) {
            CHECK(layer.snr_x > 38);
            CHECK(layer.snr_h > 38);
            CHECK(layer.limited_biases == 0);
        }
        CHECK(report.snr_head > 38);
        CHECK(report.snr_embedding > 38);
        CHECK(logit_difference(model, quantised, tokens) < 0.03);

        GoldenModel golden(quantised);
        const Score score = score_tokens(golden, tokens);
        CHECK(score.saturated_logits == 0);
        CHECK(score.layers[0].saturated_c + score.layers[1].saturated_c == 0);
        CHECK(score.bits.value() == doctest::Approx(calibration.quality.figure).epsilon(0.01));
        CHECK(std::abs(std::ldexp(score.largest_logit, -quantised.head->fraction) /
                           static_cast<double>(calibration.largest_output) -
                       1) < 0.05);
    }
}

}  // namespace

TEST_CASE("the golden model follows the float model, dense and pruned") {
    check_follows(Cell::Lstm);
}
TEST_CASE("the golden GRU follows the float GRU, dense and pruned") {
    check_follows(Cell::Gru);
}

TEST_CASE("each sum of a GRU has a scale and a bias of its own") {
    FloatModel model = random_float_model(5, Cell::Gru);
    auto& layer = model.layers[0];
    layer.weight_hh.row(2 * 24 + 7) *= 0.1F;  // of n_h alone
    QuantiseReport report;
    const QuantisedModel quantised =
        quantise(model, calibrate(model, text_of(random_tokens(300))), named("s"), report);
    const auto& rows = quantised.layers[0].rows;
    REQUIRE(rows.size() == 4 * 24);
    CHECK(quantised.kind() == "gru-lm");
    CHECK(quantised.layers[0].cell_fraction == kGruStateFraction);
    const auto factor = [&](std::size_t row) { return std::ldexp(rows[row].mantissa, -rows[row].shift); };
    const auto steps = [](float bias) { return std::floor(bias * 4096 + 0.5F); };
    CHECK(factor(3 * 24 + 7) < 0.3 * factor(3 * 24 + 8));
    CHECK(factor(2 * 24 + 7) > 0.3 * factor(2 * 24 + 8));
    for (const Eigen::Index u : {0, 7, 23}) {
        const auto at = static_cast<std::size_t>(u);
        CHECK(rows[at].bias == steps(layer.bias_ih[u] + layer.bias_hh[u]));
        CHECK(rows[24 + at].bias == steps(layer.bias_ih[24 + u] + layer.bias_hh[24 + u]));
        CHECK(rows[48 + at].bias == steps(layer.bias_ih[48 + u]));
        CHECK(rows[72 + at].bias == steps(layer.bias_hh[48 + u]));
    }
    // The small row of n_h uses the whole range of int8, whatever the x part of n needs.
    const auto& h = quantised.layers[0].h;
    int largest = 0;
    for (std::size_t slot = 0; slot < h.slots; ++slot) {
        largest = std::max(largest, std::abs(int{h.value[(2 * 24 + 7) * h.slots + slot]}));
    }
    CHECK(largest == 127);
}

TEST_CASE("kept columns are those of the weights; free slots take the lowest columns") {
    FloatModel model = pruned_model(3, 3);
    auto& weight = model.layers[0].weight_ih;
    weight.row(7).setZero();
    weight(7, 5) = 0.25F;
    weight(7, 17) = -0.25F;
    weight.row(9).setZero();
    model.layers[0].weight_hh.row(9).setZero();
    QuantiseReport report;
    const QuantisedModel quantised =
        quantise(model, calibrate(model, text_of(random_tokens(300))), named("s"), report);
    const auto& part = quantised.layers[0].x;
    REQUIRE(part.slots == 6);
    const auto row = [&](const auto& all, std::size_t r) {
        return std::vector<int>(all.begin() + static_cast<std::ptrdiff_t>(r) * 6,
                                all.begin() + static_cast<std::ptrdiff_t>(r + 1) * 6);
    };
    CHECK(row(part.index, 7) == std::vector<int>{0, 1, 5, 0, 1, 2});
    const auto value = row(part.value, 7);
    CHECK(value[0] == 0);
    CHECK(value[2] > 0);
    CHECK(value[4] < 0);
    CHECK(row(part.index, 9) == std::vector<int>{0, 1, 2, 0, 1, 2});
    CHECK(quantised.layers[0].rows[9].mantissa == 0);
    CHECK(report.layers[0].filled_slots >= 4 + 6 + 6);
}

TEST_CASE("banks with more weights than k are refused, with their places") {
    FloatModel model = pruned_model(4, 2);
    model.layers[1].k_h = 1;
    model.k_head = 1;
    QuantiseReport report;
    const Calibration calibration = calibrate(model, text_of(random_tokens(50)));
    for (const char* text :
         {"l.1.h: row 0, bank 0 has 2 weights, expected at most 1", "more banks like these",
          "head: row 0, bank 0 has 2", "prune it to that first"}) {
        CHECK_THROWS_WITH_AS(quantise(model, calibration, named("s"), report), doctest::Contains(text),
                             Error);
    }
    const FloatModel other = random_float_model(5);
    Calibration wrong = calibrate(other, text_of(random_tokens(50)));
    wrong.layers.pop_back();
    CHECK_THROWS_WITH_AS(quantise(other, wrong, named("s"), report),
                         doctest::Contains("another model's shape"), Error);
}

TEST_CASE("an input of wide range gets a part shift, which keeps the h weights fine") {
    FloatModel model = random_float_model(6);
    model.embedding *= 20;  // large folded x weights
    const auto tokens = random_tokens(400);
    const Calibration calibration = calibrate(model, text_of(tokens));
    QuantiseReport report;
    const QuantisedModel quantised = quantise(model, calibration, named("s"), report);
    CHECK(quantised.layers[0].shift_x >= 3);
    CHECK(quantised.layers[0].shift_h == 0);
    CHECK(quantised.layers[1].shift_x <= 1);
    const auto& h = quantised.layers[0].h.value;
    CHECK(std::max(*std::ranges::max_element(h), std::int8_t(-*std::ranges::min_element(h))) > 60);
    CHECK(report.layers[0].snr_x > 40);

    QuantiseOptions narrow = named("s");
    narrow.accumulator_bits = quantised.accumulator_bits() - 1;
    CHECK(quantise(model, calibration, narrow, report).accumulator_bits() <= quantised.accumulator_bits());
}

/// Everyday weights that 8 bits hold exactly, so that what is left is the error of the activations: as of a
/// regression with a small model, whose outputs are numbers and not a choice.
FloatModel exact_model(std::uint64_t seed, Cell cell) {
    FloatModel model = random_float_model(seed, cell);
    SplitMix64 prng(seed);
    const auto place = [&](RowMatrix& weight, double step) {
        for (Eigen::Index row = 0; row < weight.rows(); ++row) {
            for (Eigen::Index column = 0; column < weight.cols(); ++column) {
                // The first of a row is the largest, so every row gets this step.
                weight(row, column) = static_cast<float>(
                    step * (column == 0 ? 127 : static_cast<double>(prng.between(-100, 100))));
            }
        }
    };
    for (auto& layer : model.layers) {
        place(layer.weight_ih, 0x1p-8);
        place(layer.weight_hh, 0x1p-8);
        layer.bias_ih = (layer.bias_ih * 4096).array().round() / 4096;
        layer.bias_hh = (layer.bias_hh * 4096).array().round() / 4096;
    }
    place(model.head_weight, 0x1p-7);
    model.head_bias = (model.head_bias * 1024).array().round() / 1024;
    // Inputs whose largest value is that of an activation: x counts as h does.
    model.embedding *= 32767.0F / 32768.0F / model.embedding.cwiseAbs().maxCoeff();
    return model;
}

TEST_CASE("with 16-bit activations golden follows the float model at least ten times closer") {
    const auto tokens = random_tokens(500);
    for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
        CAPTURE(cell_name(cell));
        const FloatModel model = exact_model(12, cell);
        const Calibration calibration = calibrate(model, text_of(tokens));
        QuantiseReport report;
        QuantiseOptions options = named("s");
        const double of_8 = logit_difference(model, quantise(model, calibration, options, report), tokens);
        options.activation_bits = 16;
        const QuantisedModel wide = quantise(model, calibration, options, report);
        CHECK(wide.activation_bits == 16);
        CHECK(wide.accumulator_bits() <= 32);
        CHECK(wide.head->fraction > 12);
        CHECK(report.snr_embedding > 80);
        const double of_16 = logit_difference(model, wide, tokens);
        MESSAGE(std::string(cell_name(cell)), ": outputs differ by ", of_8, " with 8 bits, ", of_16,
                " with 16");
        CHECK(of_16 < of_8 / 10);
        // Nothing is limited, and ranges use the wider format.
        GoldenModel golden(wide);
        const Score score = score_tokens(golden, tokens);
        CHECK(score.saturated_logits == 0);
        for (std::size_t l = 0; l < wide.layers.size(); ++l) {
            CHECK(score.layers[l].saturated_c == 0);
            CHECK(score.layers[l].saturated_pre == 0);
            CHECK(wide.layers[l].cell_fraction > 12);
        }
    }
    QuantiseReport report;
    QuantiseOptions options = named("s");
    options.activation_bits = 12;
    const FloatModel model = random_float_model(1);
    CHECK_THROWS_WITH_AS(quantise(model, calibrate(model, text_of(tokens)), options, report),
                         doctest::Contains("activations of 12 bits to quantise for, expected 8 or 16"),
                         Error);
}

TEST_CASE("any float model becomes a valid 16-bit one, with ordinary weights closer than at 8 bits too") {
    const auto tokens = random_tokens(400);
    for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
        for (const int k : {16, 2}) {
            const FloatModel model = pruned_model(static_cast<std::uint64_t>(k), k, cell);
            const Calibration calibration = calibrate(model, text_of(tokens));
            QuantiseReport report;
            QuantiseOptions options = named("s");
            const double of_8 =
                logit_difference(model, quantise(model, calibration, options, report), tokens);
            options.activation_bits = 16;
            const double of_16 =
                logit_difference(model, quantise(model, calibration, options, report), tokens);
            MESSAGE(std::string(cell_name(cell)), ", k ", k, ": ", of_8, " with 8 bits, ", of_16, " with 16");
            CHECK(of_16 < of_8);
        }
    }
}

TEST_CASE("ranges follow the cells and logits, and widen when something is limited") {
    FloatModel model = random_float_model(7);
    model.head_weight *= 10;
    const auto tokens = random_tokens(400);
    Calibration calibration = calibrate(model, text_of(tokens));
    calibration.layers[0].largest_c = 20;
    calibration.layers[1].largest_c = 1000;
    QuantiseReport report;
    QuantiseOptions options = named("s");
    const QuantisedModel quantised = quantise(model, calibration, options, report);
    CHECK(quantised.layers[0].cell_fraction == 10);
    CHECK(quantised.layers[1].cell_fraction == 8);
    const double top = static_cast<double>(calibration.largest_output) * 1.25;
    CHECK(std::ldexp(top, quantised.head->fraction) <= 32767);
    CHECK(std::ldexp(top, quantised.head->fraction + 1) > 32767);

    Score score;
    score.layers.resize(2);
    CHECK_FALSE(widen_ranges(quantised, score, options));
    score.layers[1].saturated_c = 3;  // fraction 8 already: nothing to be done
    CHECK_FALSE(widen_ranges(quantised, score, options));
    score.layers[0].saturated_c = 1;
    score.saturated_logits = 1;
    CHECK(widen_ranges(quantised, score, options));
    const QuantisedModel wider = quantise(model, calibration, options, report);
    CHECK(wider.layers[0].cell_fraction == 9);
    CHECK(wider.head->fraction == quantised.head->fraction - 1);
}

TEST_CASE("quantising is deterministic and scoring equals its parts") {
    const FloatModel model = pruned_model(8, 2);
    const auto tokens = random_tokens(300);
    const Calibration calibration = calibrate(model, text_of(tokens));
    QuantiseReport report;
    const QuantisedModel quantised = quantise(model, calibration, named("s"), report);
    CHECK(quantised == quantise(model, calibrate(model, text_of(tokens)), named("s"), report));

    GoldenModel golden(quantised);
    golden.step_token(3);  // scoring starts from the zero state whatever came before
    const double scored = score_tokens(golden, tokens).bits.value();
    golden.reset();
    BitsPerCharacter mean;
    for (std::size_t t = 0; t + 1 < tokens.size(); ++t) {
        golden.step_token(tokens[t]);
        mean.add(surprise_bits(golden.logits(), quantised.head->fraction, tokens[t + 1]));
    }
    CHECK(scored == mean.value());
    CHECK_THROWS_AS(score_tokens(golden, random_tokens(1)), Error);
}

}  // namespace lacuna
