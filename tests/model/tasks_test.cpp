// Words, classes and values: each task learns, repeats itself, and survives an interruption.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "golden/prng.hpp"
#include "model/scorer.hpp"
#include "model/trainer.hpp"
#include "model/walk.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

/// Sentences of a small grammar: the word after `the` is one of two, all others are certain.
Dataset word_data() {
    const auto text = [](std::uint64_t seed, int lines) {
        SplitMix64 random(seed);
        std::string result;
        for (int i = 0; i < lines; ++i) {
            result +=
                random.between(0, 1) == 0 ? "the cat sees the mouse .\n" : "the dog chases the rabbit !\n";
        }
        return result;
    };
    Dataset data;
    data.format.task = Task::Words;
    data.format.words = WordVocabulary::most_frequent(text(1, 400), 100, {});
    data.train.tokens = data.format.words.encode(text(1, 400));
    data.valid.tokens = data.format.words.encode(text(2, 60));
    data.test.tokens = data.format.words.encode(text(3, 60));
    data.sha256 = "words";
    return data;
}

/// Sequences of 3 to 9 noisy values; the class says whether the first one was positive.
Split first_signs(std::uint64_t seed, int count) {
    SplitMix64 random(seed);
    Split split;
    std::vector<float> values;
    for (int i = 0; i < count; ++i) {
        const long length = random.between(3, 9);
        const bool positive = random.between(0, 1) == 1;
        split.labels.push_back(positive ? 1 : 0);
        for (long t = 0; t < length; ++t) {
            values.push_back(t == 0 ? (positive ? 1.0F : -1.0F) : static_cast<float>(random.uniform() - 0.5));
        }
        split.starts.push_back(split.starts.back() + length);
    }
    split.inputs =
        Eigen::Map<const Eigen::MatrixXf>(values.data(), 1, static_cast<Eigen::Index>(values.size()));
    return split;
}

Dataset sign_data() {
    Dataset data;
    data.format.task = Task::Classification;
    data.format.last_step = true;
    data.format.classes = {"minus", "plus"};
    data.format.input = {Eigen::VectorXf::Zero(1), Eigen::VectorXf::Ones(1)};
    data.train = first_signs(1, 203);
    data.valid = first_signs(2, 60);
    data.test = first_signs(3, 60);
    data.sha256 = "signs";
    return data;
}

/// A sine with a slow beat; the target is its value four steps later.
Dataset wave_data() {
    Dataset data;
    data.format.task = Task::Regression;
    data.format.input = data.format.output = {Eigen::VectorXf::Zero(1), Eigen::VectorXf::Ones(1)};
    long first = 0;
    const auto part = [&](Split& split, long steps) {
        const auto wave = [](long t) {
            return static_cast<float>(std::sin(0.3 * static_cast<double>(t)) *
                                      std::cos(0.021 * static_cast<double>(t)));
        };
        split.starts = {0, steps};
        split.inputs.resize(1, steps);
        split.targets.resize(1, steps);
        for (long t = 0; t < steps; ++t) {
            split.inputs(0, t) = wave(first + t);
            split.targets(0, t) = wave(first + t + 4);
        }
        first += steps;
    };
    part(data.train, 1200);
    part(data.valid, 300);
    part(data.test, 300);
    data.sha256 = "wave";
    return data;
}

NetworkShape shape_for(const Dataset& data) {
    NetworkShape shape;
    shape.task = data.format.task;
    shape.vocabulary = data.format.tokens();
    shape.embedding = is_language(shape.task) ? 16 : data.features();
    shape.units = {16, 16};
    shape.outputs = is_language(shape.task) ? 0 : data.format.outputs();
    shape.last_step = data.format.last_step;
    return shape;
}

TrainOptions options_for(int epochs) {
    auto options = tiny_options();
    options.epochs = epochs;
    options.streams = 8;
    options.learning_rate.peak = 0.02;
    return options;
}

