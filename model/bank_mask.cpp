#include "model/bank_mask.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

namespace lacuna {

void keep_largest(const ConstBlockMap<float>& weights, int k, BlockMap<float> mask) {
    std::array<Eigen::Index, kBankColumns> order{};
    for (Eigen::Index row = 0; row < weights.rows(); ++row) {
        for (Eigen::Index first = 0; first < weights.cols(); first += kBankColumns) {
            const auto real = std::min(kBankColumns, weights.cols() - first);
            const std::span columns(order.data(), static_cast<std::size_t>(real));
            std::iota(columns.begin(), columns.end(), first);
            std::ranges::stable_sort(columns, std::greater<>{},
                                     [&](Eigen::Index column) { return std::abs(weights(row, column)); });
            for (Eigen::Index rank = 0; rank < real; ++rank) {
                mask(row, columns[static_cast<std::size_t>(rank)]) = rank < k ? 1.0F : 0.0F;
            }
        }
    }
}

Flat<float> bank_balanced_mask(const Flat<float>& parameters, const ParameterLayout& layout, int k) {
    Flat<float> mask = Flat<float>::Ones(parameters.size());
    for (const auto& blocks : layout.layers) {
        keep_largest(view(parameters, blocks.weight_x), k, view(mask, blocks.weight_x));
        keep_largest(view(parameters, blocks.weight_h), k, view(mask, blocks.weight_h));
    }
    keep_largest(view(parameters, layout.head_weight), k, view(mask, layout.head_weight));
    return mask;
}

int kept_per_bank(double progress, int target) {
    constexpr double kWidth = kBankColumns;
    const double left = 1.0 - std::clamp(progress, 0.0, 1.0);
    const double sparsity = (1.0 - target / kWidth) * (1.0 - left * left * left);
    return std::max(target, static_cast<int>(std::floor(kWidth * (1.0 - sparsity) + 0.5)));
}

}  // namespace lacuna
