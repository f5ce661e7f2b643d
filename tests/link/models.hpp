// Models and steps that the tests of the whole system share.
#pragma once

#include <utility>
#include <vector>

#include "golden/random_model.hpp"
#include "golden/sampling.hpp"
#include "tests/link/raw_host.hpp"

namespace lacuna::link_test {

inline constexpr std::uint64_t kId = 0x0123456789ABCDEF;

/// A language model of two layers that suits the activations of an engine.
inline QuantisedModel language_model(const Geometry& geometry, Cell cell, std::uint64_t seed) {
    return random_model({.seed = seed,
                         .cell = cell,
                         .inputs = 20,
                         .units = {13, 17},
                         .head_rows = 23,
                         .vocabulary = true,
                         .accumulator_bits = geometry.activation_bits == 16 ? geometry.accumulator_bits : 24,
                         .activation_bits = geometry.activation_bits});
}

inline Bytes step_payload(protocol::StepMode mode, const std::vector<std::vector<std::int16_t>>& inputs,
                          int bits) {
    Bytes payload{static_cast<std::uint8_t>(mode)};
    put(payload, inputs.size(), 2);
    for (const auto& x : inputs) {
        put_input(payload, x, bits);
    }
    return payload;
}

/// A model on a board, and golden beside it.
struct LoadedModel {
    QuantisedModel model;
    Layout layout;
    std::vector<MemoryWord> words;
    GoldenModel golden;

    LoadedModel(QuantisedModel quantised, const Geometry& geometry)
        : model(std::move(quantised)),
          layout(lay_out(model, geometry)),
          words(board_words(model, layout, kId, model.language)),
          golden(model) {}

    /// A request of `count` steps on random inputs; golden steps too.
    struct Steps {
        Bytes payload;
        Mode mode;
        std::vector<std::vector<std::int32_t>> expected;
    };
    Steps random_steps(SplitMix64& prng, int count) {
        Steps steps{{}, prng.one_in(2) ? Mode::Score : Mode::Generate, {}};
        std::vector<std::vector<std::int16_t>> inputs;
        for (; count > 0; --count) {
            inputs.push_back(random_input(prng, model.input_size(), false, model.activation_bits));
            golden.step(inputs.back());
            if (model.head) {
                steps.expected.emplace_back(golden.logits().begin(), golden.logits().end());
            } else {
                const auto h = golden.h(model.layers.size() - 1);
                steps.expected.emplace_back(h.begin(), h.end());
            }
        }
        steps.payload =
            step_payload(steps.mode == Mode::Score ? protocol::StepMode::Score : protocol::StepMode::Generate,
                         inputs, model.activation_bits);
        return steps;
    }
    bool right(const Reply& reply, const Steps& steps) const {
        return reply.status == 0 &&
               outputs_of(reply.payload, model, layout, steps.mode, steps.expected.size()) == steps.expected;
    }
};

}  // namespace lacuna::link_test
