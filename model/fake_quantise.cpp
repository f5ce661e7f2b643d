#include "model/fake_quantise.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace lacuna {

namespace {

constexpr float kLargest = 127.0F;

float largest_magnitude(std::span<const float> values) {
    float largest = 0.0F;
    for (const float value : values) {
        largest = std::max(largest, std::abs(value));
    }
    return largest;
}

void round_to_steps(std::span<float> values, float step) {
    if (step <= 0.0F) {
        return;
    }
    for (float& value : values) {
        value = std::floor(value / step + 0.5F) * step;
    }
}

std::span<float> row_of(BlockMap<float>& block, Eigen::Index row) {
    return {block.data() + row * block.cols(), static_cast<std::size_t>(block.cols())};
}

}  // namespace

Flat<float> fake_quantised(const Flat<float>& parameters, const ParameterLayout& layout,
                           float largest_input) {
    Flat<float> rounded = parameters;
    auto embedding = view(rounded, layout.embedding);
    const std::span all(embedding.data(), static_cast<std::size_t>(embedding.size()));
    const float input_step = (all.empty() ? largest_input : largest_magnitude(all)) / kLargest;
    if (!layout.shape().tied) {  // a tied embedding is the host's head as well, which stays as it is
        round_to_steps(all, input_step);
    }
    for (std::size_t n = 0; n < layout.layers.size(); ++n) {
        auto weight_x = view(rounded, layout.layers[n].weight_x);
        auto weight_h = view(rounded, layout.layers[n].weight_h);
        const float fold = n == 0 && input_step > 0.0F ? 128.0F * input_step : 1.0F;
        for (Eigen::Index row = 0; row < weight_h.rows(); ++row) {
            float step_x = fold * largest_magnitude(row_of(weight_x, row)) / kLargest;
            float step_h = largest_magnitude(row_of(weight_h, row)) / kLargest;
            if (layout.shape().cell == Cell::Lstm || row < 2 * weight_h.cols()) {
                step_x = step_h = std::max(step_x, step_h);
            }
            round_to_steps(row_of(weight_x, row), step_x / fold);
            round_to_steps(row_of(weight_h, row), step_h);
        }
    }
    auto head = view(rounded, layout.head_weight);
    for (Eigen::Index row = 0; layout.shape().head_on_engine() && row < head.rows(); ++row) {
        round_to_steps(row_of(head, row), largest_magnitude(row_of(head, row)) / kLargest);
    }
    return rounded;
}

}  // namespace lacuna
