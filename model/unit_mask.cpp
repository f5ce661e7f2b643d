#include "model/unit_mask.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/error.hpp"

namespace lacuna {

namespace {

using Eigen::Index;

Index weights_of(const ParameterLayout& layout, bool count_head, const std::vector<Index>& units) {
    Index sum = count_head ? layout.head_weight.rows * units.back() : 0;
    for (std::size_t n = 0; n < units.size(); ++n) {
        const auto& blocks = layout.layers[n];
        const Index gates = blocks.weight_h.rows / blocks.weight_h.cols;
        const Index inputs = n == 0 ? blocks.weight_x.cols : units[n - 1];
        sum += gates * units[n] * (inputs + units[n]);
    }
    return sum;
}

/// Calls visit(block of a matrix or bias as rows and columns of the flat array) for all that belongs to unit
/// `u` of layer `n`.
template <class Visit>
void for_each_part(const ParameterLayout& layout, std::size_t n, Index u, const Visit& visit) {
    const auto& blocks = layout.layers[n];
    const Index units = blocks.weight_h.cols;
    for (Index row = u; row < blocks.weight_h.rows; row += units) {
        visit(blocks.weight_x, row, Index{0}, Index{1}, blocks.weight_x.cols);
        visit(blocks.weight_h, row, Index{0}, Index{1}, units);
    }
    visit(blocks.weight_h, Index{0}, u, blocks.weight_h.rows, Index{1});
    const Block& above = n + 1 < layout.layers.size() ? layout.layers[n + 1].weight_x : layout.head_weight;
    if (&above != &layout.head_weight || !layout.shape().tied) {  // a tied head is the embedding of its input
        visit(above, Index{0}, u, above.rows, Index{1});
    }
}

}  // namespace

std::vector<Index> kept_units(const ParameterLayout& layout, bool count_head, Index budget) {
    const auto& all = layout.shape().units;
    const Index most = *std::ranges::max_element(all);
    for (Index step = most; step > 0; --step) {
        std::vector<Index> units;
        for (const Index size : all) {
            const double share = static_cast<double>(step) / static_cast<double>(most);
            units.push_back(std::max<Index>(1, std::lround(share * static_cast<double>(size))));
        }
        if (weights_of(layout, count_head, units) <= budget) {
            return units;
        }
    }
    throw Error(
        fmt::format("pruning of whole units cannot keep as few as {} weights: one unit in each layer has "
                    "more; prune less, or by another --scheme",
                    budget));
}

void keep_units(const ParameterLayout& layout, const std::vector<PrunedMatrix>& matrices,
                const Flat<float>& scores, double share, Flat<float>& mask) {
    const auto& head = matrices.back();
    const bool has_head = matrices.size() > 2 * layout.layers.size();
    const bool count_head = has_head && head.target < head.block.size();
    Index budget = 0;
    for (const auto& matrix : matrices) {
        budget += !has_head || &matrix != &head || count_head ? matrix.kept(share) : 0;
    }
    const auto units = kept_units(layout, count_head, budget);
    for (std::size_t n = 0; n < units.size(); ++n) {
        const Index all = layout.shape().units[n];
        std::vector<double> sums(static_cast<std::size_t>(all), 0.0);
        std::vector<Index> order(sums.size());
        std::iota(order.begin(), order.end(), Index{0});
        for (const Index u : order) {
            for_each_part(layout, n, u,
                          [&](const Block& block, Index row, Index column, Index rows, Index columns) {
                              sums[static_cast<std::size_t>(u)] +=
                                  view(scores, block).block(row, column, rows, columns).sum();
                          });
        }
        std::ranges::stable_sort(order, std::greater<>{},
                                 [&](Index u) { return sums[static_cast<std::size_t>(u)]; });
        for (auto u = order.begin() + units[n]; u != order.end(); ++u) {
            for_each_part(layout, n, *u,
                          [&](const Block& block, Index row, Index column, Index rows, Index columns) {
                              view(mask, block).block(row, column, rows, columns).setZero();
                          });
            for (Index row = *u; row < layout.layers[n].bias.rows; row += all) {
                view(mask, layout.layers[n].bias)(row, 0) = 0.0F;
            }
        }
    }
}

}  // namespace lacuna
