#include "model/trainer.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "model/bank_mask.hpp"
#include "model/quantise.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

/// Trains to the end and returns the parameters.
Flat<float> train(const TrainOptions& options, std::uint64_t seed = 1, long updates = -1) {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    const auto initial = initial_parameters(layout, seed);
    std::optional<Flat<float>> teacher;
    if (options.distill > 0) {
        teacher = initial_parameters(layout, 99);
    }
    Trainer trainer(corpus, layout, initial, options, teacher);
    const long end = updates < 0 ? trainer.total_updates() : updates;
    while (trainer.update() < end) {
        trainer.step();
    }
    return trainer.effective_parameters();
}

/// Options that use everything: dropout, pruning, rounding, distillation.
TrainOptions full_options() {
    auto options = tiny_options();
    options.dropout.output = 0.2;
    options.prune.k = 2;
    options.round_fraction = 0.3;
    options.distill = 0.3;
    options.adam.weight_decay = 0.01;
    return options;
}

std::string constructor_error(const TrainOptions& options) {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    return error_text([&] { Trainer(corpus, layout, initial_parameters(layout, 1), options); });
}

}  // namespace

TEST_CASE("the same seed gives the same bytes, another seed others") {
    auto options = full_options();
    const auto first = train(options, 1, 20);
    CHECK(same_bytes(first, train(options, 1, 20)));
    options.seed = 2;
    CHECK_FALSE(same_bytes(first, train(options, 1, 20)));
}

TEST_CASE("the number of threads does not change a byte") {
    auto options = full_options();
    options.shards = 4;
    const auto one = train(options);
    for (const int threads : {2, 3, 8}) {
        options.threads = threads;
        CHECK(same_bytes(one, train(options)));
    }
}

TEST_CASE("shards share the work of one batch: their number changes the rounding only") {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    const auto start = initial_parameters(layout, 1);
    const auto after = [&](int shards) {
        auto options = tiny_options();
        options.shards = shards;
        Trainer trainer(corpus, layout, start, options);
        for (int i = 0; i < 10; ++i) {
            trainer.step();
        }
        return Flat<float>(trainer.pruned_parameters());
    };
    const auto one = after(1);
    for (const int shards : {2, 4}) {
        CHECK((after(shards) - one).norm() < 0.01F * (one - start).norm());
    }
}

TEST_CASE("a restored checkpoint goes on to the same bytes") {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    const auto options = full_options();
    const auto initial = initial_parameters(layout, 1);
    const auto teacher = initial_parameters(layout, 99);
    const auto expected = train(options);
    Trainer whole(corpus, layout, initial, options, teacher);
    const long total = whole.total_updates();
    for (const long cut : {1L, total / 4, total / 2, total - 1}) {
        CAPTURE(cut);
        Trainer before(corpus, layout, initial, options, teacher);
        while (before.update() < cut) {
            before.step();
        }
        Trainer after(corpus, layout, initial, options, teacher);
        after.restore(before.checkpoint(), "checkpoint");
        CHECK(after.update() == cut);
        while (after.update() < total) {
            after.step();
        }
        CHECK(same_bytes(after.effective_parameters(), expected));
    }
}

TEST_CASE("training lowers the loss on a text with rules") {
    const auto corpus = tiny_corpus();
    for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
        CAPTURE(cell_name(cell));
        const ParameterLayout layout(tiny_shape(corpus, cell));
        auto options = tiny_options();
        options.epochs = 6;
        options.learning_rate.peak = 0.02;
        Trainer trainer(corpus, layout, initial_parameters(layout, 1), options);
        const double before = trainer.evaluate(corpus.valid, 1).figure;
        while (trainer.update() < trainer.total_updates()) {
            trainer.step();
        }
        const double after = trainer.evaluate(corpus.valid, 1).figure;
        // A word of 5 characters out of 4 equally likely ones: 2 bits per word, 0.4 bits per character.
        CHECK(before > 2.5);
        CHECK(after < 0.6);
        CHECK(after > 0.35);
        const auto model = unflatten(trainer.pruned_parameters(), layout, corpus.format);
        CHECK(bits_per_character(model, corpus.valid.tokens) == doctest::Approx(after).epsilon(1e-5));
    }
}

