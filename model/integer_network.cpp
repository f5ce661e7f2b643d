#include "model/integer_network.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "golden/cell_update.hpp"
#include "model/quantise_row.hpp"

namespace lacuna {

namespace {

using Eigen::Index;

constexpr double kExactInFloat = 1 << 24;
constexpr double kLargestByte = 128;

/// The sum of a unit that a row of the x or the h part belongs to.
std::size_t sum_of_row(Cell cell, std::size_t row, std::size_t units, bool h_part) {
    const bool last_of_gru = cell == Cell::Gru && h_part && row >= 2 * units;
    return last_of_gru ? row + units : row;
}

std::int64_t round_half_up(double value) {
    return static_cast<std::int64_t>(std::floor(value + 0.5));
}

/// Calls visit(slot, column) for the slots of a row.
template <class Visit>
void visit_slots(const PartWeights& part, std::size_t row, const Visit& visit) {
    for (std::size_t bank = 0; bank < part.banks(); ++bank) {
        for (std::size_t slot = 0; slot < part.kept(bank); ++slot) {
            const std::size_t at = row * part.slots + part.slot_offset(bank) + slot;
            visit(at, static_cast<Index>(bank * PartWeights::kBankWidth + part.index[at]));
        }
    }
}

void mark_part(const PartWeights& part, BlockMap<float> mask) {
    mask.setZero();
    for (std::size_t row = 0; row < part.rows; ++row) {
        visit_slots(part, row, [&](std::size_t /*slot*/, Index column) {
            mask(static_cast<Index>(row), column) = 1.0F;
        });
    }
}

}  // namespace

IntegerNetwork::IntegerNetwork(HostedModel hosted, const ParameterLayout& layout)
    : hosted_(std::move(hosted)), layout_(layout), layers_(layout.layers.size()), real_(layout.size()) {
    real_.setZero();
}

/// s_r: what a weight of 1 stands for, before the part's unit and shift.
double IntegerNetwork::row_scale(const RowScale& row, double steps) const {
    return std::ldexp(static_cast<double>(row.mantissa), -row.shift) * one() / steps;
}

std::vector<double> IntegerNetwork::weight_steps(std::size_t layer, bool h_part) const {
    const auto& source = hosted_.model.layers[layer];
    const double steps = std::ldexp(1.0, number_format(activation_bits()).gate_fraction);
    const double unit = h_part || layer > 0 ? 1.0 : 1 / (one() * input_scale());
    std::vector<double> result;
    for (std::size_t row = 0; row < source.x.rows; ++row) {
        const auto& scale = source.rows[sum_of_row(hosted_.model.cell, row, source.units, h_part)];
        result.push_back(row_scale(scale, steps) *
                         std::ldexp(unit, h_part ? source.shift_h : source.shift_x));
    }
    return result;
}

std::vector<double> IntegerNetwork::head_steps() const {
    std::vector<double> result;
    for (const auto& row : hosted_.model.head->rows) {
        result.push_back(row_scale(row, std::ldexp(1.0, hosted_.model.head->fraction)));
    }
    return result;
}

Flat<float> IntegerNetwork::stored(Flat<float> parameters) const {
    const auto take = [&](const PartWeights& part, const std::vector<double>& step, const Block& block) {
        auto weights = view(parameters, block);
        weights.setZero();
        for (std::size_t row = 0; row < part.rows; ++row) {
            visit_slots(part, row, [&](std::size_t slot, Index column) {
                weights(static_cast<Index>(row), column) = static_cast<float>(part.value[slot] * step[row]);
            });
        }
    };
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        take(hosted_.model.layers[l].x, weight_steps(l, false), layout_.layers[l].weight_x);
        take(hosted_.model.layers[l].h, weight_steps(l, true), layout_.layers[l].weight_h);
    }
    if (hosted_.model.head) {
        take(hosted_.model.head->h, head_steps(), layout_.head_weight);
    }
    return parameters;
}

/// @param step real weight that v = 1 stands for, for each row; 0 in rows without weights
void IntegerNetwork::load_part(const Flat<float>& parameters, const Block& block, PartWeights& part,
                               const std::vector<double>& step, IntegerMatrix& matrix) {
    const auto weights = view(parameters, block);
    auto real = view(real_, block);
    real.setZero();
    matrix.v.setZero(block.rows, block.cols);
    const std::int64_t largest = largest_weight(hosted_.weight_bits);
    double largest_sum = 0;
    for (std::size_t row = 0; row < part.rows; ++row) {
        const auto r = static_cast<Index>(row);
        double sum = 0;
        visit_slots(part, row, [&](std::size_t slot, Index column) {
            const auto v = step[row] > 0
                               ? std::clamp<std::int64_t>(
                                     round_half_up(static_cast<double>(weights(r, column)) / step[row]),
                                     -largest, largest)
                               : 0;
            part.value[slot] = static_cast<std::int8_t>(v);
            matrix.v(r, column) = static_cast<float>(v);
            real(r, column) = static_cast<float>(static_cast<double>(v) * step[row]);
            sum += static_cast<double>(std::abs(v));
        });
        largest_sum = std::max(largest_sum, sum);
    }
    matrix.exact_in_float = largest_sum * kLargestByte <= kExactInFloat;
}

