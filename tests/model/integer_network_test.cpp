// Training in integers computes what the golden model computes, to the bit, in every h and every c.
#include "model/integer_network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "golden/golden_model.hpp"
#include "golden/prng.hpp"
#include "model/calibrate.hpp"
#include "model/golden_score.hpp"
#include "model/pruning.hpp"
#include "model/quantise.hpp"
#include "model/trainer.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

/// Sequences of 3 features: 30 of 4 to 12 steps.
Split random_sequences(std::uint64_t seed, Task task, Eigen::Index outputs, bool last_step) {
    SplitMix64 random(seed);
    Split split;
    for (int i = 0; i < 30; ++i) {
        split.starts.push_back(split.starts.back() + random.between(4, 12));
        if (task == Task::Classification) {
            split.labels.push_back(static_cast<int>(random.between(0, outputs - 1)));
        }
    }
    const auto uniform = [&] { return static_cast<float>(4 * random.uniform() - 2); };
    split.inputs = Eigen::MatrixXf::NullaryExpr(3, split.starts.back(), uniform);
    if (task == Task::Regression) {
        split.targets = Eigen::MatrixXf::NullaryExpr(
            outputs, last_step ? split.sequences() : split.starts.back(), uniform);
    }
    return split;
}

Dataset dataset_of(Task task) {
    if (task == Task::Characters) {
        return tiny_corpus();
    }
    Dataset data;
    data.format.task = task;
    data.sha256 = "random";
    if (task == Task::Words) {
        std::vector<std::string> words = {"<unk>", "<eos>"};
        for (int i = 0; i < 60; ++i) {
            words.push_back("w" + std::to_string(i));
        }
        data.format.words = WordVocabulary(words, {});
        SplitMix64 random(4);
        for (auto* split : {&data.train, &data.valid, &data.test}) {
            for (int i = 0; i < 900; ++i) {
                split->tokens.push_back(static_cast<int>(random.between(0, 61)));
            }
        }
        return data;
    }
    data.format.last_step = task == Task::Classification;
    data.format.input = {Eigen::VectorXf::Zero(3), Eigen::VectorXf::Ones(3)};
    data.format.output = {Eigen::VectorXf::Zero(2), Eigen::VectorXf::Ones(2)};
    data.format.classes = {"a", "b", "c", "d"};
    const auto outputs = data.format.outputs();
    data.train = random_sequences(1, task, outputs, data.format.last_step);
    data.valid = random_sequences(2, task, outputs, data.format.last_step);
    data.test = random_sequences(3, task, outputs, data.format.last_step);
    return data;
}

/// A random model for the data, its weights cut to k of each bank, quantised, and a trainer of it.
struct Case {
    Case(Task task, Cell cell, int act, int k, int weight_bits = 8, int shared_rows = 1)
        : data(dataset_of(task)),
          layout(shape_for(data, cell)),
          model(pruned(layout, data.format, k, shared_rows)) {
        QuantiseOptions quantising;
        quantising.name = "case";
        quantising.activation_bits = act;
        quantising.weight_bits = weight_bits;
        QuantiseReport report;
        hosted = quantise_hosted(model, calibrate(model, data.valid), quantising, report);
        options = tiny_options();
        options.epochs = 3;
        options.learning_rate.peak = 0.01;
    }

    static NetworkShape shape_for(const Dataset& data, Cell cell) {
        NetworkShape shape;
        shape.cell = cell;
        shape.task = data.format.task;
        shape.vocabulary = data.format.tokens();
        shape.embedding = is_language(shape.task) ? 20 : 3;
        shape.units = {24, 18};
        shape.outputs = is_language(shape.task) ? 0 : data.format.outputs();
        shape.last_step = data.format.last_step;
        return shape;
    }

    static FloatModel pruned(const ParameterLayout& layout, const DataFormat& format, int k,
                             int shared_rows) {
        auto flat = initial_parameters(layout, 7);
        PruneOptions prune;
        prune.k = k;
        prune.bank.rows = shared_rows;
        prune.k_head = layout.shape().head_on_engine() ? 0 : 16;
        flat = flat.cwiseProduct(pruning_mask(layout, prune, flat.cwiseAbs(), 1.0));
        auto model = unflatten(flat, layout, format);
        for (auto& layer : model.layers) {
            layer.k_x = layer.k_h = k;
        }
        model.k_head = layout.shape().head_on_engine() ? k : 16;
        return model;
    }

    Dataset data;
    ParameterLayout layout;
    FloatModel model;
    HostedModel hosted;
    TrainOptions options;
};