TEST_CASE("a GRU is pruned and rounded like an LSTM, and goes on from a checkpoint to the same bytes") {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus, Cell::Gru));
    auto options = full_options();
    options.prune.regrow = false;
    const auto initial = initial_parameters(layout, 1);
    const auto teacher = initial_parameters(layout, 99);
    Trainer whole(corpus, layout, initial, options, teacher);
    Trainer resumed(corpus, layout, initial, options, teacher);
    while (whole.update() < whole.total_updates()) {
        whole.step();
        if (whole.update() == whole.total_updates() / 2) {
            resumed.restore(whole.checkpoint(), "checkpoint");
        }
    }
    while (resumed.update() < resumed.total_updates()) {
        resumed.step();
    }
    CHECK(same_bytes(whole.effective_parameters(), resumed.effective_parameters()));
    const auto last = whole.pruned_parameters();
    CHECK(same_bytes(last.cwiseProduct(bank_balanced_mask(last, layout, 2)), last));
    CHECK(whole.counts().largest() == 2);

    const ParameterLayout other(tiny_shape(corpus));
    Trainer lstm(corpus, other, initial_parameters(other, 1), options, initial_parameters(other, 99));
    CHECK(contains(error_text([&] { lstm.restore(whole.checkpoint(), "checkpoint"); }), "cell"));
}

TEST_CASE("a model that was trained, pruned and rounded needs next to no more bits in integers") {
    const auto corpus = tiny_corpus();
    for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
        CAPTURE(cell_name(cell));
        const ParameterLayout layout(tiny_shape(corpus, cell));
        auto options = tiny_options();
        options.epochs = 8;
        options.learning_rate.peak = 0.02;
        options.prune.k = 4;
        options.prune.regrow = false;
        options.round_fraction = 0.3;
        Trainer trainer(corpus, layout, initial_parameters(layout, 1), options);
        while (trainer.update() < trainer.total_updates()) {
            trainer.step();
        }
        auto model = unflatten(trainer.pruned_parameters(), layout, corpus.format);
        for (auto& layer : model.layers) {
            layer.k_x = layer.k_h = 4;
        }
        model.k_head = 4;
        QuantiseOptions names;
        names.name = "tiny";
        QuantiseReport report;
        GoldenModel golden(quantise(model, calibrate(model, corpus.valid), names, report));
        const double bits = score_tokens(golden, corpus.test.tokens).bits.value();
        const double exact = bits_per_character(model, corpus.test.tokens);
        MESSAGE(cell_name(cell) << ": float " << exact << ", golden " << bits << " bits per character");
        CHECK(exact < 0.7);
        CHECK(bits == doctest::Approx(exact).epsilon(0.02));
    }
}

TEST_CASE("evaluation in one piece agrees with the step-by-step runner") {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    Trainer trainer(corpus, layout, initial_parameters(layout, 1), tiny_options());
    for (int i = 0; i < 30; ++i) {
        trainer.step();
    }
    const auto model = unflatten(trainer.pruned_parameters(), layout, corpus.format);
    const double expected = bits_per_character(model, corpus.valid.tokens);
    CHECK(trainer.evaluate(corpus.valid, 1).figure == doctest::Approx(expected).epsilon(1e-5));
    CHECK(trainer.evaluate(corpus.valid, 4).figure == doctest::Approx(expected).epsilon(0.2));
    CHECK(trainer.evaluate(corpus.valid, 1'000'000).figure > 0.0);  // more pieces than characters
}