void IntegerNetwork::load_embedding(const Flat<float>& parameters) {
    const auto& block = layout_.embedding;
    if (block.size() == 0) {
        return;
    }
    const auto source = view(parameters, block);
    const std::span values(source.data(), static_cast<std::size_t>(block.size()));
    auto integers = quantised_input(hosted_.model, values);
    // As the quantiser: never the lowest value, which has no opposite.
    const auto lowest = static_cast<std::int16_t>(-number_format(activation_bits()).max_activation());
    auto real = view(real_, block);
    embedding_.resize(block.cols, block.rows);
    for (std::size_t i = 0; i < integers.size(); ++i) {
        integers[i] = std::max(integers[i], lowest);
        embedding_.data()[i] = static_cast<float>(integers[i]);
        real.data()[i] = static_cast<float>(integers[i] * input_scale());
    }
    (hosted_.model.language ? hosted_.model.embedding : hosted_.host.embedding) = std::move(integers);
}

void IntegerNetwork::load(const Flat<float>& parameters) {
    auto& model = hosted_.model;
    const NumberFormat format = number_format(model.activation_bits);
    const double steps = std::ldexp(1.0, format.gate_fraction);
    const auto rounded_bias = [&](float bias, double scale) {
        return static_cast<std::int32_t>(std::clamp<std::int64_t>(
            round_half_up(static_cast<double>(bias) * scale), format.min_gate(), format.max_gate()));
    };
    // A tied head lies where the embedding does: it stays real, and the embedding's integers are read apart.
    real_ = parameters;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        auto& layer = model.layers[l];
        const auto& blocks = layout_.layers[l];
        load_part(parameters, blocks.weight_x, layer.x, weight_steps(l, false), layers_[l].x);
        load_part(parameters, blocks.weight_h, layer.h, weight_steps(l, true), layers_[l].h);
        const auto bias = view(parameters, blocks.bias);
        for (std::size_t row = 0; row < layer.rows.size(); ++row) {
            layer.rows[row].bias = rounded_bias(bias(static_cast<Index>(row), 0), steps);
        }
    }
    if (model.head) {
        auto& head = *model.head;
        const auto bias = view(parameters, layout_.head_bias);
        for (std::size_t row = 0; row < head.rows.size(); ++row) {
            head.rows[row].bias =
                rounded_bias(bias(static_cast<Index>(row), 0), std::ldexp(1.0, head.fraction));
        }
        load_part(parameters, layout_.head_weight, head.h, head_steps(), head_);
    } else {
        hosted_.host.head_weight = view(parameters, layout_.head_weight);
        hosted_.host.head_bias = view(parameters, layout_.head_bias);
    }
    load_embedding(parameters);
    if (layout_.shape().tied) {
        view(real_, layout_.embedding) = view(parameters, layout_.embedding);
    }
}

Flat<float> IntegerNetwork::mask() const {
    Flat<float> mask = Flat<float>::Ones(layout_.size());
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        mark_part(hosted_.model.layers[l].x, view(mask, layout_.layers[l].weight_x));
        mark_part(hosted_.model.layers[l].h, view(mask, layout_.layers[l].weight_h));
    }
    if (hosted_.model.head) {
        mark_part(hosted_.model.head->h, view(mask, layout_.head_weight));
    }
    return mask;
}

HostedModel IntegerNetwork::model() const {
    hosted_.model.validate();
    return hosted_;
}

Eigen::MatrixXf IntegerNetwork::inputs(const Batch& batch) const {
    if (!batch.tokens.empty()) {
        return embedding_(Eigen::all, batch.tokens);
    }
    const std::span values(batch.inputs.data(), static_cast<std::size_t>(batch.inputs.size()));
    const auto integers = quantised_input(hosted_.model, values);
    return Eigen::Map<const Eigen::Matrix<std::int16_t, Eigen::Dynamic, Eigen::Dynamic>>(
               integers.data(), batch.inputs.rows(), batch.inputs.cols())
        .cast<float>();
}