/// Trains to the end, with a validation after each epoch.
void train(Trainer& trainer, const Dataset& data) {
    while (!trainer.finished()) {
        trainer.step();
        if (trainer.update() % trainer.updates_per_epoch() == 0) {
            trainer.note_validation(trainer.evaluate(data.valid, 1));
        }
    }
    trainer.take_best();
}

/// Figure of the trained model, by the trainer and step by step, which must agree.
double learnt(const Dataset& data, const NetworkShape& shape, const TrainOptions& options) {
    const ParameterLayout layout(shape);
    Trainer trainer(data, layout, initial_parameters(layout, 1), options);
    train(trainer, data);
    const double figure = trainer.evaluate(data.test, 1).figure;
    const auto model = unflatten(trainer.pruned_parameters(), layout, data.format);
    CHECK(evaluate(model, data.test).figure == doctest::Approx(figure).epsilon(1e-4));
    return figure;
}

const std::vector<Dataset>& all_data() {
    static const std::vector<Dataset> data = {word_data(), sign_data(), wave_data()};
    return data;
}

}  // namespace

TEST_CASE("a word model learns, with all words, with drawn ones, and with tied weights") {
    const auto data = word_data();
    CHECK(data.format.words.size() == 11);
    auto shape = shape_for(data);
    auto options = options_for(6);
    // One bit in the 7 words of a line: 2 ^ (1 / 7) = 1.104.
    const double full = learnt(data, shape, options);
    CHECK(full < 1.2);
    CHECK(full > 1.08);
    options.epochs = 20;
    options.sampled = 6;
    CHECK(learnt(data, shape, options) < 1.25);
    shape.tied = true;
    CHECK(learnt(data, shape, options) < 1.25);
}

TEST_CASE(
    "drawn words are the same for student and teacher: one that equals its teacher learns nothing of it") {
    const auto data = word_data();
    const ParameterLayout layout(shape_for(data));
    auto options = options_for(1);
    options.sampled = 5;
    options.distill = 1.0;
    const auto teacher = initial_parameters(layout, 1);
    Trainer same(data, layout, teacher, options, teacher);
    Trainer other(data, layout, initial_parameters(layout, 2), options, teacher);
    for (int i = 0; i < 3; ++i) {
        same.step();
        other.step();
    }
    CHECK(same_bytes(same.pruned_parameters(), teacher));
    CHECK_FALSE(same_bytes(other.pruned_parameters(), initial_parameters(layout, 2)));
}

TEST_CASE("a classifier remembers the first step of sequences of different lengths") {
    const auto data = sign_data();
    CHECK(learnt(data, shape_for(data), options_for(12)) > 0.98);
}

TEST_CASE("NRMSE is over the variance of each target, whatever its mean") {
    Tally tally(Task::Regression);
    tally.add_values(Eigen::Vector2f(1.5F, 12.0F), Eigen::Vector2f(1.0F, 10.0F));
    tally.add_values(Eigen::Vector2f(2.5F, 28.0F), Eigen::Vector2f(3.0F, 30.0F));
    // Variances 1 and 100, squared errors 0.25 and 4.
    CHECK(tally.quality().loss == doctest::Approx((0.25 + 4.0) / 2));
    CHECK(tally.quality().figure == doctest::Approx(std::sqrt((0.25 + 0.04) / 2)));
}

TEST_CASE("of a sequence with one class the last step of its own length is scored") {
    const auto data = sign_data();
    const std::vector<long> sequences = {4, 0, 9};
    const auto batch = sequence_batch(data.train, sequences);
    std::vector<Eigen::Index> expected;
    for (long t = 0; t < batch.columns() / 3; ++t) {
        for (long b = 0; b < 3; ++b) {
            const auto s = static_cast<std::size_t>(sequences[static_cast<std::size_t>(b)]);
            if (t + 1 == data.train.starts[s + 1] - data.train.starts[s]) {
                expected.push_back(3 * t + b);
            }
        }
    }
    CHECK(expected.size() == 3);
    CHECK(batch.scored == expected);
}

