#include "golden/golden_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "golden/tanh_table.hpp"

namespace lacuna {

namespace {

constexpr std::size_t kStride = 32;
constexpr int kGateFraction = 15;

std::size_t padded(std::size_t columns) {
    return (columns + kStride - 1) / kStride * kStride;
}

struct ScaledRow {
    std::int16_t value;
    bool saturated;
};

/// sat16(rhu(acc * m, q) + bias)
ScaledRow scale_row(std::int32_t accumulator, const RowScale& row) {
    const std::int64_t sum = rhu(std::int64_t{accumulator} * row.mantissa, row.shift) + row.bias;
    const std::int16_t value = sat16(sum);
    return {value, value != sum};
}

}  // namespace

GoldenModel::Matrix::Matrix(const PartWeights& part) : stride(padded(part.columns)) {
    weight.assign(part.rows * stride, 0);
    for (std::size_t row = 0; row < part.rows; ++row) {
        for (std::size_t bank = 0; bank < part.banks(); ++bank) {
            for (std::size_t slot = 0; slot < part.kept(bank); ++slot) {
                const std::size_t at = row * part.slots + part.slot_offset(bank) + slot;
                weight[row * stride + bank * PartWeights::kBankWidth + part.index[at]] = part.value[at];
            }
        }
    }
}

std::int32_t GoldenModel::Matrix::dot(std::size_t row, const std::int16_t* input) const {
    const std::int8_t* weights = &weight[row * stride];
    std::int32_t sum = 0;
    for (std::size_t column = 0; column < stride; ++column) {
        sum += std::int32_t{weights[column]} * input[column];
    }
    return sum;
}

GoldenModel::GoldenModel(QuantisedModel model) : model_(std::move(model)) {
    model_.validate();
    for (const auto& layer : model_.layers) {
        Layer expanded;
        expanded.x = Matrix(layer.x);
        expanded.h = Matrix(layer.h);
        expanded.x_input.assign(expanded.x.stride, 0);
        expanded.h_input.assign(expanded.h.stride, 0);
        expanded.accumulator.assign(layer.x.rows, 0);
        layers_.push_back(std::move(expanded));
        state_.h.emplace_back(layer.units);
        state_.c.emplace_back(layer.units);
    }
    if (model_.head) {
        head_ = Matrix(model_.head->h);
        head_input_.assign(head_.stride, 0);
        logits_.assign(model_.head->h.rows, 0);
    }
}

void GoldenModel::reset() {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        std::ranges::fill(state_.h[l], std::int8_t{0});
        std::ranges::fill(state_.c[l], std::int16_t{0});
    }
    std::ranges::fill(logits_, std::int16_t{0});
}

void GoldenModel::step(std::span<const std::int8_t> x, StepTrace* trace) {
    if (x.size() != model_.input_size()) {
        throw Error(fmt::format("model '{}': input has {} values, expected {}", model_.name, x.size(),
                                model_.input_size()));
    }
    if (trace != nullptr) {
        trace->layers.resize(layers_.size());
    }
    step_layer(0, x, trace == nullptr ? nullptr : trace->layers.data());
    for (std::size_t l = 1; l < layers_.size(); ++l) {
        step_layer(l, state_.h[l - 1], trace == nullptr ? nullptr : &trace->layers[l]);
    }
    if (model_.head) {
        step_head(trace);
    }
}

void GoldenModel::step_token(int token, StepTrace* trace) {
    if (token < 0 || static_cast<std::size_t>(token) >= model_.vocab.size()) {
        throw Error(fmt::format("model '{}': token {} does not exist, expected less than {}", model_.name,
                                token, model_.vocab.size()));
    }
    const std::size_t size = model_.input_size();
    step(std::span(model_.embedding).subspan(static_cast<std::size_t>(token) * size, size), trace);
}

