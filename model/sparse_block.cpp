#include "model/sparse_block.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace lacuna {

using Eigen::Index;

template <class Scalar>
SparseBlock<Scalar>::SparseBlock(const Block& block, const Flat<Scalar>& mask) : block_(block) {
    const auto kept = view(mask, block);
    std::vector<int> per_column(static_cast<std::size_t>(block.cols), 0);
    rows_.start.push_back(0);
    for (Index row = 0; row < block.rows; ++row) {
        for (Index column = 0; column < block.cols; ++column) {
            if (kept(row, column) != Scalar(0)) {
                rows_.place.push_back(static_cast<int>(column));
                ++per_column[static_cast<std::size_t>(column)];
            }
        }
        rows_.start.push_back(static_cast<int>(rows_.place.size()));
    }
    columns_.start.push_back(0);
    for (const int count : per_column) {
        columns_.start.push_back(columns_.start.back() + count);
    }
    columns_.place.resize(rows_.place.size());
    row_order_.resize(rows_.place.size());
    auto next = columns_.start;
    for (int row = 0; row < block.rows; ++row) {
        for (int entry = rows_.start[row]; entry < rows_.start[row + 1]; ++entry) {
            const int place = next[rows_.place[entry]]++;
            columns_.place[place] = row;
            row_order_[place] = entry;
        }
    }
    values_.resize(rows_.place.size());
    column_values_.resize(rows_.place.size());
    sums_.resize(rows_.place.size());
}

template <class Scalar>
void SparseBlock<Scalar>::load(const Flat<Scalar>& parameters) {
    const auto weights = view(parameters, block_);
    for (Index row = 0; row < block_.rows; ++row) {
        for (int entry = rows_.start[row]; entry < rows_.start[row + 1]; ++entry) {
            values_[entry] = weights(row, rows_.place[entry]);
        }
    }
    for (std::size_t entry = 0; entry < row_order_.size(); ++entry) {
        column_values_[entry] = values_[row_order_[entry]];
    }
}

/// Turns 8 x 8 values: element j of line i becomes element i of line j.
template <class Scalar>
void SparseBlock<Scalar>::turn(std::array<Lanes, kLanes>& lines) {
    const auto swap = [&]<int... kFirst, int... kSecond>(int distance, std::integer_sequence<int, kFirst...>,
                                                         std::integer_sequence<int, kSecond...>) {
        for (int i = 0; i < kLanes; ++i) {
            if ((i & distance) == 0) {
                const Vector a = lines[i].values;
                const Vector b = lines[i + distance].values;
                lines[i].values = __builtin_shufflevector(a, b, kFirst...);
                lines[i + distance].values = __builtin_shufflevector(a, b, kSecond...);
            }
        }
    };
    swap(1, std::integer_sequence<int, 0, 8, 2, 10, 4, 12, 6, 14>{},
         std::integer_sequence<int, 1, 9, 3, 11, 5, 13, 7, 15>{});
    swap(2, std::integer_sequence<int, 0, 1, 8, 9, 4, 5, 12, 13>{},
         std::integer_sequence<int, 2, 3, 10, 11, 6, 7, 14, 15>{});
    swap(4, std::integer_sequence<int, 0, 1, 2, 3, 8, 9, 10, 11>{},
         std::integer_sequence<int, 4, 5, 6, 7, 12, 13, 14, 15>{});
}

/// Columns first .. first + kPanel - 1 of `matrix`, zeros where it has no more.
template <class Scalar>
void SparseBlock<Scalar>::pack(const Eigen::Ref<const Matrix>& matrix, Index first, Panel& panel) {
    const Index features = matrix.rows();
    const Index count = std::min<Index>(kPanel, matrix.cols() - first);
    panel.assign(static_cast<std::size_t>(features), Feature{});
    for (Index column = 0; column < count; column += kLanes) {
        const bool low = column < kLanes;
        Index feature = 0;
        for (; count - column >= kLanes && feature + kLanes <= features; feature += kLanes) {
            std::array<Lanes, kLanes> lines;
            for (int i = 0; i < kLanes; ++i) {
                std::memcpy(&lines[i], matrix.col(first + column + i).data() + feature, sizeof(Lanes));
            }
            turn(lines);
            for (int i = 0; i < kLanes; ++i) {
                (low ? panel[feature + i].low : panel[feature + i].high) = lines[i].values;
            }
        }
        for (; feature < features; ++feature) {
            for (Index i = 0; i < std::min<Index>(kLanes, count - column); ++i) {
                (low ? panel[feature].low : panel[feature].high)[i] = matrix(feature, first + column + i);
            }
        }
    }
}

