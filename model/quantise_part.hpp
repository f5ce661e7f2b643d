// The parts of a layer's sums on their way to integers: kept columns, part shifts, then row by row the scale
// and the integers.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "golden/quantised_model.hpp"
#include "model/float_model.hpp"
#include "model/quantise.hpp"

namespace lacuna {

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

/// Each sum has the row of its number.
std::vector<std::ptrdiff_t> all_rows(std::size_t rows);

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

/// Keeps the columns of the nonzero weights; fills up to min(k, real columns) with the lowest free ones, and
/// counts them in `filled`. Banks with more than k weights are added to `problems`.
PartWeights choose_columns(const std::string& name, const RowMatrix& weight, int k, std::size_t& filled,
                           Problems& problems);

/// What an activation of 1 counts.
double activation_steps(const NumberFormat& format);

/// Chooses the part shifts with the least output noise; smaller shifts win ties.
/// @param moment E[z z^T] of the parts' joint input z
void choose_shifts(std::vector<Part>& parts, const Eigen::MatrixXd& moment, const QuantiseOptions& options);

/// Quantises all rows of the given parts. Sums and biases become steps of 1 / steps.
std::vector<RowScale> quantise_rows(std::vector<Part>& parts, const Eigen::MatrixXd& moment,
                                    const Eigen::VectorXf& bias, const QuantiseOptions& options, double steps,
                                    std::size_t& limited_biases);

/// Signal-to-noise ratio of a part whose rows are quantised.
double decibels(const Part& part);

}  // namespace lacuna
