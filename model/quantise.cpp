#include "model/quantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <optional>

#include "common/error.hpp"
#include "model/host_part.hpp"

namespace lacuna {

namespace {

constexpr int kMaxPartShift = 7;
constexpr int kMinCellFraction = NumberFormat::kMinCellFraction;
constexpr int kCellBits = 16;
constexpr std::size_t kShownBanks = 4;

/// Integers of one part of a layer's sums, or of the head's. A sum is a row of each part, which share its
/// scale.
struct Part {
    const RowMatrix* weight = nullptr;
    PartWeights* out = nullptr;
    std::vector<std::ptrdiff_t> row_of;  ///< for each sum the part's row, or -1 when it has none
    Eigen::Index first_input = 0;        ///< where the part begins in the joint input
    double unit = 1;                     ///< v stands for the real weight v * s * unit * 2^shift
    int shift = 0;
    double signal = 0;
    double noise = 0;

    std::size_t slots(std::size_t sum) const { return row_of[sum] < 0 ? 0 : out->slots; }
};

std::vector<std::ptrdiff_t> all_rows(std::size_t rows) {
    std::vector<std::ptrdiff_t> row_of(rows);
    std::iota(row_of.begin(), row_of.end(), 0);
    return row_of;
}

/// Rows of a part for the gates of a layer's units; `block` says which block a gate sums.
template <class Block>
std::vector<std::ptrdiff_t> gate_rows(Cell cell, std::size_t units, const Block& block) {
    std::vector<std::ptrdiff_t> row_of;
    for (std::size_t gate = 0; gate < kGates; ++gate) {
        for (std::size_t unit = 0; unit < units; ++unit) {
            const std::optional<std::size_t> rows = block(cell, gate);
            row_of.push_back(rows ? static_cast<std::ptrdiff_t>(*rows * units + unit) : -1);
        }
    }
    return row_of;
}

/// Keeps the columns of the nonzero weights; fills up to min(k, real columns) with the lowest free ones.
PartWeights choose_columns(const std::string& name, const RowMatrix& weight, int k, std::size_t& filled,
                           Problems& problems) {
    PartWeights part(static_cast<std::size_t>(weight.rows()), static_cast<std::size_t>(weight.cols()), k);
    std::size_t shown = 0;
    for (std::size_t row = 0; row < part.rows; ++row) {
        for (std::size_t bank = 0; bank < part.banks(); ++bank) {
            const auto first = static_cast<Eigen::Index>(bank * PartWeights::kBankWidth);
            const auto values = weight.row(static_cast<Eigen::Index>(row))
                                    .segment(first, static_cast<Eigen::Index>(part.real_columns(bank)));
            const auto nonzero = static_cast<std::size_t>((values.array() != 0).count());
            const std::size_t kept = part.kept(bank);
            if (nonzero > kept) {
                if (shown++ < kShownBanks) {
                    problems.add(fmt::format("{}: row {}, bank {} has {} weights, expected at most {}", name,
                                             row, bank, nonzero, kept));
                }
                continue;
            }
            std::size_t free = kept - nonzero;
            filled += free;
            auto* index = &part.index[row * part.slots + part.slot_offset(bank)];
            for (Eigen::Index column = 0; column < values.size(); ++column) {
                if (values[column] != 0 || free > 0) {
                    free -= values[column] != 0 ? 0 : 1;
                    *index++ = static_cast<std::uint8_t>(column);
                }
            }
        }
    }
    if (shown > kShownBanks) {
        problems.add(fmt::format("{}: {} more banks like these", name, shown - kShownBanks));
    }
    return part;
}

/// Column of the part's matrix that each slot of a row reads.
std::vector<Eigen::Index> columns_of(const PartWeights& part, std::size_t row) {
    std::vector<Eigen::Index> columns;
    columns.reserve(part.slots);
    for (std::size_t bank = 0; bank < part.banks(); ++bank) {
        for (std::size_t slot = 0; slot < part.kept(bank); ++slot) {
            columns.push_back(
                static_cast<Eigen::Index>(bank * PartWeights::kBankWidth +
                                          part.index[row * part.slots + part.slot_offset(bank) + slot]));
        }
    }
    return columns;
}

/// One sum of all parts as a problem for the row quantiser; `inputs` receives the joint columns of the slots.
RowProblem row_problem(const std::vector<Part>& parts, std::size_t sum, std::vector<Eigen::Index>& inputs) {
    RowProblem problem;
    std::size_t slots = 0;
    for (const Part& part : parts) {
        slots += part.slots(sum);
    }
    problem.weight.resize(static_cast<Eigen::Index>(slots));
    problem.unit.resize(static_cast<Eigen::Index>(slots));
    inputs.clear();
    for (const Part& part : parts) {
        if (part.slots(sum) == 0) {
            continue;
        }
        for (const Eigen::Index column : columns_of(*part.out, static_cast<std::size_t>(part.row_of[sum]))) {
            const auto at = static_cast<Eigen::Index>(inputs.size());
            problem.weight[at] = static_cast<double>((*part.weight)(part.row_of[sum], column));
            problem.unit[at] = std::ldexp(part.unit, part.shift);
            inputs.push_back(part.first_input + column);
        }
    }
    return problem;
}

/// What an activation of 1 counts.
double activation_steps(const NumberFormat& format) {
    return std::ldexp(1.0, format.activation_bits - 1);
}

/// Quantises all rows of the given parts; `moment` is E[z z^T] of their joint input z. Sums and biases become
/// steps of 1 / steps.
std::vector<RowScale> quantise_rows(std::vector<Part>& parts, const Eigen::MatrixXd& moment,
                                    const Eigen::VectorXf& bias, const NumberFormat& format, double steps,
                                    std::size_t& limited_biases) {
    std::vector<RowScale> rows(parts.front().row_of.size());
    std::vector<Eigen::Index> inputs;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        RowProblem problem = row_problem(parts, row, inputs);
        problem.moment = moment(inputs, inputs);
        problem.scale_factor = steps / activation_steps(format);
        problem.mantissa_bits = format.mantissa_bits;
        const RowSolution solution = quantise_row(problem);
        const double target = static_cast<double>(bias[static_cast<Eigen::Index>(row)]) * steps;
        const auto rounded = static_cast<std::int64_t>(std::floor(target + 0.5));
        const auto limited = std::clamp<std::int64_t>(rounded, format.min_gate(), format.max_gate());
        rows[row] = {solution.scale.mantissa, solution.scale.shift, static_cast<std::int32_t>(limited)};
        limited_biases += rows[row].bias != rounded ? 1 : 0;

        Eigen::Index at = 0;
        for (Part& part : parts) {
            const auto slots = static_cast<Eigen::Index>(part.slots(row));
            if (slots == 0) {
                continue;
            }
            const auto own = problem.moment.block(at, at, slots, slots);
            const Eigen::VectorXd weight = problem.weight.segment(at, slots);
            const Eigen::VectorXd error = solution.error.segment(at, slots);
            part.signal += weight.dot(own * weight);
            part.noise += error.dot(own * error);
            std::copy_n(solution.v.begin() + at, slots, part.out->value.begin() + part.row_of[row] * slots);
            at += slots;
        }
    }
    return rows;
}

double decibels(const Part& part) {
    return 10 * std::log10(part.signal / part.noise);
}

/// Output noise of a whole layer when its parts are shifted as they say and rounded to the nearest integers,
/// with inputs taken as independent; infinite when a row could overflow the accumulator.
double estimated_noise(const std::vector<Part>& parts, const Eigen::MatrixXd& moment,
                       const QuantiseOptions& options) {
    const int usual = options.activation_bits == 16 ? 32 : 24;
    const int accumulator = options.accumulator_bits > 0 ? options.accumulator_bits : usual;
    const double limit = std::ldexp(1.0, accumulator - 1) - 1;
    const double steps = activation_steps(number_format(options.activation_bits));
    const Eigen::VectorXd input_power = moment.diagonal();
    double noise = 0;
    std::vector<Eigen::Index> inputs;
    for (std::size_t row = 0; row < parts.front().row_of.size(); ++row) {
        const RowProblem problem = row_problem(parts, row, inputs);
        const double scale = unclipped_scale(problem);
        if (scale == 0) {
            continue;
        }
        const Eigen::VectorXd v = nearest_integers(problem.weight, scale * problem.unit);
        const Eigen::VectorXd error = problem.weight - v.cwiseProduct(scale * problem.unit);
        const Eigen::VectorXd power = input_power(inputs);
        noise += error.cwiseAbs2().dot(power);
        double sum = 0;
        Eigen::Index at = 0;
        for (const Part& part : parts) {
            const auto slots = static_cast<Eigen::Index>(part.slots(row));
            sum += std::ldexp(v.segment(at, slots).cwiseAbs().sum(), part.shift);
            at += slots;
        }
        if (steps * sum > limit) {
            return std::numeric_limits<double>::infinity();
        }
    }
    return noise;
}

/// Chooses the part shifts with the least output noise; smaller shifts win ties.
void choose_shifts(std::vector<Part>& parts, const Eigen::MatrixXd& moment, const QuantiseOptions& options) {
    double least = estimated_noise(parts, moment, options);
    std::array<int, 2> best = {0, 0};
    for (std::size_t shifted = 0; shifted < 2; ++shifted) {
        for (int shift = 1; shift <= kMaxPartShift; ++shift) {
            parts[shifted].shift = shift;
            parts[1 - shifted].shift = 0;
            const double noise = estimated_noise(parts, moment, options);
            if (noise < least) {
                least = noise;
                best = {parts[0].shift, parts[1].shift};
            }
        }
    }
    parts[0].shift = best[0];
    parts[1].shift = best[1];
}

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
    layer.rows = quantise_rows(parts, moment, gate_bias(cell, source), format, steps, report.limited_biases);
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
    head.rows = quantise_rows(parts, moment, model.head_bias, format, steps, limited);
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
    const NumberFormat format = number_format(options.activation_bits);
    check_calibration(model, calibration);
    report = {};
    report.layers.resize(model.layers.size());
    HostedModel hosted;
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