TEST_CASE("pruning ends with exact zeros everywhere outside the masks and keeps them") {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    for (const bool regrow : {true, false}) {
        auto options = tiny_options();
        options.prune.k = 1;
        options.prune.regrow = regrow;
        options.prune.fraction = 0.5;
        Trainer trainer(corpus, layout, initial_parameters(layout, 1), options);
        std::vector<int> kept;
        Flat<float> fixed;
        while (trainer.update() < trainer.total_updates()) {
            trainer.step();
            kept.push_back(trainer.counts().largest());
            if (trainer.update() == trainer.total_updates() / 2 + 1) {
                fixed = trainer.pruned_parameters();
            }
        }
        CHECK(kept.front() == 16);
        CHECK(std::ranges::is_sorted(kept, std::greater<>{}));
        CHECK(kept.back() == 1);
        const auto last = trainer.pruned_parameters();
        const auto mask = bank_balanced_mask(last, layout, 1);
        CHECK(same_bytes(last.cwiseProduct(mask), last));  // at most one weight per bank and row
        CHECK((last.array() == 0.0F).count() == (fixed.array() == 0.0F).count());
        CHECK(last.cwiseProduct((fixed.array() == 0.0F).cast<float>().matrix()).isZero(0.0F));
        CHECK_FALSE(same_bytes(last, fixed));  // the kept weights go on learning
    }
}

TEST_CASE("the target is reached whatever the part of the run given to pruning") {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    for (const double fraction : {0.0, 0.01, 1.0}) {
        auto options = tiny_options();
        options.epochs = 1;
        options.prune.k = 2;
        options.prune.fraction = fraction;
        options.prune.interval = 1000;
        Trainer trainer(corpus, layout, initial_parameters(layout, 1), options);
        while (trainer.update() < trainer.total_updates()) {
            trainer.step();
        }
        CHECK(trainer.counts().largest() == 2);
        const auto last = trainer.pruned_parameters();
        CHECK(same_bytes(last.cwiseProduct(bank_balanced_mask(last, layout, 2)), last));
    }
}

TEST_CASE("rounding starts in the last part of the run") {
    auto options = tiny_options();
    options.round_fraction = 0.25;
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    Trainer trainer(corpus, layout, initial_parameters(layout, 1), options);
    const long total = trainer.total_updates();
    while (trainer.update() < total) {
        CHECK(trainer.rounding() ==
              (static_cast<double>(trainer.update()) >= 0.75 * static_cast<double>(total)));
        trainer.step();
    }
    CHECK_FALSE(same_bytes(trainer.effective_parameters(), trainer.pruned_parameters()));
}

TEST_CASE("bad options are listed together") {
    auto options = tiny_options();
    options.prune.k = 3;
    options.epochs = 0;
    options.shards = 3;
    options.dropout.output = 1.0;
    const auto text = constructor_error(options);
    CHECK(contains(text, "--k is 3, expected 1, 2, 4, 8 or 16"));
    CHECK(contains(text, "--epochs is 0"));
    CHECK(contains(text, "--shards is 3, expected a divisor of --streams"));
    CHECK(contains(text, "--dropout is 1"));
}

TEST_CASE("a batch that is too large for the text is refused") {
    auto options = tiny_options();
    options.streams = 400;
    const auto text = constructor_error(options);
    CHECK(contains(
        text,
        "training split has 2506 characters to predict, but 400 streams of 10 steps need at least 4010"));
}

TEST_CASE("a loss that is not finite stops the training before the parameters change") {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    auto initial = initial_parameters(layout, 1);
    initial[layout.head_bias.offset] = std::numeric_limits<float>::quiet_NaN();
    Trainer trainer(corpus, layout, initial, tiny_options());
    const auto text = error_text([&] { trainer.step(); });
    CHECK(contains(text, "training diverged at update 1"));
    CHECK(contains(text, "--learning-rate"));
    CHECK(trainer.update() == 0);
    CHECK(same_bytes(trainer.pruned_parameters(), initial));
}

TEST_CASE("parameters that overflow are divergence too") {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    auto options = tiny_options();
    options.learning_rate = {1e38, 0, 1.0};
    Trainer trainer(corpus, layout, initial_parameters(layout, 1), options);
    const auto text = error_text([&] {
        for (int i = 0; i < 20; ++i) {
            trainer.step();
        }
    });
    CHECK(contains(text, "training diverged at update"));
}

}  // namespace lacuna
