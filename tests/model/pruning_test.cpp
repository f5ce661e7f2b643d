#include "model/pruning.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "golden/prng.hpp"
#include "model/float_model.hpp"
#include "model/unit_mask.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

using Eigen::Index;

/// Widths that divide by 16 and ones that do not.
const NetworkShape shapes[] = {
    {32, 32, {32, 48}, Cell::Lstm}, {7, 20, {24, 9}, Cell::Lstm}, {7, 20, {24, 9}, Cell::Gru}};

Flat<float> random_scores(const ParameterLayout& layout, std::uint64_t seed) {
    SplitMix64 random(seed);
    Flat<float> scores = Flat<float>::Zero(layout.size());
    for (Index i = 0; i < scores.size(); ++i) {
        scores[i] = static_cast<float>(random.uniform());
    }
    return scores;
}

Index count_of(const Flat<float>& mask, const Block& block) {
    const auto part = view(mask, block);
    REQUIRE(((part.array() == 0.0F) || (part.array() == 1.0F)).all());
    return (part.array() == 1.0F).count();
}

PruneOptions scheme_options(Scheme scheme, int k = 2) {
    PruneOptions options;
    options.scheme = scheme;
    options.k = k;
    return options;
}

void check_untouched(const ParameterLayout& layout, const Flat<float>& mask) {
    CHECK(view(mask, layout.embedding).minCoeff() == 1.0F);
    CHECK(view(mask, layout.head_bias).minCoeff() == 1.0F);
    for (const auto& blocks : layout.layers) {
        CHECK(view(mask, blocks.bias).minCoeff() == 1.0F);
    }
}