/// Steps of the golden model of `hosted` against those of a network in the integers loaded; the number of
/// values that differ.
std::size_t count_differences(const Case& test, const IntegerNetwork& integers, const HostedModel& hosted) {
    GoldenModel golden(hosted.model);
    Network<float> network(test.layout, 1);
    PassOptions pass;
    pass.integers = &integers;
    const double one = integers.one();
    const Split& split = test.data.valid;
    const long steps = split.tokens.empty() ? split.starts[1] : 60;
    std::size_t differences = 0;
    for (long t = 0; t < steps; ++t) {
        Batch batch;
        batch.streams = 1;
        batch.fresh = t == 0;
        const auto at = static_cast<std::size_t>(t);
        if (split.tokens.empty()) {
            batch.inputs = split.inputs.col(t);
            golden.step(quantised_input(hosted.model, {batch.inputs.data(), 3}));
            batch.values = Eigen::MatrixXf::Zero(2, 1);
            batch.targets = {0};
        } else {
            batch.tokens = {split.tokens[at]};
            batch.targets = {split.tokens[at + 1]};
            if (hosted.model.language) {
                golden.step_token(split.tokens[at]);
            } else {
                const std::size_t size = hosted.model.input_size();
                golden.step(std::span(hosted.host.embedding)
                                .subspan(static_cast<std::size_t>(split.tokens[at]) * size, size));
            }
        }
        network.forward(integers.real(), batch, pass);
        for (std::size_t l = 0; l < test.layout.layers.size(); ++l) {
            for (std::size_t u = 0; u < golden.h(l).size(); ++u) {
                const auto unit = static_cast<Eigen::Index>(u);
                const double c = std::ldexp(golden.c(l)[u], -hosted.model.layers[l].cell_fraction);
                differences += network.h(l)(unit, 0) * one != golden.h(l)[u] ? 1 : 0;
                differences += network.c(l)(unit, 0) != c ? 1 : 0;
            }
        }
        // Regression is the one task whose outputs are not turned into probabilities.
        for (std::size_t o = 0; test.layout.shape().task == Task::Regression && o < golden.logits().size();
             ++o) {
            const double output = std::ldexp(golden.logits()[o], -hosted.model.head->fraction);
            differences += network.outputs()(static_cast<Eigen::Index>(o), 0) != output ? 1 : 0;
        }
    }
    return differences;
}

}  // namespace

TEST_CASE("h, c and outputs in training equal the golden model's, before and after fine-tuning") {
    for (const Task task : kTasks) {
        for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
            for (const int act : {8, 16}) {
                for (const int k : {16, 2}) {
                    CAPTURE(task_name(task));
                    CAPTURE(cell_name(cell));
                    CAPTURE(act);
                    CAPTURE(k);
                    const Case test(task, cell, act, k);
                    IntegerNetwork integers(test.hosted, test.layout);
                    const auto stored = integers.stored(flatten(test.model, test.layout));
                    integers.load(stored);
                    CHECK(integers.model().model == test.hosted.model);
                    CHECK(integers.model().host.embedding == test.hosted.host.embedding);
                    CHECK(count_differences(test, integers, test.hosted) == 0);

                    Trainer trainer(test.data, test.layout, test.hosted, test.model, test.options);
                    for (int i = 0; i < 12; ++i) {
                        trainer.step();
                    }
                    const auto tuned = trainer.quantised();
                    CHECK_FALSE(tuned.model == test.hosted.model);
                    CHECK(tuned.model.layers[0].x.index == test.hosted.model.layers[0].x.index);
                    integers.load(trainer.pruned_parameters());
                    CHECK(integers.model().model == tuned.model);
                    CHECK(count_differences(test, integers, tuned) == 0);
                    // A single row of weights that is another than the golden model's is seen.
                    auto other = tuned;
                    auto& part = other.model.layers[0].x;
                    for (std::size_t slot = 24 * part.slots; slot < 25 * part.slots; ++slot) {
                        part.value[slot] = static_cast<std::int8_t>(-part.value[slot]);
                    }
                    CHECK(count_differences(test, integers, other) > 0);
                }
            }
        }
    }
}

TEST_CASE("the golden model is scored as the network in its integers is, whatever the task") {
    for (const Task task : kTasks) {
        CAPTURE(task_name(task));
        const Case test(task, Cell::Lstm, 8, 2);
        Trainer trainer(test.data, test.layout, test.hosted, test.model, test.options);
        const auto expected = trainer.evaluate(test.data.valid, 1);
        const auto score = score_golden(trainer.quantised(), test.data.valid).quality;
        CHECK(score.count == expected.count);
        CHECK(score.loss == doctest::Approx(expected.loss).epsilon(1e-5));
        CHECK(score.figure == doctest::Approx(expected.figure).epsilon(1e-5));
    }
}

