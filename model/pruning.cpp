#include "model/pruning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/error.hpp"
#include "model/unit_mask.hpp"

namespace lacuna {

namespace {

using Eigen::Index;

/// What bank-balanced pruning with k keeps of a matrix.
Index balanced_count(const Block& block, int k) {
    const Index full = block.cols / kBankColumns * k;
    return block.rows * (full + std::min<Index>(k, block.cols % kBankColumns));
}

/// Sets the mask to 1 at the `count` places of highest score, to 0 at the others.
void keep_best_places(std::vector<Index>& places, Index count, const Flat<float>& scores, Flat<float>& mask) {
    const auto better = [&scores](Index a, Index b) {
        return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
    };
    const auto end = places.begin() + count;
    if (end != places.end()) {
        std::ranges::nth_element(places, end, better);
    }
    for (auto place = places.begin(); place != places.end(); ++place) {
        mask[*place] = place < end ? 1.0F : 0.0F;
    }
}

void keep_anywhere(const std::vector<PrunedMatrix>& matrices, bool global, const Flat<float>& scores,
                   double share, Flat<float>& mask) {
    std::vector<Index> places;
    Index count = 0;
    for (const auto& matrix : matrices) {
        if (matrix.target == matrix.block.size()) {
            continue;
        }
        const auto before = static_cast<Index>(places.size());
        places.resize(places.size() + static_cast<std::size_t>(matrix.block.size()));
        std::iota(places.begin() + before, places.end(), matrix.block.offset);
        count += matrix.kept(share);
        if (!global) {
            keep_best_places(places, count, scores, mask);
            places.clear();
            count = 0;
        }
    }
    keep_best_places(places, count, scores, mask);
}

/// Weights that each row keeps where all keep as many, at least one.
Index kept_of_row(const PrunedMatrix& matrix, double share) {
    return std::max<Index>(
        1, std::lround(static_cast<double>(matrix.kept(share)) / static_cast<double>(matrix.block.rows)));
}

void keep_in_rows(const PrunedMatrix& matrix, const Flat<float>& scores, double share, Flat<float>& mask) {
    const auto count = kept_of_row(matrix, share);
    std::vector<Index> places(static_cast<std::size_t>(matrix.block.cols));
    for (Index row = 0; row < matrix.block.rows; ++row) {
        std::iota(places.begin(), places.end(), matrix.block.offset + row * matrix.block.cols);
        keep_best_places(places, count, scores, mask);
    }
}

/// Places 0 .. scores.size() - 1, best first.
std::vector<Index> ranking(const std::vector<float>& scores) {
    std::vector<Index> order(scores.size());
    std::iota(order.begin(), order.end(), Index{0});
    std::ranges::stable_sort(order, std::greater<>{},
                             [&](Index place) { return scores[static_cast<std::size_t>(place)]; });
    return order;
}

/// Calls visit(first row, rows) for each block of at most `most` rows; none leaves its gate.
template <class Visit>
void for_each_row_block(const PrunedMatrix& matrix, Index most, const Visit& visit) {
    for (Index row = 0; row < matrix.block.rows;) {
        const Index gate_end = (row / matrix.gate_rows + 1) * matrix.gate_rows;
        const Index rows = std::min({most, gate_end - row, matrix.block.rows - row});
        visit(row, rows);
        row += rows;
    }
}

void keep_columns(const PrunedMatrix& matrix, Index block_rows, const Flat<float>& scores, double share,
                  Flat<float>& mask) {
    const auto values = view(scores, matrix.block);
    auto kept = view(mask, matrix.block);
    const auto count = kept_of_row(matrix, share);
    std::vector<float> sums(static_cast<std::size_t>(matrix.block.cols));
    for_each_row_block(matrix, block_rows > 0 ? block_rows : matrix.gate_rows, [&](Index row, Index rows) {
        for (Index column = 0; column < matrix.block.cols; ++column) {
            sums[static_cast<std::size_t>(column)] = values.block(row, column, rows, 1).sum();
        }
        kept.middleRows(row, rows).setZero();
        const auto order = ranking(sums);
        for (Index rank = 0; rank < count; ++rank) {
            kept.block(row, order[static_cast<std::size_t>(rank)], rows, 1).setOnes();
        }
    });
}

struct Rectangle {
    Index row, column, rows, columns;
};

void keep_rectangles(const PrunedMatrix& matrix, Index block_rows, Index block_columns,
                     const Flat<float>& scores, double share, Flat<float>& mask) {
    const auto values = view(scores, matrix.block);
    std::vector<Rectangle> rectangles;
    std::vector<float> means;
    for_each_row_block(matrix, block_rows, [&](Index row, Index rows) {
        for (Index column = 0; column < matrix.block.cols; column += block_columns) {
            const Index columns = std::min(block_columns, matrix.block.cols - column);
            rectangles.push_back({row, column, rows, columns});
            means.push_back(values.block(row, column, rows, columns).mean());
        }
    });
    auto kept = view(mask, matrix.block);
    kept.setZero();
    Index left = matrix.kept(share);
    for (const Index place : ranking(means)) {
        const auto& r = rectangles[static_cast<std::size_t>(place)];
        if (r.rows * r.columns <= left) {
            kept.block(r.row, r.column, r.rows, r.columns).setOnes();
            left -= r.rows * r.columns;
        }
    }
}

}  // namespace

Index PrunedMatrix::kept(double share) const {
    const auto pruned = static_cast<double>(block.size() - target);
    return block.size() - static_cast<Index>(std::llround(pruned * std::clamp(share, 0.0, 1.0)));
}

std::vector<PrunedMatrix> pruned_matrices(const ParameterLayout& layout, const PruneOptions& options) {
    std::vector<PrunedMatrix> matrices;
    const auto add = [&](std::string name, const Block& block, Index gate_rows, int k, bool pruned) {
        Index target = balanced_count(block, k);
        if (options.sparsity > 0) {
            target = pruned ? std::llround((1.0 - options.sparsity) * static_cast<double>(block.size()))
                            : block.size();
        }
        matrices.push_back({std::move(name), block, gate_rows, k, target});
    };
    for (std::size_t n = 0; n < layout.layers.size(); ++n) {
        const auto& blocks = layout.layers[n];
        add(fmt::format("x {}", n), blocks.weight_x, blocks.weight_h.cols, options.k_x_of(n), true);
        add(fmt::format("h {}", n), blocks.weight_h, blocks.weight_h.cols, options.k_h_of(n), true);
    }
    if (layout.shape().head_on_engine()) {
        add("head", layout.head_weight, layout.head_weight.rows, options.k_of_head(),
            options.k_head != kBankColumns);
    }
    return matrices;
}

Flat<float> pruning_mask(const ParameterLayout& layout, const PruneOptions& options,
                         const Flat<float>& scores, double share) {
    Flat<float> mask = Flat<float>::Ones(layout.size());
    if (!options.enabled()) {
        return mask;
    }
    const auto matrices = pruned_matrices(layout, options);
    if (options.scheme == Scheme::Unstructured) {
        keep_anywhere(matrices, options.global, scores, share, mask);
        return mask;
    }
    if (options.scheme == Scheme::Units) {
        keep_units(layout, matrices, scores, share, mask);
        return mask;
    }
    for (const auto& matrix : matrices) {
        if (matrix.target == matrix.block.size()) {
            continue;
        }
        if (options.scheme == Scheme::BankBalanced) {
            keep_best(view(scores, matrix.block), kept_per_bank(share, matrix.k), options.bank,
                      matrix.gate_rows, view(mask, matrix.block));
        } else if (options.scheme == Scheme::Rows) {
            keep_in_rows(matrix, scores, share, mask);
        } else if (options.scheme == Scheme::Columns) {
            keep_columns(matrix, options.block_rows, scores, share, mask);
        } else {
            constexpr Index kRectangleRows = 4;
            keep_rectangles(matrix, options.block_rows > 0 ? options.block_rows : kRectangleRows,
                            options.block_columns, scores, share, mask);
        }
    }
    return mask;
}

int BankCounts::largest() const {
    int most = k_head;
    for (const auto* counts : {&k_x, &k_h}) {
        for (const int k : *counts) {
            most = std::max(most, k);
        }
    }
    return most;
}

bool BankCounts::uniform() const {
    const auto same = [this](int k) { return k == k_x.front(); };
    return std::ranges::all_of(k_x, same) && std::ranges::all_of(k_h, same) && (k_head == 0 || same(k_head));
}

BankCounts bank_counts(const ParameterLayout& layout, const PruneOptions& options, double share) {
    BankCounts counts;
    const bool bounded = options.scheme == Scheme::BankBalanced;
    const auto count = [&](int k) { return bounded ? kept_per_bank(share, k) : int{kBankColumns}; };
    for (std::size_t n = 0; n < layout.layers.size(); ++n) {
        counts.k_x.push_back(count(options.k_x_of(n)));
        counts.k_h.push_back(count(options.k_h_of(n)));
    }
    counts.k_head = layout.shape().head_on_engine() ? count(options.k_of_head()) : 0;
    return counts;
}

KeptWeights kept_weights(const ParameterLayout& layout, const Flat<float>& mask) {
    KeptWeights sum;
    for (const auto& matrix : pruned_matrices(layout, {})) {
        sum.kept += (view(mask, matrix.block).array() != 0.0F).count();
        sum.all += matrix.block.size();
    }
    return sum;
}

std::vector<KeptMagnitude> kept_magnitudes(const ParameterLayout& layout, const PruneOptions& options,
                                           const Flat<float>& parameters) {
    const Flat<float> magnitudes = parameters.cwiseAbs();
    const auto mask = pruning_mask(layout, options, magnitudes, 1.0);
    std::vector<KeptMagnitude> answer;
    for (const auto& matrix : pruned_matrices(layout, options)) {
        const auto all = view(magnitudes, matrix.block);
        const auto kept = view(mask, matrix.block);
        KeptMagnitude row{matrix.name, (kept.array() != 0.0F).count(), 1.0, {}};
        std::vector<float> sorted(all.data(), all.data() + all.size());
        std::ranges::sort(sorted, std::greater<>{});
        const double most = std::accumulate(sorted.begin(), sorted.begin() + matrix.target, 0.0);
        if (most > 0) {
            row.share = all.cwiseProduct(kept).cast<double>().sum() / most;
        }
        for (Index gate = 0; gate < matrix.block.rows; gate += matrix.gate_rows) {
            row.gates.push_back(kept.middleRows(gate, matrix.gate_rows).cast<double>().mean());
        }
        answer.push_back(std::move(row));
    }
    return answer;
}

}  // namespace lacuna