/// The k best of a set of scores, in a way that shares nothing with the code under test.
std::set<Index> best(const std::vector<std::pair<float, Index>>& scores, Index count) {
    auto sorted = scores;
    std::ranges::sort(sorted, [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    std::set<Index> kept;
    for (Index i = 0; i < count; ++i) {
        kept.insert(sorted[static_cast<std::size_t>(i)].second);
    }
    return kept;
}

}  // namespace

TEST_CASE("a matrix' target is what bank-balanced pruning keeps there") {
    for (const auto& shape : shapes) {
        const ParameterLayout layout(shape);
        const auto scores = random_scores(layout, 1);
        PruneOptions options = scheme_options(Scheme::BankBalanced, 4);
        options.k_x = {2, 8};
        options.k_h = {1, 16};
        options.k_head = 4;
        const auto mask = pruning_mask(layout, options, scores, 1.0);
        for (const auto& matrix : pruned_matrices(layout, options)) {
            CAPTURE(matrix.name);
            CHECK(count_of(mask, matrix.block) == matrix.target);
            const auto part = view(mask, matrix.block);
            for (Index first = 0; first < matrix.block.cols; first += kBankColumns) {
                const auto real = std::min<Index>(kBankColumns, matrix.block.cols - first);
                CHECK((part.middleCols(first, real).rowwise().sum().array() ==
                       static_cast<float>(std::min<Index>(matrix.k, real)))
                          .all());
            }
        }
        check_untouched(layout, mask);
        const auto counts = bank_counts(layout, options, 1.0);
        CHECK(counts.k_x == options.k_x);
        CHECK(counts.k_h == options.k_h);
        CHECK(counts.k_head == 4);
        CHECK(counts.largest() == 16);
        CHECK_FALSE(counts.uniform());
    }
}

TEST_CASE("equal k means equal size in every scheme") {
    for (const auto& shape : shapes) {
        const ParameterLayout layout(shape);
        const auto scores = random_scores(layout, 2);
        for (const int k : {1, 2, 4, 8}) {
            CAPTURE(k);
            const auto balanced = pruning_mask(layout, scheme_options(Scheme::BankBalanced, k), scores, 1.0);
            const auto size = kept_weights(layout, balanced).kept;
            for (const bool global : {false, true}) {
                auto options = scheme_options(Scheme::Unstructured, k);
                options.global = global;
                CHECK(kept_weights(layout, pruning_mask(layout, options, scores, 1.0)).kept == size);
            }
            const auto columns = pruning_mask(layout, scheme_options(Scheme::Columns, k), scores, 1.0);
            CHECK(kept_weights(layout, columns).kept == size);
            // A rectangle is never cut, so one at most is missing in each matrix.
            const auto blocks = pruning_mask(layout, scheme_options(Scheme::Blocks, k), scores, 1.0);
            const auto left = size - kept_weights(layout, blocks).kept;
            CHECK(left >= 0);
            CHECK(left < 16 * 5);
        }
    }
}

TEST_CASE("unstructured pruning keeps the best weights of each matrix, or of all") {
    const ParameterLayout layout(shapes[1]);
    const auto scores = random_scores(layout, 3);
    for (const bool global : {false, true}) {
        CAPTURE(global);
        auto options = scheme_options(Scheme::Unstructured);
        options.global = global;
        const auto mask = pruning_mask(layout, options, scores, 1.0);
        std::vector<std::pair<float, Index>> pool;
        Index count = 0;
        for (const auto& matrix : pruned_matrices(layout, options)) {
            for (Index i = matrix.block.offset; i < matrix.block.offset + matrix.block.size(); ++i) {
                pool.emplace_back(scores[i], i);
            }
            count += matrix.target;
            if (!global) {
                const auto kept = best(pool, count);
                for (const auto& entry : pool) {
                    REQUIRE((mask[entry.second] == 1.0F) == kept.contains(entry.second));
                }
                pool.clear();
                count = 0;
            }
        }
        const auto kept = best(pool, count);
        for (const auto& entry : pool) {
            REQUIRE((mask[entry.second] == 1.0F) == kept.contains(entry.second));
        }
        check_untouched(layout, mask);
    }
}

TEST_CASE("equal scores leave the lower places") {
    const ParameterLayout layout(shapes[0]);
    const Flat<float> scores = Flat<float>::Ones(layout.size());
    const auto mask = pruning_mask(layout, scheme_options(Scheme::Unstructured), scores, 1.0);
    const auto& block = layout.layers[0].weight_x;
    CHECK(mask.segment(block.offset, block.size() / 8).minCoeff() == 1.0F);
    CHECK(mask.segment(block.offset + block.size() / 8, block.size() * 7 / 8).maxCoeff() == 0.0F);
}

TEST_CASE("a sparsity says the size of the other schemes directly") {
    const ParameterLayout layout(shapes[0]);
    const auto scores = random_scores(layout, 4);
    auto options = scheme_options(Scheme::Unstructured, 16);
    options.sparsity = 0.9;
    options.k_head = 16;
    const auto mask = pruning_mask(layout, options, scores, 1.0);
    for (const auto& matrix : pruned_matrices(layout, options)) {
        const auto size = static_cast<double>(matrix.block.size());
        CHECK(count_of(mask, matrix.block) ==
              (matrix.name == "head" ? matrix.block.size() : std::lround(0.1 * size)));
    }
}

TEST_CASE("all rows of a block keep the same columns, those of the highest sum") {
    const ParameterLayout layout(shapes[1]);
    const auto scores = random_scores(layout, 5);
    for (const int rows : {0, 5}) {
        auto options = scheme_options(Scheme::Columns, 4);
        options.block_rows = rows;
        const auto mask = pruning_mask(layout, options, scores, 1.0);
        for (const auto& matrix : pruned_matrices(layout, options)) {
            CAPTURE(matrix.name);
            const auto part = view(mask, matrix.block);
            const auto values = view(scores, matrix.block);
            const Index per_row = matrix.target / matrix.block.rows;
            for (Index gate = 0; gate < matrix.block.rows; gate += matrix.gate_rows) {
                const Index step = rows == 0 ? matrix.gate_rows : rows;
                for (Index row = gate; row < gate + matrix.gate_rows; row += step) {
                    const Index count = std::min(step, gate + matrix.gate_rows - row);
                    std::vector<std::pair<float, Index>> sums;
                    for (Index column = 0; column < matrix.block.cols; ++column) {
                        sums.emplace_back(values.block(row, column, count, 1).sum(), column);
                    }
                    const auto kept = best(sums, per_row);
                    for (Index column = 0; column < matrix.block.cols; ++column) {
                        REQUIRE((part.block(row, column, count, 1).array() ==
                                 (kept.contains(column) ? 1.0F : 0.0F))
                                    .all());
                    }
                }
            }
        }
    }
}

TEST_CASE("blocks are whole, and no block that is left out is better than one that is kept") {
    const ParameterLayout layout(shapes[0]);
    const auto scores = random_scores(layout, 6);
    auto options = scheme_options(Scheme::Blocks);
    options.block_rows = 8;
    options.block_columns = 2;
    const auto mask = pruning_mask(layout, options, scores, 1.0);
    for (const auto& matrix : pruned_matrices(layout, options)) {
        CHECK(count_of(mask, matrix.block) == matrix.target);  // 16 weights divide all counts
        float worst_kept = 1e9F;
        float best_pruned = -1e9F;
        for (Index row = 0; row < matrix.block.rows; row += 8) {
            for (Index column = 0; column < matrix.block.cols; column += 2) {
                const auto part = view(mask, matrix.block).block(row, column, 8, 2);
                const float mean = view(scores, matrix.block).block(row, column, 8, 2).mean();
                REQUIRE(part.minCoeff() == part.maxCoeff());
                (part(0, 0) > 0 ? worst_kept : best_pruned) =
                    part(0, 0) > 0 ? std::min(worst_kept, mean) : std::max(best_pruned, mean);
            }
        }
        CHECK(worst_kept >= best_pruned);
    }
}

TEST_CASE("rows keep the same number of their best weights each") {
    for (const auto& shape : shapes) {
        const ParameterLayout layout(shape);
        const auto scores = random_scores(layout, 10);
        const auto options = scheme_options(Scheme::Rows);
        const auto mask = pruning_mask(layout, options, scores, 1.0);
        for (const auto& matrix : pruned_matrices(layout, options)) {
            CAPTURE(matrix.name);
            CHECK(count_of(mask, matrix.block) == matrix.target);
            for (Index row = 0; row < matrix.block.rows; ++row) {
                std::vector<std::pair<float, Index>> pool;
                for (Index column = 0; column < matrix.block.cols; ++column) {
                    pool.emplace_back(view(scores, matrix.block)(row, column), column);
                }
                const auto kept = best(pool, matrix.target / matrix.block.rows);
                for (const auto& entry : pool) {
                    REQUIRE((view(mask, matrix.block)(row, entry.second) == 1.0F) ==
                            kept.contains(entry.second));
                }
            }
        }
        check_untouched(layout, mask);
    }
}

TEST_CASE("kept magnitudes: all of it without structure, less with more of it, a known share by hand") {
    const ParameterLayout layout(shapes[0]);
    const auto parameters = initial_parameters(layout, 11);
    std::map<Scheme, std::vector<KeptMagnitude>> found;
    for (const auto scheme : kSchemes) {
        const auto options = scheme_options(scheme);
        found[scheme] = kept_magnitudes(layout, options, parameters);
        const auto mask = pruning_mask(layout, options, parameters.cwiseAbs(), 1.0);
        const auto matrices = pruned_matrices(layout, options);
        REQUIRE(found[scheme].size() == matrices.size());
        for (std::size_t m = 0; m < matrices.size(); ++m) {
            CHECK(found[scheme][m].matrix == matrices[m].name);
            CHECK(found[scheme][m].kept == count_of(mask, matrices[m].block));
            const auto& gates = found[scheme][m].gates;
            CHECK(std::accumulate(gates.begin(), gates.end(), 0.0) / static_cast<double>(gates.size()) ==
                  doctest::Approx(static_cast<double>(found[scheme][m].kept) /
                                  static_cast<double>(matrices[m].block.size())));
        }
    }
    for (std::size_t m = 0; m < found[Scheme::Rows].size(); ++m) {
        CHECK(found[Scheme::Unstructured][m].share == doctest::Approx(1.0));
        CHECK(found[Scheme::Rows][m].share < 1.0);
        CHECK(found[Scheme::BankBalanced][m].share < found[Scheme::Rows][m].share);
        CHECK(found[Scheme::Columns][m].share < found[Scheme::BankBalanced][m].share);
    }
    // One bank of a row has all the weight: 2 of its 16 equal weights stay, where 4 would without banks.
    const ParameterLayout two_banks(NetworkShape{4, 32, {16}, Cell::Lstm});
    Flat<float> uneven = Flat<float>::Zero(two_banks.size());
    view(uneven, two_banks.layers[0].weight_x).leftCols(16).setConstant(-0.5F);
    CHECK(kept_magnitudes(two_banks, scheme_options(Scheme::BankBalanced), uneven)[0].share ==
          doctest::Approx(0.5));
    CHECK(kept_magnitudes(two_banks, scheme_options(Scheme::Rows), uneven)[0].share == doctest::Approx(1.0));
}

TEST_CASE("a removed unit leaves nothing behind, and its h stays 0") {
    for (const auto& shape : shapes) {
        const ParameterLayout layout(shape);
        auto parameters = initial_parameters(layout, 7);
        for (const auto& blocks : layout.layers) {
            view(parameters, blocks.bias).array() += 0.25F;
        }
        for (const int k_head : {0, 16}) {
            auto options = scheme_options(Scheme::Units);
            options.k_head = k_head;
            const auto mask = pruning_mask(layout, options, parameters.cwiseAbs(), 1.0);
            auto model = unflatten(parameters.cwiseProduct(mask), layout, {});
            FloatRunner runner(model);
            for (int t = 0; t < 5; ++t) {
                runner.step(t);
            }
            for (std::size_t n = 0; n < layout.layers.size(); ++n) {
                const auto& blocks = layout.layers[n];
                const Index units = shape.units[n];
                const Block& above =
                    n + 1 < layout.layers.size() ? layout.layers[n + 1].weight_x : layout.head_weight;
                Index kept = 0;
                for (Index u = 0; u < units; ++u) {
                    const bool keeps = view(mask, above).col(u).maxCoeff() == 1.0F;
                    kept += keeps ? 1 : 0;
                    CHECK((runner.h(n)[u] != 0.0F) == keeps);
                    if (!keeps) {
                        CHECK(view(mask, blocks.weight_h).col(u).maxCoeff() == 0.0F);
                        for (Index row = u; row < blocks.weight_h.rows; row += units) {
                            CHECK(view(mask, blocks.weight_h).row(row).maxCoeff() == 0.0F);
                            CHECK(view(mask, blocks.weight_x).row(row).maxCoeff() == 0.0F);
                        }
                        for (Index row = u; row < blocks.bias.rows; row += units) {
                            CHECK(view(mask, blocks.bias)(row, 0) == 0.0F);
                        }
                    }
                }
                // Everything between kept units is kept.
                const Index gates = blocks.weight_h.rows / units;
                CHECK(count_of(mask, blocks.weight_h) == gates * kept * kept);
            }
        }
    }
}

TEST_CASE("units are removed until the size fits, and no further") {
    const ParameterLayout layout({32, 32, {32, 48}, Cell::Lstm});
    const auto scores = random_scores(layout, 8);
    for (const int k_head : {0, 16}) {
        for (const int k : {1, 2, 4, 8}) {
            auto options = scheme_options(Scheme::Units, k);
            options.k_head = k_head;
            Index budget = 0;
            for (const auto& matrix : pruned_matrices(layout, options)) {
                budget += matrix.name == "head" && k_head == 16 ? 0 : matrix.target;
            }
            const auto units = kept_units(layout, k_head == 0, budget);
            CHECK(units[0] == std::lround(static_cast<double>(units[1]) * 32.0 / 48.0));
            const auto size = [&](Index second) {
                const auto first = std::lround(static_cast<double>(second) * 32.0 / 48.0);
                return 4 * first * (32 + first) + 4 * second * (first + second) +
                       (k_head == 0 ? 32 * second : 0);
            };
            CHECK(size(units[1]) <= budget);
            CHECK(size(units[1] + 1) > budget);
            const auto mask = pruning_mask(layout, options, scores, 1.0);
            const auto head = k_head == 0 ? 0 : count_of(mask, layout.head_weight);
            CHECK(kept_weights(layout, mask).kept - head == size(units[1]));
        }
    }
    CHECK(contains(error_text([&] { kept_units(layout, true, 100); }),
                   "pruning of whole units cannot keep as few as 100 weights"));
}

TEST_CASE("every scheme starts with everything and prunes more at each stage") {
    const ParameterLayout layout(shapes[1]);
    const auto scores = random_scores(layout, 9);
    for (const auto scheme : kSchemes) {
        CAPTURE(scheme_name(scheme));
        const auto options = scheme_options(scheme);
        Index before = kept_weights(layout, pruning_mask(layout, options, scores, 0.0)).all;
        CHECK(kept_weights(layout, pruning_mask(layout, options, scores, 0.0)).kept == before);
        for (const double share : {0.3, 0.6, 0.9, 1.0}) {
            const auto kept = kept_weights(layout, pruning_mask(layout, options, scores, share)).kept;
            CHECK(kept < before);
            before = kept;
        }
        CHECK(pruning_mask(layout, {}, scores, 1.0).minCoeff() == 1.0F);
    }
}

}  // namespace lacuna
