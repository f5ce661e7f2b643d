#include "golden/score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "common/error.hpp"

namespace lacuna {

namespace {

constexpr std::size_t kReportInterval = 256;

template <class T>
int largest_magnitude(std::span<const T> values, int largest) {
    for (const T value : values) {
        largest = std::max(largest, std::abs(int{value}));
    }
    return largest;
}

}  // namespace

Score score_tokens(GoldenModel& model, std::span<const int> tokens,
                   const std::function<void(std::size_t, double)>& report) {
    if (tokens.size() < 2) {
        throw Error(fmt::format("scoring needs at least two characters of text, got {}", tokens.size()));
    }
    if (!model.model().head) {
        throw Error(
            fmt::format("model '{}' has no head, so it predicts nothing to score", model.model().name));
    }
    Score score;
    score.layers.resize(model.model().layers.size());
    StepTrace trace;
    model.reset();
    for (std::size_t t = 0; t + 1 < tokens.size(); ++t) {
        model.step_token(tokens[t], &trace);
        score.bits.add(surprise_bits(model.logits(), model.model().head->fraction, tokens[t + 1]));
        for (std::size_t l = 0; l < score.layers.size(); ++l) {
            auto& layer = score.layers[l];
            layer.saturated_pre += trace.layers[l].saturated_pre;
            layer.saturated_c += trace.layers[l].saturated_c;
            layer.largest_c = largest_magnitude(model.c(l), layer.largest_c);
        }
        score.saturated_logits += trace.saturated_logits;
        score.largest_logit = largest_magnitude(model.logits(), score.largest_logit);
        if (report && (t + 1) % kReportInterval == 0) {
            report(t + 1, score.bits.value());
        }
    }
    return score;
}

}  // namespace lacuna