TEST_CASE("weights of 4 bits stay so in fine-tuning, and neighbouring rows that share columns keep them") {
    for (const int act : {8, 16}) {
        CAPTURE(act);
        const Case test(Task::Regression, Cell::Lstm, act, 2, 4, 2);
        Trainer trainer(test.data, test.layout, test.hosted, test.model, test.options);
        const auto fits = [](const HostedModel& hosted) {
            std::size_t wrong = 0;
            for (const auto& layer : hosted.model.layers) {
                for (const auto* part : {&layer.x, &layer.h}) {
                    wrong += static_cast<std::size_t>(
                        std::ranges::count_if(part->value, [](int v) { return v < -7 || v > 7; }));
                    for (std::size_t row = 0; row < part->rows; row += 2) {
                        const auto first =
                            part->index.begin() + static_cast<std::ptrdiff_t>(row * part->slots);
                        const auto slots = static_cast<std::ptrdiff_t>(part->slots);
                        wrong += std::equal(first, first + slots, first + slots) ? 0 : 1;
                    }
                }
            }
            return wrong == 0;
        };
        CHECK(fits(test.hosted));
        for (int i = 0; i < 12; ++i) {
            trainer.step();
        }
        const auto tuned = trainer.quantised();
        CHECK_FALSE(tuned.model == test.hosted.model);
        CHECK(fits(tuned));
        IntegerNetwork integers(tuned, test.layout);
        integers.load(trainer.pruned_parameters());
        CHECK(count_differences(test, integers, tuned) == 0);
        CHECK_FALSE(fits(Case(Task::Regression, Cell::Lstm, act, 2, 8, 2).hosted));
        CHECK_FALSE(fits(Case(Task::Regression, Cell::Lstm, act, 2, 4, 1).hosted));
    }
}

TEST_CASE("rows too long for float's 24 bits are summed in double") {
    NetworkShape shape{0, 1500, {4}, Cell::Lstm, Task::Regression, 1, false};
    const ParameterLayout layout(shape);
    auto flat = initial_parameters(layout, 3);
    view(flat, layout.layers[0].weight_x).setConstant(0.5F);
    DataFormat format;
    format.task = Task::Regression;
    format.input = {Eigen::VectorXf::Zero(1500), Eigen::VectorXf::Ones(1500)};
    format.output = {Eigen::VectorXf::Zero(1), Eigen::VectorXf::Ones(1)};
    const auto model = unflatten(flat, layout, format);
    SplitMix64 random(5);
    Split split;
    split.starts = {0, 40};
    split.inputs = Eigen::MatrixXf::NullaryExpr(
        1500, 40, [&] { return static_cast<float>(0.8 + 0.2 * random.uniform()); });
    split.targets = Eigen::MatrixXf::NullaryExpr(1, 40, [&] { return static_cast<float>(random.uniform()); });
    for (const int act : {8, 16}) {
        CAPTURE(act);
        QuantiseOptions options;
        options.name = "long";
        options.activation_bits = act;
        QuantiseReport report;
        const auto hosted = quantise_hosted(model, calibrate(model, split), options, report);
        IntegerNetwork integers(hosted, layout);
        integers.load(integers.stored(flatten(model, layout)));
        Eigen::MatrixXf columns(1500, 40);
        Eigen::VectorXd expected = Eigen::VectorXd::Zero(40);
        for (Eigen::Index t = 0; t < 40; ++t) {
            const auto x = quantised_input(hosted.model, {split.inputs.col(t).data(), 1500});
            std::int64_t sum = 0;
            for (std::size_t i = 0; i < x.size(); ++i) {
                columns(static_cast<Eigen::Index>(i), t) = x[i];
                sum += std::int64_t{x[i]} * hosted.model.layers[0].x.value[i];
            }
            expected[t] = static_cast<double>(sum);
        }
        CHECK(expected.minCoeff() > 1 << 24);
        Eigen::MatrixXd sums;
        integers.x_sums(0, columns, sums);
        CHECK(sums.row(0).transpose() == expected);
    }
}

TEST_CASE("fine-tuning in integers learns, and goes on from a checkpoint to the same bytes") {
    const auto data = tiny_corpus();
    const ParameterLayout layout(tiny_shape(data));
    auto options = tiny_options();
    options.epochs = 6;
    options.learning_rate.peak = 0.02;
    Trainer trained(data, layout, initial_parameters(layout, 1), options);
    while (!trained.finished()) {
        trained.step();
    }
    const auto model = unflatten(trained.pruned_parameters(), layout, data.format);
    QuantiseOptions quantising;
    quantising.name = "tiny";
    QuantiseReport report;
    auto hosted = quantise_hosted(model, calibrate(model, data.valid), quantising, report);
    for (auto& value : hosted.model.layers[1].h.value) {  // a bad quantiser: 3 bits are left
        value = static_cast<std::int8_t>(value / 32 * 32);
    }
    options.epochs = 2;
    options.learning_rate.peak = 0.005;
    Trainer tuned(data, layout, hosted, model, options);
    Trainer resumed(data, layout, hosted, model, options);
    const double before = tuned.evaluate(data.valid, 1).figure;
    CHECK(before == doctest::Approx(score_golden(hosted, data.valid).quality.figure).epsilon(1e-5));
    while (!tuned.finished()) {
        tuned.step();
        if (tuned.update() == 30) {
            resumed.restore(tuned.checkpoint(), "checkpoint");
        }
    }
    while (!resumed.finished()) {
        resumed.step();
    }
    const auto result = tuned.quantised();
    const double after = score_golden(result, data.valid).quality.figure;
    MESSAGE("golden, " << before << " before and " << after << " bits per character after fine-tuning");
    CHECK(after < before);
    CHECK(tuned.evaluate(data.valid, 1).figure == doctest::Approx(after).epsilon(1e-5));
    CHECK(resumed.quantised().model == result.model);
}

}  // namespace lacuna
