#include "model/bank_mask.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

namespace lacuna {

void keep_best(const ConstBlockMap<float>& scores, int k, const BankShape& shape, Eigen::Index block_rows,
               BlockMap<float> mask) {
    const Eigen::Index width = shape.width;
    const Eigen::Index kept = (k * width + kBankColumns - 1) / kBankColumns;
    std::array<Eigen::Index, kBankColumns> order{};
    std::array<float, kBankColumns> sums{};
    for (Eigen::Index row = 0; row < scores.rows();) {
        const Eigen::Index gate_end = (row / block_rows + 1) * block_rows;
        const Eigen::Index rows = std::min({Eigen::Index{shape.rows}, gate_end - row, scores.rows() - row});
        for (Eigen::Index first = 0; first < scores.cols(); first += width) {
            const auto real = std::min(width, scores.cols() - first);
            for (Eigen::Index column = 0; column < real; ++column) {
                sums[static_cast<std::size_t>(column)] = scores.block(row, first + column, rows, 1).sum();
            }
            const std::span columns(order.data(), static_cast<std::size_t>(real));
            std::iota(columns.begin(), columns.end(), Eigen::Index{0});
            std::ranges::stable_sort(columns, std::greater<>{}, [&](Eigen::Index column) {
                return sums[static_cast<std::size_t>(column)];
            });
            for (Eigen::Index rank = 0; rank < real; ++rank) {
                mask.block(row, first + columns[static_cast<std::size_t>(rank)], rows, 1)
                    .setConstant(rank < kept ? 1.0F : 0.0F);
            }
        }
        row += rows;
    }
}

Flat<float> bank_balanced_mask(const Flat<float>& parameters, const ParameterLayout& layout, int k,
                               const BankShape& shape) {
    Flat<float> mask = Flat<float>::Ones(parameters.size());
    const Flat<float> scores = parameters.cwiseAbs();
    const auto keep = [&](const Block& block, Eigen::Index block_rows) {
        keep_best(view(scores, block), k, shape, block_rows, view(mask, block));
    };
    for (const auto& blocks : layout.layers) {
        const Eigen::Index units = blocks.weight_h.cols;
        keep(blocks.weight_x, units);
        keep(blocks.weight_h, units);
    }
    keep(layout.head_weight, layout.head_weight.rows);
    return mask;
}

int kept_per_bank(double share, int target) {
    constexpr double kWidth = kBankColumns;
    const double sparsity = (1.0 - target / kWidth) * share;
    return std::max(target, static_cast<int>(std::floor(kWidth * (1.0 - sparsity) + 0.5)));
}

}  // namespace lacuna
