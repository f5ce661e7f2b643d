#include "model/quantise_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/error.hpp"

namespace lacuna {

namespace {

constexpr int kMaxShift = 31;
constexpr int kMaxPasses = 20;
constexpr double kFine = largest_weight(kWeightBits);  // clipping gains nothing from here on
constexpr int kClippedScales = 12;
constexpr double kClipping = 0.05;  // from one scale to the next

RowSolution round_with(const RowProblem& problem, double s) {
    RowSolution solution;
    solution.scale = fixed_scale(s * problem.scale_factor, problem.mantissa_bits);
    const double exact = solution.scale.value() / problem.scale_factor;
    const Eigen::VectorXd step = exact * problem.unit;
    const Eigen::VectorXd v = nearest_integers(problem.weight, step, problem.largest);
    solution.error = problem.weight - v.cwiseProduct(step);
    solution.output_error = solution.error.dot(problem.moment * solution.error);
    solution.v.resize(static_cast<std::size_t>(v.size()));
    for (Eigen::Index i = 0; i < v.size(); ++i) {
        solution.v[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(v[i]);
    }
    return solution;
}

/// Coordinate descent on error^T M error (M the moment) over moves of one step of one integer.
void refine(const RowProblem& problem, RowSolution& solution) {
    const double exact = solution.scale.value() / problem.scale_factor;
    const Eigen::VectorXd step = exact * problem.unit;
    Eigen::VectorXd gradient = problem.moment * solution.error;
    for (int pass = 0; pass < kMaxPasses; ++pass) {
        bool moved = false;
        for (Eigen::Index i = 0; i < step.size(); ++i) {
            // v + d moves the error by -d * step: change = -2 d step g + step^2 M_ii
            const int d = gradient[i] > 0 ? 1 : -1;
            const double change = step[i] * (step[i] * problem.moment(i, i) - 2 * std::abs(gradient[i]));
            auto& v = solution.v[static_cast<std::size_t>(i)];
            if (change >= 0 || std::abs(v + d) > static_cast<int>(problem.largest)) {
                continue;
            }
            v = static_cast<std::int8_t>(v + d);
            solution.error[i] -= d * step[i];
            gradient -= d * step[i] * problem.moment.col(i);
            moved = true;
        }
        if (!moved) {
            break;
        }
    }
    solution.output_error = solution.error.dot(problem.moment * solution.error);
}

}  // namespace

double FixedScale::value() const {
    return std::ldexp(static_cast<double>(mantissa), -static_cast<int>(shift));
}

FixedScale fixed_scale(double factor, int mantissa_bits) {
    int exponent = 0;
    const double fraction =
        std::frexp(factor, &exponent);  // factor = fraction * 2^exponent, fraction in [0.5, 1)
    auto mantissa = std::lround(std::ldexp(fraction, mantissa_bits));
    int shift = mantissa_bits - exponent;
    if (mantissa == 1L << mantissa_bits) {
        mantissa >>= 1;
        --shift;
    }
    if (!(factor > 0) || shift < 0) {
        throw Error(
            fmt::format("a row's scale is {}, expected more than 0 and less than {}; the weights are out "
                        "of any useful range: train again",
                        factor, 1 << mantissa_bits));
    }
    if (shift > kMaxShift) {
        return {static_cast<std::int16_t>(1 << (mantissa_bits - 1)), kMaxShift};
    }
    return {static_cast<std::int16_t>(mantissa), static_cast<std::uint8_t>(shift)};
}

Eigen::VectorXd nearest_integers(const Eigen::VectorXd& weight, const Eigen::VectorXd& step, double largest) {
    return (weight.array() / step.array() + 0.5).floor().max(-largest).min(largest);
}

double unclipped_scale(const RowProblem& problem) {
    return problem.weight.size() == 0
               ? 0.0
               : (problem.weight.array().abs() / problem.unit.array()).maxCoeff() / problem.largest;
}

RowSolution quantise_row(const RowProblem& problem) {
    const double s = unclipped_scale(problem);
    if (s == 0) {
        return {
            {}, std::vector<std::int8_t>(static_cast<std::size_t>(problem.weight.size())), problem.weight, 0};
    }
    RowSolution best = round_with(problem, s);
    refine(problem, best);
    for (int clipped = 1; problem.largest < kFine && clipped <= kClippedScales; ++clipped) {
        RowSolution solution = round_with(problem, s * (1 - kClipping * clipped));
        refine(problem, solution);
        if (solution.output_error < best.output_error) {
            best = std::move(solution);
        }
    }
    return best;
}

}  // namespace lacuna
