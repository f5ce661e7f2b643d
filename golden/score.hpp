// Scoring a text: every token is predicted from all before it, in one unbroken stream from the zero state.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "golden/bits_per_character.hpp"
#include "golden/golden_model.hpp"

namespace lacuna {

struct Score {
    struct Layer {
        std::size_t saturated_pre = 0;  ///< pre-activations limited to [-8, 8)
        std::size_t saturated_c = 0;    ///< cell states limited to 16 bits
        int largest_c = 0;              ///< largest |c|, in units of 2^-n
    };
    BitsPerCharacter bits;
    std::vector<Layer> layers;
    std::size_t saturated_logits = 0;
    int largest_logit = 0;  ///< largest |y|, in units of 2^-fraction

    /// Takes note of how far the values of the model's last step went; `trace` is of that step.
    void add_ranges(const GoldenModel& model, const StepTrace& trace);
};

/// Feeds tokens[0..n-2] to the model, from the zero state, and measures each next token: n-1 predictions.
/// Throws `Error` when there are fewer than two tokens or the model has no head.
/// @param report called now and then with the number of predictions done and their mean, when given
Score score_tokens(GoldenModel& model, std::span<const int> tokens,
                   const std::function<void(std::size_t, double)>& report = {});

}  // namespace lacuna
