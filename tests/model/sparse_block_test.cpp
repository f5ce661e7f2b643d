// The sparse products against Eigen's dense ones, over sizes that fill panels and leave parts of them empty.
#include "model/sparse_block.hpp"

#include <doctest/doctest.h>

#include <utility>

#include "golden/prng.hpp"
#include "model/bank_mask.hpp"

namespace lacuna {

namespace {

using Matrix = SparseBlock<double>::Matrix;

Matrix random_matrix(Eigen::Index rows, Eigen::Index cols, SplitMix64& random) {
    return Matrix::NullaryExpr(rows, cols, [&] { return random.uniform() - 0.5; });
}

}  // namespace

TEST_CASE("sparse products agree with dense ones") {
    SplitMix64 random(21);
    for (const Eigen::Index inputs : {1, 7, 16, 40}) {
        for (const Eigen::Index columns : {1, 5, 8, 13, 16, 17, 43}) {
            CAPTURE(inputs);
            CAPTURE(columns);
            const ParameterLayout layout({3, inputs, {9}});
            const auto& block = layout.layers[0].weight_x;
            Flat<float> values = initial_parameters(layout, 4);
            const auto chosen = bank_balanced_mask(values, layout, 2);
            const Flat<double> mask = chosen.cast<double>();
            const Flat<double> parameters = values.cwiseProduct(chosen).cast<double>();
            SparseBlock<double> sparse(block, mask);
            sparse.load(parameters);
            const auto weights = view(parameters, block);
            const Matrix x = random_matrix(inputs, columns, random);
            const Matrix y = random_matrix(block.rows, columns, random);

            Matrix product = y;
            sparse.add_product(x, product);
            CHECK((product - y - weights * x).cwiseAbs().maxCoeff() < 1e-13);

            Matrix transposed = x;
            sparse.add_transposed_product(y, transposed);
            CHECK((transposed - x - weights.transpose() * y).cwiseAbs().maxCoeff() < 1e-13);

            Flat<double> gradient = Flat<double>::Ones(layout.size());
            sparse.add_outer_product(y, x, gradient);
            const Matrix outer = (y * x.transpose()).cwiseProduct(view(mask, block));
            CHECK((Matrix(view(std::as_const(gradient), block)).array() - 1.0 - outer.array())
                      .abs()
                      .maxCoeff() < 1e-13);
            CHECK(gradient.sum() == doctest::Approx(static_cast<double>(layout.size()) + outer.sum()));
        }
    }
}

TEST_CASE("sparse products of one network count what is kept") {
    const ParameterLayout layout({3, 40, {9}});
    const auto mask = bank_balanced_mask(initial_parameters(layout, 4), layout, 2);
    CHECK(SparseBlock<float>(layout.layers[0].weight_x, mask).kept() == 36 * (2 + 2 + 2));
    CHECK(SparseBlock<float>(layout.layers[0].weight_h, mask).kept() == 36 * 2);
}

}  // namespace lacuna
