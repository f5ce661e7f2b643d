#include "golden/golden_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "golden/cell_update.hpp"

namespace lacuna {

namespace {

constexpr std::size_t kStride = 32;
constexpr std::size_t kExactColumns = 512;  // 512 * 127 * 2^15 < 2^31

std::size_t padded(std::size_t columns) {
    return (columns + kStride - 1) / kStride * kStride;
}

/// Throws `Error` when a value does not fit the bits of an activation.
void check_activations(const QuantisedModel& model, const char* what, std::span<const std::int16_t> values) {
    const NumberFormat format = number_format(model.activation_bits);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i] < format.min_activation() || values[i] > format.max_activation()) {
            throw Error(fmt::format("model '{}': value {} of {} is {}, expected {}..{}: {} bits", model.name,
                                    i, what, values[i], format.min_activation(), format.max_activation(),
                                    format.activation_bits));
        }
    }
}

/// A sum that the caller knows to fit 32 bits.
inline std::int32_t dot_exact(const std::int8_t* weights, const std::int16_t* input, std::size_t columns) {
    std::int32_t sum = 0;
    for (std::size_t column = 0; column < columns; ++column) {
        sum += std::int32_t{weights[column]} * input[column];
    }
    return sum;
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

template <int kAct>
std::int64_t GoldenModel::Matrix::dot(std::size_t row, const std::int16_t* input) const {
    const std::int8_t* weights = &weight[row * stride];
    if constexpr (kAct == 8) {
        return dot_exact(weights, input, stride);
    } else {
        std::int64_t sum = 0;
        for (std::size_t first = 0; first < stride; first += kExactColumns) {
            sum += dot_exact(weights + first, input + first, std::min(stride - first, kExactColumns));
        }
        return sum;
    }
}

void StepTrace::Layer::set_gates(std::size_t unit, const std::array<int, kGates>& values) {
    const std::size_t units = gate.size() / kGates;
    for (std::size_t block = 0; block < kGates; ++block) {
        gate[block * units + unit] = values[block];
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
        std::ranges::fill(state_.h[l], std::int16_t{0});
        std::ranges::fill(state_.c[l], std::int16_t{0});
    }
    std::ranges::fill(logits_, 0);
}

void GoldenModel::step(std::span<const std::int16_t> x, StepTrace* trace) {
    if (x.size() != model_.input_size()) {
        throw Error(fmt::format("model '{}': input has {} values, expected {}", model_.name, x.size(),
                                model_.input_size()));
    }
    check_activations(model_, "the input", x);
    if (model_.activation_bits == 16) {
        step_model<16>(x, trace);
    } else {
        step_model<8>(x, trace);
    }
}

template <int kAct>
void GoldenModel::step_model(std::span<const std::int16_t> x, StepTrace* trace) {
    if (trace != nullptr) {
        trace->layers.resize(layers_.size());
    }
    step_layer<kAct>(0, x, trace == nullptr ? nullptr : trace->layers.data());
    for (std::size_t l = 1; l < layers_.size(); ++l) {
        step_layer<kAct>(l, state_.h[l - 1], trace == nullptr ? nullptr : &trace->layers[l]);
    }
    if (model_.head) {
        step_head<kAct>(trace);
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

template <int kAct>
void GoldenModel::step_layer(std::size_t index, std::span<const std::int16_t> x, StepTrace::Layer* trace) {
    const RecurrentLayer& layer = model_.layers[index];
    Layer& work = layers_[index];
    std::ranges::copy(x, work.x_input.begin());
    std::ranges::copy(state_.h[index], work.h_input.begin());
    if (trace != nullptr) {
        *trace = {};
        trace->gate.resize(kGates * layer.units);
        trace->accumulator.resize(kGates * layer.units);
    }
    for (std::size_t gate = 0; gate < kGates; ++gate) {
        const auto x_rows = x_block(model_.cell, gate);
        const auto h_rows = h_block(model_.cell, gate);
        for (std::size_t unit = 0; unit < layer.units; ++unit) {
            const std::size_t row = gate * layer.units + unit;
            std::int64_t sum = 0;
            if (x_rows) {
                sum += work.x.dot<kAct>(*x_rows * layer.units + unit, work.x_input.data()) << layer.shift_x;
            }
            if (h_rows) {
                sum += work.h.dot<kAct>(*h_rows * layer.units + unit, work.h_input.data()) << layer.shift_h;
            }
            const auto pre = scale_row<kAct>(sum, layer.rows[row]);
            work.pre[row] = pre.value;
            if (trace != nullptr) {
                trace->accumulator[row] = sum;
                trace->saturated_pre += pre.saturated ? 1 : 0;
            }
        }
    }
    for (std::size_t unit = 0; unit < layer.units; ++unit) {
        step_unit<kAct>(index, unit, trace);
    }
    if (trace != nullptr) {
        trace->pre = work.pre;
        trace->c = state_.c[index];
        trace->h = state_.h[index];
    }
}

template <int kAct>
void GoldenModel::step_unit(std::size_t index, std::size_t unit, StepTrace::Layer* trace) {
    const RecurrentLayer& layer = model_.layers[index];
    const auto& sums = layers_[index].pre;
    auto& c = state_.c[index][unit];
    std::array<std::int32_t, kGates> pre{};
    for (std::size_t gate = 0; gate < kGates; ++gate) {
        pre[gate] = sums[gate * layer.units + unit];
    }
    const bool gru = model_.cell == Cell::Gru;
    const UnitStep step = gru ? gru_unit<kAct>(pre, c) : lstm_unit<kAct>(pre, c, layer.cell_fraction);
    c = step.c;
    state_.h[index][unit] = step.h;
    if (trace != nullptr) {
        (gru ? trace->saturated_pre : trace->saturated_c) += step.saturated ? 1 : 0;
        trace->set_gates(unit, step.gates);
    }
}

template <int kAct>
void GoldenModel::step_head(StepTrace* trace) {
    std::ranges::copy(state_.h.back(), head_input_.begin());
    if (trace != nullptr) {
        trace->head_accumulator.resize(logits_.size());
        trace->saturated_logits = 0;
    }
    for (std::size_t row = 0; row < logits_.size(); ++row) {
        const std::int64_t accumulator = head_.dot<kAct>(row, head_input_.data());
        const auto logit = scale_row<kAct>(accumulator, model_.head->rows[row]);
        logits_[row] = logit.value;
        if (trace != nullptr) {
            trace->head_accumulator[row] = accumulator;
            trace->saturated_logits += logit.saturated ? 1 : 0;
        }
    }
}

std::span<const std::int16_t> GoldenModel::h(std::size_t layer) const {
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
    for (const auto& h : state.h) {
        check_activations(model_, "h", h);
    }
    state_ = state;
    std::ranges::fill(logits_, 0);
}

}  // namespace lacuna