TEST_CASE("a series is forecast, as a stream and as sequences") {
    auto data = wave_data();
    CHECK(data.train.series());
    CHECK(learnt(data, shape_for(data), options_for(20)) < 0.25);
    for (auto* split : {&data.train, &data.valid, &data.test}) {
        const long end = split->starts.back();
        split->starts = {0};
        for (long t = 60; t <= end; t += 60) {
            split->starts.push_back(t);
        }
    }
    CHECK_FALSE(data.train.series());
    CHECK(learnt(data, shape_for(data), options_for(30)) < 0.4);
}

TEST_CASE("the first steps of a series, whose past is unknown, are read but not scored") {
    struct Counter {
        long steps = 0;
        std::vector<long> scored;
        void reset() {}
        void step(long /*position*/) { ++steps; }
        void score(long target) { scored.push_back(target); }
    } counter;
    const auto data = wave_data();
    walk(data.valid, 0, counter);
    CHECK(counter.steps == 300);
    CHECK(counter.scored.size() == 270);
    CHECK(counter.scored.front() == 30);

    const std::vector<long> firsts = {0, 150};
    const auto batch = stream_batch(data.valid, firsts, 20, true, 5);
    CHECK(batch.columns() == 40);
    CHECK(batch.scored_columns() == 30);
    CHECK(batch.scored.front() == 10);
    CHECK(batch.inputs(0, 10) == data.valid.inputs(0, 5));
    CHECK(batch.values(0, 0) == data.valid.targets(0, 5));
    CHECK(batch.values(0, 29) == data.valid.targets(0, 169));
    CHECK(settling_steps(word_data().valid, 1000) == 0);
    CHECK(settling_steps(sign_data().valid, 1000) == 0);
}

TEST_CASE("each task gives the same bytes again, with other threads, and from a checkpoint") {
    for (const auto& data : all_data()) {
        CAPTURE(task_name(data.format.task));
        const ParameterLayout layout(shape_for(data));
        auto options = options_for(2);
        options.dropout = {0.1, 0.1, 0.2};
        options.sampled = data.format.task == Task::Words ? 5 : 0;
        Trainer whole(data, layout, initial_parameters(layout, 1), options);
        options.threads = 3;
        Trainer resumed(data, layout, initial_parameters(layout, 1), options);
        while (!whole.finished()) {
            whole.step();
            if (whole.update() % 7 == 0) {
                whole.note_validation(whole.evaluate(data.valid, 4));
            }
            if (whole.update() == whole.total_updates() / 2) {
                resumed.restore(whole.checkpoint(), "checkpoint");
            }
        }
        while (!resumed.finished()) {
            resumed.step();
            if (resumed.update() % 7 == 0) {
                resumed.note_validation(resumed.evaluate(data.valid, 4));
            }
        }
        CHECK(same_bytes(whole.pruned_parameters(), resumed.pruned_parameters()));
        whole.take_best();
        resumed.take_best();
        CHECK(same_bytes(whole.pruned_parameters(), resumed.pruned_parameters()));
    }
}

TEST_CASE("pruning has defaults that suit the task, and forecasts are not rounded to 8 bits") {
    for (const Task task : {Task::Characters, Task::Words, Task::Classification, Task::Regression}) {
        CAPTURE(task_name(task));
        const auto training = TrainOptions::defaults(task);
        const auto pruning = TrainOptions::pruning_defaults(task);
        CHECK(pruning.prune.k == 2);
        CHECK(pruning.learning_rate.peak == 2 * training.learning_rate.peak);
        CHECK(pruning.epochs >= training.epochs);
        CHECK(pruning.streams == training.streams);
        CHECK((pruning.round_fraction > 0) == (task != Task::Regression));
        CHECK(pruning.prune.regrow == (task == Task::Words));
        CHECK((pruning.dropout.output < training.dropout.output) == (task == Task::Words));
    }
}

