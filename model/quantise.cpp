#include "model/quantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "common/error.hpp"
#include "model/host_part.hpp"
#include "model/quantise_part.hpp"

namespace lacuna {

namespace {

constexpr int kMinCellFraction = NumberFormat::kMinCellFraction;
constexpr int kCellBits = 16;

/// Largest fraction in low..high under which `largest` fits `bits`.
int fraction_for(double largest, int low, int high, int bits) {
    int fraction = high;
    while (fraction > low && std::ldexp(largest, fraction) > std::ldexp(1.0, bits - 1) - 1) {
        --fraction;
    }
    return fraction;
}

/// Sets the input scale; returns the integers of the embedding, none where the inputs are vectors.
std::vector<std::int16_t> quantise_inputs(const FloatModel& model, const Calibration& calibration,
                                          QuantisedModel& result, QuantiseReport& report) {
    const bool vectors = model.embedding.size() == 0;
    const auto largest =
        static_cast<double>(vectors ? calibration.largest_input : model.embedding.cwiseAbs().maxCoeff());
    result.input_scale = largest > 0 ? largest / number_format(result.activation_bits).max_activation() : 1.0;
    if (vectors) {
        return {};
    }
    const std::span values(model.embedding.data(), static_cast<std::size_t>(model.embedding.size()));
    auto embedding = quantised_input(result, values);
    double signal = 0;
    double noise = 0;
    for (std::size_t i = 0; i < embedding.size(); ++i) {
        const auto e = static_cast<double>(values[i]);
        const double error = e - embedding[i] * result.input_scale;
        signal += e * e;
        noise += error * error;
    }
    report.snr_embedding = 10 * std::log10(signal / noise);
    return embedding;
}

RecurrentLayer quantise_layer(Cell cell, const FloatLayer& source, RecurrentLayer layer, double input_unit,
                              const Eigen::MatrixXd& moment, const QuantiseOptions& options,
                              QuantiseReport::Layer& report) {
    std::vector<Part> parts(2);
    parts[0].weight = &source.weight_ih;
    parts[0].out = &layer.x;
    parts[0].row_of = gate_rows(cell, layer.units, x_block);
    parts[0].unit = input_unit;
    parts[1].weight = &source.weight_hh;
    parts[1].out = &layer.h;
    parts[1].row_of = gate_rows(cell, layer.units, h_block);
    parts[1].first_input = source.inputs();
    const NumberFormat format = number_format(options.activation_bits);
    const double steps = std::ldexp(1.0, format.gate_fraction);
    choose_shifts(parts, moment, options);
    layer.rows = quantise_rows(parts, moment, gate_bias(cell, source), options, steps, report.limited_biases);
    layer.shift_x = parts[0].shift;
    layer.shift_h = parts[1].shift;
    report.snr_x = decibels(parts[0]);
    report.snr_h = decibels(parts[1]);
    return layer;
}

Head quantise_head(const FloatModel& model, PartWeights columns, const Calibration& calibration,
                   const QuantiseOptions& options, QuantiseReport& report) {
    Head head;
    head.h = std::move(columns);
    const double largest =
        std::max<double>(static_cast<double>(calibration.largest_output) * options.logit_headroom,
                         static_cast<double>(model.head_bias.cwiseAbs().maxCoeff()));
    const NumberFormat format = number_format(options.activation_bits);
    head.fraction = fraction_for(largest, 0, format.max_head_fraction(), format.gate_bits);
    const auto units = model.head_weight.cols();
    const auto& top = calibration.layers.back();
    const Eigen::MatrixXd moment = top.moment.bottomRightCorner(units, units);
    std::vector<Part> parts(1);
    parts[0].weight = &model.head_weight;
    parts[0].out = &head.h;
    parts[0].row_of = all_rows(head.h.rows);
    const double steps = std::ldexp(1.0, head.fraction);
    std::size_t limited = 0;
    head.rows = quantise_rows(parts, moment, model.head_bias, options, steps, limited);
    report.snr_head = decibels(parts[0]);
    return head;
}

void check_calibration(const FloatModel& model, const Calibration& calibration) {
    bool fits = calibration.layers.size() == model.layers.size();
    for (std::size_t l = 0; fits && l < model.layers.size(); ++l) {
        fits = calibration.layers[l].moment.rows() == model.layers[l].inputs() + model.layers[l].units();
    }
    if (!fits) {
        throw Error("the calibration is of another model's shape; calibrate with the model to be quantised");
    }
}

}  // namespace

HostedModel quantise_hosted(const FloatModel& model, const Calibration& calibration,
                            const QuantiseOptions& options, QuantiseReport& report) {
    if (!NumberFormat::supports(options.activation_bits)) {
        throw Error(
            fmt::format("activations of {} bits to quantise for, expected 8 or 16", options.activation_bits));
    }
    if (options.weight_bits != kWeightBits && options.weight_bits != kNarrowWeightBits) {
        throw Error(fmt::format("weights of {} bits to quantise to, expected {} or {}", options.weight_bits,
                                kWeightBits, kNarrowWeightBits));
    }
    const NumberFormat format = number_format(options.activation_bits);
    check_calibration(model, calibration);
    report = {};
    report.layers.resize(model.layers.size());
    HostedModel hosted;
    hosted.weight_bits = options.weight_bits;
    QuantisedModel& result = hosted.model;
    result.name = options.name;
    result.cell = model.cell;
    result.language = model.format.task == Task::Characters;
    result.activation_bits = options.activation_bits;
    result.vocab = model.format.vocab;
    result.history = model.history;

    Problems problems("weights to quantise");
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
        const FloatLayer& source = model.layers[l];
        RecurrentLayer layer;
        layer.inputs = static_cast<std::size_t>(source.inputs());
        layer.units = static_cast<std::size_t>(source.units());
        auto& filled = report.layers[l].filled_slots;
        layer.x = choose_columns(fmt::format("l.{}.x", l), source.weight_ih, source.k_x, filled, problems);
        layer.h = choose_columns(fmt::format("l.{}.h", l), source.weight_hh, source.k_h, filled, problems);
        layer.cell_fraction =
            model.cell == Cell::Gru
                ? kGruStateFraction
                : fraction_for(static_cast<double>(calibration.layers[l].largest_c) * options.cell_headroom,
                               kMinCellFraction, format.max_cell_fraction, kCellBits);
        result.layers.push_back(std::move(layer));
    }
    const bool host_head = model.format.task == Task::Words;
    PartWeights head_columns;
    if (!host_head) {
        head_columns =
            choose_columns("head", model.head_weight, model.k_head, report.head_filled_slots, problems);
    }
    problems.throw_if_any("The model says how many weights a bank keeps (k): prune it to that first.");

