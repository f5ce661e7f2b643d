#include "model/quantise_part.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "model/quantise_row.hpp"

namespace lacuna {

namespace {

constexpr int kMaxPartShift = 7;
constexpr std::size_t kShownBanks = 4;

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
RowProblem row_problem(const std::vector<Part>& parts, std::size_t sum, int weight_bits,
                       std::vector<Eigen::Index>& inputs) {
    RowProblem problem;
    problem.largest = largest_weight(weight_bits);
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
        const RowProblem problem = row_problem(parts, row, options.weight_bits, inputs);
        const double scale = unclipped_scale(problem);
        if (scale == 0) {
            continue;
        }
        const Eigen::VectorXd v = nearest_integers(problem.weight, scale * problem.unit, problem.largest);
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

}  // namespace

std::vector<std::ptrdiff_t> all_rows(std::size_t rows) {
    std::vector<std::ptrdiff_t> row_of(rows);
    std::iota(row_of.begin(), row_of.end(), 0);
    return row_of;
}

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

double activation_steps(const NumberFormat& format) {
    return std::ldexp(1.0, format.activation_bits - 1);
}

std::vector<RowScale> quantise_rows(std::vector<Part>& parts, const Eigen::MatrixXd& moment,
                                    const Eigen::VectorXf& bias, const QuantiseOptions& options, double steps,
                                    std::size_t& limited_biases) {
    const NumberFormat format = number_format(options.activation_bits);
    std::vector<RowScale> rows(parts.front().row_of.size());
    std::vector<Eigen::Index> inputs;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        RowProblem problem = row_problem(parts, row, options.weight_bits, inputs);
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

}  // namespace lacuna
