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

void Score::add_ranges(const GoldenModel& model, const StepTrace& trace) {
    layers.resize(model.model().layers.size());
    for (std::size_t l = 0; l < layers.size(); ++l) {
        layers[l].saturated_pre += trace.layers[l].saturated_pre;
        layers[l].saturated_c += trace.layers[l].saturated_c;
        layers[l].largest_c = largest_magnitude(model.c(l), layers[l].largest_c);
    }
    saturated_logits += trace.saturated_logits;
    largest_logit = largest_magnitude(model.logits(), largest_logit);
}

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
    StepTrace trace;
    model.reset();
    for (std::size_t t = 0; t + 1 < tokens.size(); ++t) {
        model.step_token(tokens[t], &trace);
        score.bits.add(surprise_bits(model.logits(), model.model().head->fraction, tokens[t + 1]));
        score.add_ranges(model, trace);
        if (report && (t + 1) % kReportInterval == 0) {
            report(t + 1, score.bits.value());
        }
    }
    return score;
}

}  // namespace lacuna