void GoldenModel::step_layer(std::size_t index, std::span<const std::int8_t> x, StepTrace::Layer* trace) {
    const LstmLayer& layer = model_.layers[index];
    Layer& work = layers_[index];
    auto& h = state_.h[index];
    auto& c = state_.c[index];
    std::ranges::copy(x, work.x_input.begin());
    std::ranges::copy(h, work.h_input.begin());
    for (std::size_t row = 0; row < work.accumulator.size(); ++row) {
        work.accumulator[row] = (work.x.dot(row, work.x_input.data()) << layer.shift_x) +
                                (work.h.dot(row, work.h_input.data()) << layer.shift_h);
    }
    if (trace != nullptr) {
        *trace = {work.accumulator, {}, {}, {}, {}, 0, 0};
        trace->pre.resize(4 * layer.units);
        trace->gate.resize(4 * layer.units);
    }

    const int n = layer.cell_fraction;
    for (std::size_t unit = 0; unit < layer.units; ++unit) {
        std::array<int, 4> gate{};
        for (std::size_t block = 0; block < 4; ++block) {
            const std::size_t row = block * layer.units + unit;
            const auto pre = scale_row(work.accumulator[row], layer.rows[row]);
            gate[block] = block == 2 ? tanh_q(pre.value) : sigmoid_q(pre.value);
            if (trace != nullptr) {
                trace->pre[row] = pre.value;
                trace->gate[row] = static_cast<std::int16_t>(gate[block]);
                trace->saturated_pre += pre.saturated ? 1 : 0;
            }
        }
        const auto [i, f, g, o] = gate;
        const std::int64_t cell =
            (std::int64_t{f} * c[unit] + ((std::int64_t{i} * g) >> (kGateFraction - n)) + (1 << 14)) >> 15;
        c[unit] = sat16(cell);
        const int squashed = tanh_q(sat16(std::int64_t{c[unit]} << (12 - n)));
        h[unit] = sat8(rhu(std::int64_t{o} * squashed, 23));
        if (trace != nullptr) {
            trace->saturated_c += c[unit] != cell ? 1 : 0;
        }
    }
    if (trace != nullptr) {
        trace->c = c;
        trace->h = h;
    }
}

void GoldenModel::step_head(StepTrace* trace) {
    std::ranges::copy(state_.h.back(), head_input_.begin());
    if (trace != nullptr) {
        trace->head_accumulator.resize(logits_.size());
        trace->saturated_logits = 0;
    }
    for (std::size_t row = 0; row < logits_.size(); ++row) {
        const std::int32_t accumulator = head_.dot(row, head_input_.data());
        const auto logit = scale_row(accumulator, model_.head->rows[row]);
        logits_[row] = logit.value;
        if (trace != nullptr) {
            trace->head_accumulator[row] = accumulator;
            trace->saturated_logits += logit.saturated ? 1 : 0;
        }
    }
}

std::span<const std::int8_t> GoldenModel::h(std::size_t layer) const {
    return state_.h.at(layer);
}

std::span<const std::int16_t> GoldenModel::c(std::size_t layer) const {
    return state_.c.at(layer);
}

void GoldenModel::set_state(const ModelState& state) {
    Problems problems(fmt::format("state for model '{}'", model_.name));
    if (state.h.size() != layers_.size() || state.c.size() != layers_.size()) {
        problems.add(fmt::format("it has h of {} and c of {} layers, expected {}", state.h.size(),
                                 state.c.size(), layers_.size()));
    } else {
        for (std::size_t l = 0; l < layers_.size(); ++l) {
            const std::size_t units = model_.layers[l].units;
            if (state.h[l].size() != units || state.c[l].size() != units) {
                problems.add(fmt::format("layer {} has {} values of h and {} of c, expected {} of each", l,
                                         state.h[l].size(), state.c[l].size(), units));
            }
        }
    }
    problems.throw_if_any("Use a state that was read from the same model.");
    state_ = state;
    std::ranges::fill(logits_, std::int16_t{0});
}

}  // namespace lacuna