/// Adds a panel to columns first .. of `matrix`.
template <class Scalar>
void SparseBlock<Scalar>::add_unpacked(const Panel& panel, Index first, Eigen::Ref<Matrix> matrix) {
    const Index features = matrix.rows();
    const Index count = std::min<Index>(kPanel, matrix.cols() - first);
    for (Index column = 0; column < count; column += kLanes) {
        const bool low = column < kLanes;
        Index feature = 0;
        for (; count - column >= kLanes && feature + kLanes <= features; feature += kLanes) {
            std::array<Lanes, kLanes> lines;
            for (int i = 0; i < kLanes; ++i) {
                lines[i].values = low ? panel[feature + i].low : panel[feature + i].high;
            }
            turn(lines);
            for (int i = 0; i < kLanes; ++i) {
                Vector before;
                Scalar* const place = matrix.col(first + column + i).data() + feature;
                std::memcpy(&before, place, sizeof(Vector));
                before += lines[i].values;
                std::memcpy(place, &before, sizeof(Vector));
            }
        }
        for (; feature < features; ++feature) {
            for (Index i = 0; i < std::min<Index>(kLanes, count - column); ++i) {
                matrix(feature, first + column + i) += (low ? panel[feature].low : panel[feature].high)[i];
            }
        }
    }
}

template <class Scalar>
void SparseBlock<Scalar>::multiply(const Lines& lines, const std::vector<Scalar>& values, const Panel& right,
                                   Panel& left) {
    const std::size_t count = lines.start.size() - 1;
    left.resize(count);
    for (std::size_t line = 0; line < count; ++line) {
        // Two sums each, so that one addition need not wait for the last.
        Feature even = {};
        Feature odd = {};
        int entry = lines.start[line];
        const int end = lines.start[line + 1];
        for (; entry + 1 < end; entry += 2) {
            const Feature& a = right[lines.place[entry]];
            const Feature& b = right[lines.place[entry + 1]];
            even.low += values[entry] * a.low;
            even.high += values[entry] * a.high;
            odd.low += values[entry + 1] * b.low;
            odd.high += values[entry + 1] * b.high;
        }
        if (entry < end) {
            const Feature& a = right[lines.place[entry]];
            even.low += values[entry] * a.low;
            even.high += values[entry] * a.high;
        }
        left[line] = {even.low + odd.low, even.high + odd.high};
    }
}

template <class Scalar>
void SparseBlock<Scalar>::add_product(const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix> y) {
    for (Index first = 0; first < x.cols(); first += kPanel) {
        pack(x, first, x_);
        multiply(rows_, values_, x_, y_);
        add_unpacked(y_, first, y);
    }
}

template <class Scalar>
void SparseBlock<Scalar>::add_transposed_product(const Eigen::Ref<const Matrix>& y, Eigen::Ref<Matrix> x) {
    for (Index first = 0; first < y.cols(); first += kPanel) {
        pack(y, first, y_);
        multiply(columns_, column_values_, y_, x_);
        add_unpacked(x_, first, x);
    }
}

template <class Scalar>
void SparseBlock<Scalar>::add_outer_product(const Eigen::Ref<const Matrix>& y,
                                            const Eigen::Ref<const Matrix>& x, Flat<Scalar>& gradient) {
    std::fill(sums_.begin(), sums_.end(), Lanes{});
    for (Index first = 0; first < y.cols(); first += kPanel) {
        pack(y, first, y_);
        pack(x, first, x_);
        for (Index row = 0; row < block_.rows; ++row) {
            const Feature left = y_[row];
            for (int entry = rows_.start[row]; entry < rows_.start[row + 1]; ++entry) {
                const Feature& right = x_[rows_.place[entry]];
                sums_[entry].values += left.low * right.low + left.high * right.high;
            }
        }
    }
    auto target = view(gradient, block_);
    for (Index row = 0; row < block_.rows; ++row) {
        for (int entry = rows_.start[row]; entry < rows_.start[row + 1]; ++entry) {
            Scalar sum = 0;
            for (int lane = 0; lane < kLanes; ++lane) {
                sum += sums_[entry].values[lane];
            }
            target(row, rows_.place[entry]) += sum;
        }
    }
}

template class SparseBlock<float>;
template class SparseBlock<double>;

}  // namespace lacuna
