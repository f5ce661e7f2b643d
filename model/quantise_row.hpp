// One row of weights to integers: the scale, and the integers that disturb the row's output least.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace lacuna {

inline constexpr int kWeightBits = 8;
inline constexpr int kNarrowWeightBits = 4;  ///< two of them would fit the place of one

/// Largest |v| of weights of so many bits: the lowest value, which has no opposite, is not used.
constexpr int largest_weight(int bits) {
    return (1 << (bits - 1)) - 1;
}

/// A positive factor as the engine holds it: mantissa / 2^shift.
struct FixedScale {
    std::int16_t mantissa = 0;  ///< 15 bits, or 12 with activations of 16, with the highest set
    std::uint8_t shift = 0;     ///< 0..31

    double value() const;
};

/// The fixed scale nearest to `factor`; factors below 2^(bits - 32) give the smallest one. Throws `Error`
/// when the factor is 2^bits or more.
FixedScale fixed_scale(double factor, int mantissa_bits = 15);

/// The kept weights of one row. n = number of slots.
struct RowProblem {
    Eigen::VectorXd weight;  ///< [n], real weights
    Eigen::VectorXd unit;    ///< [n], v stands for the real weight v * s * unit, s the row's scale
    Eigen::MatrixXd moment;  ///< [n, n], E[z z^T] of the inputs z that the slots read
    double largest = largest_weight(kWeightBits);  ///< of |v|
    double scale_factor = 1;                       ///< the engine's factor is s * scale_factor
    int mantissa_bits = 15;                        ///< of that factor
};

struct RowSolution {
    FixedScale scale;            ///< s * scale_factor; mantissa 0 when all weights are 0
    std::vector<std::int8_t> v;  ///< [n], at most the problem's largest
    Eigen::VectorXd error;       ///< [n], real weight minus what v stands for
    double output_error = 0;     ///< mean square of error . input
};

/// Integers nearest to weight / step, limited to +-largest, as reals. Element by element.
Eigen::VectorXd nearest_integers(const Eigen::VectorXd& weight, const Eigen::VectorXd& step,
                                 double largest = largest_weight(kWeightBits));

/// The smallest scale that clips no weight; 0 when all weights are 0.
double unclipped_scale(const RowProblem& problem);

/// Starts from the nearest integers and moves single ones by a step while that lowers the output's error:
/// rounding errors of inputs that go together are made to cancel. With few bits a scale that clips the
/// largest weights is often better: of several the best is taken.
RowSolution quantise_row(const RowProblem& problem);

}  // namespace lacuna
