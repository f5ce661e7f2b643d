#include "model/bank_mask.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "golden/prng.hpp"
#include "model/prune_options.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

RowMatrix random_matrix(Eigen::Index rows, Eigen::Index cols, std::uint64_t seed) {
    SplitMix64 random(seed);
    RowMatrix matrix(rows, cols);
    for (Eigen::Index i = 0; i < matrix.size(); ++i) {
        matrix.data()[i] = static_cast<float>(random.uniform() - 0.5);
    }
    return matrix;
}

RowMatrix mask_of(const RowMatrix& weights, int k, const BankShape& shape = {},
                  Eigen::Index block_rows = 12) {
    RowMatrix mask = RowMatrix::Constant(weights.rows(), weights.cols(), -1.0F);
    const RowMatrix scores = weights.cwiseAbs();
    keep_best({scores.data(), scores.rows(), scores.cols()}, k, shape, block_rows,
              {mask.data(), mask.rows(), mask.cols()});
    return mask;
}

}  // namespace

TEST_CASE("every row keeps exactly min(k, real columns) weights of every bank, the largest") {
    for (const Eigen::Index cols : {1, 15, 16, 17, 20, 33, 128}) {
        for (const int k : {1, 2, 4, 8, 16}) {
            CAPTURE(cols);
            CAPTURE(k);
            const auto weights = random_matrix(12, cols, static_cast<std::uint64_t>(cols * 100 + k));
            const auto mask = mask_of(weights, k);
            for (Eigen::Index row = 0; row < weights.rows(); ++row) {
                for (Eigen::Index first = 0; first < cols; first += kBankColumns) {
                    const auto real = std::min<Eigen::Index>(kBankColumns, cols - first);
                    float smallest_kept = 1.0F;
                    float largest_pruned = 0.0F;
                    Eigen::Index kept = 0;
                    for (Eigen::Index column = first; column < first + real; ++column) {
                        const bool keeps = mask(row, column) == 1.0F;
                        REQUIRE((keeps || mask(row, column) == 0.0F));
                        const float magnitude = std::abs(weights(row, column));
                        kept += keeps ? 1 : 0;
                        smallest_kept = keeps ? std::min(smallest_kept, magnitude) : smallest_kept;
                        largest_pruned = keeps ? largest_pruned : std::max(largest_pruned, magnitude);
                    }
                    REQUIRE(kept == std::min<Eigen::Index>(k, real));
                    REQUIRE(smallest_kept >= largest_pruned);
                }
            }
        }
    }
}

TEST_CASE("banks of 8 keep k / 2 each, so banks of 16 never more than k") {
    const auto weights = random_matrix(6, 44, 3);
    for (const int k : {2, 4, 8}) {
        const auto mask = mask_of(weights, k, {8, 1});
        for (Eigen::Index first = 0; first < 44; first += 8) {
            const auto real = std::min<Eigen::Index>(8, 44 - first);
            CHECK(mask.middleCols(first, real).rowwise().sum() ==
                  Eigen::VectorXf::Constant(6, static_cast<float>(std::min<Eigen::Index>(k / 2, real))));
        }
        for (Eigen::Index first = 0; first < 44; first += 16) {
            CHECK(mask.middleCols(first, std::min<Eigen::Index>(16, 44 - first)).rowwise().sum().maxCoeff() <=
                  static_cast<float>(k));
        }
    }
}

TEST_CASE("rows that share keep the columns of the largest sum, and no group leaves its gate") {
    const auto weights = random_matrix(12, 20, 4);
    const auto mask = mask_of(weights, 2, {16, 2}, 3);  // gates of 3 rows: groups of 2 and 1
    for (Eigen::Index gate = 0; gate < 12; gate += 3) {
        CHECK(mask.row(gate) == mask.row(gate + 1));
        CHECK(mask.row(gate + 2) == mask_of(weights.row(gate + 2), 2, {}, 1).row(0));
        for (Eigen::Index first = 0; first < 20; first += 16) {
            const auto real = std::min<Eigen::Index>(16, 20 - first);
            const Eigen::VectorXf sums =
                weights.block(gate, first, 2, real).cwiseAbs().colwise().sum().transpose();
            const Eigen::VectorXf kept = mask.block(gate, first, 1, real).transpose();
            CHECK(kept.sum() == 2.0F);
            const float smallest_kept = (kept.array() > 0.0F).select(sums, 1e9F).minCoeff();
            const float largest_pruned = (kept.array() > 0.0F).select(-1.0F, sums).maxCoeff();
            CHECK(smallest_kept >= largest_pruned);
        }
    }
}

TEST_CASE("ties go to the lower column") {
    RowMatrix weights(1, 18);
    weights.setConstant(0.5F);
    weights(0, 7) = -0.75F;
    const auto mask = mask_of(weights, 2);
    RowMatrix expected = RowMatrix::Zero(1, 18);
    expected(0, 0) = expected(0, 7) = 1.0F;    // the largest, and the first of the equal ones
    expected(0, 16) = expected(0, 17) = 1.0F;  // a bank of two
    CHECK(mask == expected);
}

TEST_CASE("a network's mask cuts the layers and the head, not the embedding or the biases") {
    const NetworkShape shape{6, 20, {16, 24}};
    const ParameterLayout layout(shape);
    const auto mask = bank_balanced_mask(initial_parameters(layout, 5), layout, 2);
    CHECK(view(mask, layout.embedding).minCoeff() == 1.0F);
    CHECK(view(mask, layout.head_bias).minCoeff() == 1.0F);
    CHECK(view(mask, layout.layers[0].bias).minCoeff() == 1.0F);
    CHECK(view(mask, layout.layers[0].weight_x).rowwise().sum() == Eigen::VectorXf::Constant(64, 4.0F));
    CHECK(view(mask, layout.layers[0].weight_h).rowwise().sum() == Eigen::VectorXf::Constant(64, 2.0F));
    CHECK(view(mask, layout.layers[1].weight_x).rowwise().sum() == Eigen::VectorXf::Constant(96, 2.0F));
    CHECK(view(mask, layout.layers[1].weight_h).rowwise().sum() == Eigen::VectorXf::Constant(96, 4.0F));
    CHECK(view(mask, layout.head_weight).rowwise().sum() == Eigen::VectorXf::Constant(6, 4.0F));
}

TEST_CASE("the kept count falls from 16 to the target along the cubic schedule") {
    for (const int target : {1, 2, 4, 8, 16}) {
        CAPTURE(target);
        int before = 16;
        for (int percent = 0; percent <= 100; ++percent) {
            const int kept = kept_per_bank(pruned_share(Schedule::Cubic, percent / 100.0), target);
            CHECK(kept <= before);
            CHECK(kept >= target);
            before = kept;
        }
        CHECK(kept_per_bank(0.0, target) == 16);
        CHECK(kept_per_bank(1.0, target) == target);
        CHECK(kept_per_bank(pruned_share(Schedule::Cubic, 7.0), target) == target);
    }
    // Half way to k = 2 the sparsity is 14/16 * (1 - 1/8): 16 * (1 - 0.765625) = 3.75.
    CHECK(kept_per_bank(pruned_share(Schedule::Cubic, 0.5), 2) == 4);
}

}  // namespace lacuna