/// Values of 16 bits are taken apart into a high and a low byte, both signed.
void IntegerNetwork::multiply(const IntegerMatrix& matrix, const Eigen::Ref<const Eigen::MatrixXf>& x,
                              Eigen::MatrixXd& sums) const {
    if (!matrix.exact_in_float) {
        sums.noalias() = matrix.v.cast<double>() * x.cast<double>();
        return;
    }
    if (activation_bits() == 8) {
        const Eigen::MatrixXf product = matrix.v * x;
        sums = product.cast<double>();
        return;
    }
    constexpr float kByte = 256.0F;
    const Eigen::MatrixXf high = ((x.array() + kByte / 2) / kByte).floor();
    const Eigen::MatrixXf low = x - kByte * high;
    const Eigen::MatrixXf high_sums = matrix.v * high;
    const Eigen::MatrixXf low_sums = matrix.v * low;
    sums = 256.0 * high_sums.cast<double>() + low_sums.cast<double>();
}

void IntegerNetwork::x_sums(std::size_t layer, const Eigen::Ref<const Eigen::MatrixXf>& x,
                            Eigen::MatrixXd& sums) const {
    multiply(layers_[layer].x, x, sums);
}

void IntegerNetwork::h_sums(std::size_t layer, const Eigen::Ref<const Eigen::MatrixXf>& h,
                            Eigen::MatrixXd& sums) const {
    multiply(layers_[layer].h, h, sums);
}

void IntegerNetwork::step(std::size_t layer, const UnitRows& rows) const {
    if (activation_bits() == 16) {
        step_units<16>(layer, rows);
    } else {
        step_units<8>(layer, rows);
    }
}

template <int kAct>
void IntegerNetwork::step_units(std::size_t index, const UnitRows& rows) const {
    const auto& layer = hosted_.model.layers[index];
    const Cell cell = hosted_.model.cell;
    const std::size_t units = layer.units;
    constexpr float kFactor = 1.0F / (1 << kFactorFraction);
    constexpr float kActivation = 1.0F / (1 << (kAct - 1));
    constexpr float kPre = 1.0F / (1 << number_format(kAct).gate_fraction);
    const float cell_unit = std::ldexp(1.0F, -layer.cell_fraction);
    const float cell_steps = std::ldexp(1.0F, layer.cell_fraction);
    for (std::size_t u = 0; u < units; ++u) {
        std::array<std::int32_t, kGates> pre{};
        for (std::size_t gate = 0; gate < kGates; ++gate) {
            std::int64_t sum = 0;
            if (const auto block = x_block(cell, gate)) {
                sum += static_cast<std::int64_t>(rows.x_sums[*block * units + u]) *
                       (std::int64_t{1} << layer.shift_x);
            }
            if (const auto block = h_block(cell, gate)) {
                sum += static_cast<std::int64_t>(rows.h_sums[*block * units + u]) *
                       (std::int64_t{1} << layer.shift_h);
            }
            pre[gate] = scale_row<kAct>(sum, layer.rows[gate * units + u]).value;
        }
        const auto before = static_cast<std::int16_t>(rows.before[u] * cell_steps);
        const UnitStep step = cell == Cell::Gru ? gru_unit<kAct>(pre, before)
                                                : lstm_unit<kAct>(pre, before, layer.cell_fraction);
        for (std::size_t block = 0; block < part_blocks(cell); ++block) {
            rows.gates[block * units + u] = static_cast<float>(step.gates[block]) * kFactor;
        }
        if (cell == Cell::Gru) {
            rows.n_h[u] = static_cast<float>(pre[3]) * kPre;
        } else {
            rows.tanh_c[u] = static_cast<float>(step.squashed) * kFactor;
        }
        rows.c[u] = static_cast<float>(step.c) * cell_unit;
        rows.h[u] = static_cast<float>(step.h) * kActivation;
    }
}

Eigen::MatrixXf IntegerNetwork::outputs(const Eigen::Ref<const Eigen::MatrixXf>& h) const {
    Eigen::MatrixXd sums;
    multiply(head_, h, sums);
    Eigen::MatrixXf outputs(sums.rows(), sums.cols());
    if (activation_bits() == 16) {
        head_outputs<16>(sums, outputs);
    } else {
        head_outputs<8>(sums, outputs);
    }
    return outputs;
}

template <int kAct>
void IntegerNetwork::head_outputs(const Eigen::MatrixXd& sums, Eigen::MatrixXf& outputs) const {
    const auto& head = *hosted_.model.head;
    const float unit = std::ldexp(1.0F, -head.fraction);
    for (Index j = 0; j < sums.cols(); ++j) {
        for (Index row = 0; row < sums.rows(); ++row) {
            const auto scaled = scale_row<kAct>(static_cast<std::int64_t>(sums(row, j)),
                                                head.rows[static_cast<std::size_t>(row)]);
            outputs(row, j) = static_cast<float>(scaled.value) * unit;
        }
    }
}

}  // namespace lacuna