    auto embedding = quantise_inputs(model, calibration, result, report);
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
        const double input_unit = l == 0 ? 1 / (activation_steps(format) * result.input_scale) : 1.0;
        result.layers[l] =
            quantise_layer(model.cell, model.layers[l], std::move(result.layers[l]), input_unit,
                           calibration.layers[l].moment, options, report.layers[l]);
    }
    hosted.host.format = model.format;
    if (host_head) {
        hosted.host.embedding = std::move(embedding);
        hosted.host.head_weight = model.head_weight;
        hosted.host.head_bias = model.head_bias;
    } else {
        result.embedding = std::move(embedding);
        result.head = quantise_head(model, std::move(head_columns), calibration, options, report);
    }
    result.validate();
    return hosted;
}

QuantisedModel quantise(const FloatModel& model, const Calibration& calibration,
                        const QuantiseOptions& options, QuantiseReport& report) {
    return quantise_hosted(model, calibration, options, report).model;
}

bool widen_ranges(const QuantisedModel& model, const Score& score, QuantiseOptions& options) {
    bool cells = false;
    for (std::size_t l = 0; l < score.layers.size(); ++l) {
        cells =
            cells || (score.layers[l].saturated_c > 0 && model.layers[l].cell_fraction > kMinCellFraction);
    }
    const bool logits = score.saturated_logits > 0 && model.head && model.head->fraction > 0;
    options.cell_headroom *= cells ? 2 : 1;
    options.logit_headroom *= logits ? 2 : 1;
    return cells || logits;
}

}  // namespace lacuna
