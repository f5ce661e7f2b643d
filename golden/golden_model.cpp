#include "golden/golden_model.hpp"

#include <fmt/format.h>

#include <algorithm>
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

void StepTrace::Layer::set_gates(std::size_t unit, const std::array<int, kGates>& values) {
    const std::size_t units = gate.size() / kGates;
    for (std::size_t block = 0; block < kGates; ++block) {
        gate[block * units + unit] = static_cast<std::int16_t>(values[block]);
    }
}

GoldenModel::GoldenModel(QuantisedModel model) : model_(std::move(model)) {
    model_.validate();
    for (const auto& layer : model_.layers) {
        Layer expanded;
        expanded.x = Matrix(layer.x);
        expanded.h = Matrix(layer.h);
        expanded.x_input.assign(expanded.x.stride, 0);
        expanded.h_input.assign(expanded.h.stride, 0);
        expanded.accumulator.assign(kGates * layer.units, 0);
        expanded.pre.assign(kGates * layer.units, 0);
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
    const RecurrentLayer& layer = model_.layers[index];
    Layer& work = layers_[index];
    std::ranges::copy(x, work.x_input.begin());
    std::ranges::copy(state_.h[index], work.h_input.begin());
    if (trace != nullptr) {
        *trace = {};
        trace->gate.resize(kGates * layer.units);
    }
    for (std::size_t gate = 0; gate < kGates; ++gate) {
        const auto x_rows = x_block(model_.cell, gate);
        const auto h_rows = h_block(model_.cell, gate);
        for (std::size_t unit = 0; unit < layer.units; ++unit) {
            const std::size_t row = gate * layer.units + unit;
            std::int32_t sum = 0;
            if (x_rows) {
                sum += work.x.dot(*x_rows * layer.units + unit, work.x_input.data()) << layer.shift_x;
            }
            if (h_rows) {
                sum += work.h.dot(*h_rows * layer.units + unit, work.h_input.data()) << layer.shift_h;
            }
            const auto pre = scale_row(sum, layer.rows[row]);
            work.accumulator[row] = sum;
            work.pre[row] = pre.value;
            if (trace != nullptr) {
                trace->saturated_pre += pre.saturated ? 1 : 0;
            }
        }
    }
    for (std::size_t unit = 0; unit < layer.units; ++unit) {
        if (model_.cell == Cell::Gru) {
            step_gru_unit(index, unit, trace);
        } else {
            step_lstm_unit(index, unit, trace);
        }
    }
    if (trace != nullptr) {
        trace->accumulator = work.accumulator;
        trace->pre = work.pre;
        trace->c = state_.c[index];
        trace->h = state_.h[index];
    }
}

void GoldenModel::step_lstm_unit(std::size_t index, std::size_t unit, StepTrace::Layer* trace) {
    const RecurrentLayer& layer = model_.layers[index];
    const auto pre = [&](std::size_t gate) { return layers_[index].pre[gate * layer.units + unit]; };
    const int n = layer.cell_fraction;
    auto& c = state_.c[index][unit];
    const int i = sigmoid_q(pre(0));
    const int f = sigmoid_q(pre(1));
    const int g = tanh_q(pre(2));
    const int o = sigmoid_q(pre(3));
    const std::int64_t cell =
        (std::int64_t{f} * c + ((std::int64_t{i} * g) >> (kGateFraction - n)) + (1 << 14)) >> 15;
    c = sat16(cell);
    const int squashed = tanh_q(sat16(std::int64_t{c} << (12 - n)));
    state_.h[index][unit] = sat8(rhu(std::int64_t{o} * squashed, 23));
    if (trace != nullptr) {
        trace->saturated_c += c != cell ? 1 : 0;
        trace->set_gates(unit, {i, f, g, o});
    }
}

void GoldenModel::step_gru_unit(std::size_t index, std::size_t unit, StepTrace::Layer* trace) {
    const std::size_t units = model_.layers[index].units;
    const auto pre = [&](std::size_t gate) { return layers_[index].pre[gate * units + unit]; };
    auto& s = state_.c[index][unit];
    const int r = sigmoid_q(pre(0));
    const int z = sigmoid_q(pre(1));
    const std::int64_t sum = pre(2) + rhu(std::int64_t{r} * pre(3), kGateFraction);
    const int argument = sat16(sum);
    const int n = tanh_q(argument);
    // A weighted mean of n and s, so it fits 16 bits.
    s = static_cast<std::int16_t>(
        rhu(std::int64_t{(1 << kGateFraction) - z} * n + std::int64_t{z} * s, kGateFraction));
    state_.h[index][unit] = sat8(rhu(s, 8));
    if (trace != nullptr) {
        trace->saturated_pre += argument != sum ? 1 : 0;
        trace->set_gates(unit, {r, z, n, argument});
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
