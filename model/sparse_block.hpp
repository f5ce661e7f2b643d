// The kept weights of one block, and the three matrix products of training with them. Their cost is that of
// the kept weights alone, so a network pruned 8x trains several times faster than its dense twin.
//
// Columns of the right-hand side (streams, or streams and steps) are taken in panels of `kPanel`, turned so
// that the values of one feature lie together: then each kept weight costs one scalar and two vector loads.
#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

#include "model/parameters.hpp"

namespace lacuna {

/// Whether a block's mask keeps few enough weights that sparse products are faster than dense ones: a quarter
/// (measured with `lacuna prune`: at half the dense products are as fast).
template <class Scalar>
bool sparse_pays(const Block& block, const Flat<Scalar>& mask) {
    return 4 * (view(mask, block).array() != Scalar(0)).count() <= block.size();
}

/// Not thread-safe: the products share scratch memory.
template <class Scalar>
class SparseBlock {
  public:
    using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

    /// @param mask of the whole network; the positions of `block` that are not 0 are kept
    SparseBlock(const Block& block, const Flat<Scalar>& mask);

    /// Takes the kept weights' values over from the whole network's parameters.
    void load(const Flat<Scalar>& parameters);

    /// y += W x. @param x [columns of W, N] @param y [rows of W, N]
    void add_product(const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix> y);

    /// x += W^T y, shapes as above.
    void add_transposed_product(const Eigen::Ref<const Matrix>& y, Eigen::Ref<Matrix> x);

    /// Adds y x^T at the kept positions to the block of a whole network's gradient; shapes as above.
    void add_outer_product(const Eigen::Ref<const Matrix>& y, const Eigen::Ref<const Matrix>& x,
                           Flat<Scalar>& gradient);

    Eigen::Index kept() const { return static_cast<Eigen::Index>(values_.size()); }

  private:
    static constexpr int kLanes = 8;
    static constexpr int kPanel = 2 * kLanes;
    using Vector [[gnu::vector_size(kLanes * sizeof(Scalar))]] = Scalar;
    struct Lanes {
        Vector values;
    };
    /// One feature of a panel.
    struct Feature {
        Vector low;
        Vector high;
    };
    using Panel = std::vector<Feature>;

    /// Compressed rows (or, for the transposed matrix, columns).
    struct Lines {
        std::vector<int> start;  ///< first entry of each line, and the end
        std::vector<int> place;  ///< the other coordinate of each entry, ascending
    };

    static void turn(std::array<Lanes, kLanes>& lines);
    static void pack(const Eigen::Ref<const Matrix>& matrix, Eigen::Index first, Panel& panel);
    static void add_unpacked(const Panel& panel, Eigen::Index first, Eigen::Ref<Matrix> matrix);
    static void multiply(const Lines& lines, const std::vector<Scalar>& values, const Panel& right,
                         Panel& left);

    Block block_;
    Lines rows_;
    Lines columns_;
    std::vector<int> row_order_;         ///< for each entry of `columns_`, its index in `rows_`
    std::vector<Scalar> values_;         ///< in the order of `rows_`
    std::vector<Scalar> column_values_;  ///< in the order of `columns_`
    Panel x_;
    Panel y_;
    std::vector<Lanes> sums_;  ///< one per entry of `rows_`
};

extern template class SparseBlock<float>;
extern template class SparseBlock<double>;

}  // namespace lacuna