TEST_CASE("the best validation's parameters are kept, and patience ends a run") {
    const auto data = wave_data();
    const ParameterLayout layout(shape_for(data));
    auto options = options_for(50);
    options.patience = 3;
    Trainer trainer(data, layout, initial_parameters(layout, 1), options);
    trainer.step();
    const auto quality = [](double loss) { return Quality{Task::Regression, loss, loss, 1}; };
    CHECK(trainer.note_validation(quality(2.0)));
    trainer.step();
    CHECK(trainer.note_validation(quality(1.0)));
    const auto best = trainer.pruned_parameters();
    for (int i = 0; i < 3; ++i) {
        CHECK_FALSE(trainer.finished());
        trainer.step();
        CHECK_FALSE(trainer.note_validation(quality(1.0)));
    }
    CHECK(trainer.finished());
    CHECK_FALSE(same_bytes(trainer.pruned_parameters(), best));
    trainer.take_best();
    CHECK(same_bytes(trainer.pruned_parameters(), best));
}

TEST_CASE("a run goes on from a checkpoint with its best, its patience and its plateaus") {
    const auto data = wave_data();
    const ParameterLayout layout(shape_for(data));
    auto options = options_for(50);
    options.patience = 5;
    options.learning_rate = {0.01, 0, 0.1, RateSchedule::Plateau, 0.5, 1, 2};
    const auto quality = [](double loss) { return Quality{Task::Regression, loss, loss, 1}; };
    Trainer whole(data, layout, initial_parameters(layout, 1), options);
    for (const double loss : {2.0, 1.0, 1.5, 1.5, 1.5}) {  // one reduction, and half of the next
        whole.step();
        whole.note_validation(quality(loss));
    }
    Trainer resumed(data, layout, initial_parameters(layout, 1), options);
    resumed.restore(whole.checkpoint(), "checkpoint");
    for (auto* trainer : {&whole, &resumed}) {
        CHECK(trainer->learning_rate() == 0.005);
        CHECK_FALSE(trainer->note_validation(quality(1.25)));
        CHECK(trainer->learning_rate() == 0.0025);
        CHECK_FALSE(trainer->finished());
        CHECK_FALSE(trainer->note_validation(quality(1.0)));
        CHECK(trainer->finished());
        trainer->take_best();
    }
    CHECK(same_bytes(whole.pruned_parameters(), resumed.pruned_parameters()));
}

TEST_CASE("a plateau lowers the learning rate") {
    const auto data = wave_data();
    const ParameterLayout layout(shape_for(data));
    auto options = options_for(50);
    options.learning_rate = {0.01, 0, 0.1, RateSchedule::Plateau, 0.5, 1, 2};
    Trainer trainer(data, layout, initial_parameters(layout, 1), options);
    const Quality same{Task::Regression, 1.0, 1.0, 1};
    trainer.note_validation(same);
    trainer.note_validation(same);
    CHECK(trainer.learning_rate() == 0.01);
    trainer.note_validation(same);
    CHECK(trainer.learning_rate() == 0.005);
    trainer.note_validation(same);
    trainer.note_validation(same);
    CHECK(trainer.learning_rate() == 0.0025);
}

TEST_CASE("a batch that does not fit into memory is refused before anything is made") {
    auto data = sign_data();
    data.train.starts = {0, 40'000'000'000};  // only the length is looked at
    auto shape = shape_for(data);
    const ParameterLayout layout(shape);
    const auto text =
        error_text([&] { Trainer(data, layout, initial_parameters(layout, 1), options_for(1)); });
    CHECK(contains(text, "8 streams of 40000000000 steps"));
    CHECK(contains(text, "GB are free"));
    CHECK(contains(text, "cut the sequences"));
}

}  // namespace lacuna
