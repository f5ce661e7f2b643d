#include <doctest/doctest.h>

#include <cmath>

#include "model/pruning.hpp"
#include "model/trainer.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

using Eigen::Index;

}  // namespace

TEST_CASE("training with each scheme and criterion ends on its structure, and resumes to the same bytes") {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    for (const auto scheme : kSchemes) {
        for (const auto criterion : kCriteria) {
            CAPTURE(scheme_name(scheme));
            CAPTURE(criterion_name(criterion));
            auto options = tiny_options();
            options.prune.scheme = scheme;
            options.prune.criterion = criterion;
            options.prune.k_x = {2, 4};
            options.prune.k_h = {4, 2};
            options.prune.fraction = 0.5;
            const auto initial = initial_parameters(layout, 1);
            Trainer whole(corpus, layout, initial, options);
            Trainer resumed(corpus, layout, initial, options);
            const long total = whole.total_updates();
            while (whole.update() < total) {
                whole.step();
                if (whole.update() == total / 3) {
                    resumed.restore(whole.checkpoint(), "checkpoint");
                    CHECK(resumed.kept().kept == whole.kept().kept);
                }
            }
            while (resumed.update() < total) {
                resumed.step();
            }
            const auto last = whole.pruned_parameters();
            CHECK(same_bytes(last, resumed.pruned_parameters()));
            const auto expected = pruning_mask(layout, options.prune, last.cwiseAbs(), 1.0);
            CHECK(same_bytes(last.cwiseProduct(expected), last));
            CHECK(whole.kept().kept == kept_weights(layout, expected).kept);
        }
    }
}

TEST_CASE("saliency keeps the largest of w^2 E[(dL/dw)^2], which are not the largest weights") {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    auto options = tiny_options();
    options.prune.k = 2;
    options.prune.criterion = Criterion::Saliency;
    options.prune.schedule = Schedule::OneShot;
    options.prune.fraction = 0.5;
    Trainer trainer(corpus, layout, initial_parameters(layout, 1), options);
    const long end = std::lround(options.prune.fraction * static_cast<double>(trainer.total_updates()));
    while (trainer.update() < end) {
        trainer.step();
    }
    const auto before = trainer.checkpoint();
    const auto read = [&before](const char* name) {
        const auto values = before.tensors.at(name).view<float>();
        return Flat<float>(Eigen::Map<const Flat<float>>(values.data(), static_cast<Index>(values.size())));
    };
    const Flat<float> weights = read("parameters");
    const Flat<float> saliency = weights.cwiseAbs2().cwiseProduct(read("adam.second"));
    trainer.step();  // chooses first
    const auto chosen = trainer.checkpoint();
    const auto mask = chosen.tensors.at("mask").view<float>();
    const auto expected = pruning_mask(layout, options.prune, saliency, 1.0);
    const auto by_magnitude = pruning_mask(layout, options.prune, weights.cwiseAbs(), 1.0);
    REQUIRE(mask.size() == static_cast<std::size_t>(expected.size()));
    Index differ = 0;
    for (Index i = 0; i < expected.size(); ++i) {
        REQUIRE(mask[static_cast<std::size_t>(i)] == expected[i]);
        differ += expected[i] != by_magnitude[i] ? 1 : 0;
    }
    CHECK(differ > 100);
}

TEST_CASE("movement is positive for weights that moved away from zero") {
    const auto corpus = tiny_corpus();
    const ParameterLayout layout(tiny_shape(corpus));
    auto options = tiny_options();
    options.prune.k = 2;
    options.prune.criterion = Criterion::Movement;
    options.learning_rate = {1e-3, 0, 1.0};
    const auto before = initial_parameters(layout, 1);
    Trainer trainer(corpus, layout, before, options);
    trainer.step();  // of Adam: each parameter moves by the learning rate against its gradient's sign
    const auto after = trainer.pruned_parameters();
    const auto checkpoint = trainer.checkpoint();
    const auto movement = checkpoint.tensors.at("movement").view<float>();
    Index compared = 0;
    for (const auto& matrix : pruned_matrices(layout, options.prune)) {
        for (Index i = matrix.block.offset; i < matrix.block.offset + matrix.block.size(); ++i) {
            if (movement[static_cast<std::size_t>(i)] != 0.0F && std::abs(before[i]) > 2e-3F) {
                REQUIRE((movement[static_cast<std::size_t>(i)] > 0.0F) ==
                        (std::abs(after[i]) > std::abs(before[i])));
                ++compared;
            }
        }
    }
    CHECK(compared > 1000);
}

}  // namespace lacuna
