#include "golden/quantised_model.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace lacuna {

namespace {

/// Sum of |v| of one row.
std::int64_t row_sum(const PartWeights& part, std::size_t row) {
    std::int64_t sum = 0;
    for (std::size_t slot = 0; slot < part.slots; ++slot) {
        sum += std::abs(int{part.value[row * part.slots + slot]});
    }
    return sum;
}

/// Largest sum of |v| << shift over what the gates of a layer's units sum.
std::int64_t largest_gate_sum(Cell cell, const RecurrentLayer& layer) {
    std::int64_t largest = 0;
    for (std::size_t gate = 0; gate < kGates; ++gate) {
        const auto x = x_block(cell, gate);
        const auto h = h_block(cell, gate);
        for (std::size_t unit = 0; unit < layer.units; ++unit) {
            const std::int64_t sum = (x ? row_sum(layer.x, *x * layer.units + unit) << layer.shift_x : 0) +
                                     (h ? row_sum(layer.h, *h * layer.units + unit) << layer.shift_h : 0);
            largest = std::max(largest, sum);
        }
    }
    return largest;
}

}  // namespace

std::string kind_name(Cell cell, bool language) {
    return cell_name(cell) + (language ? "-lm" : "");
}

std::size_t slots_per_row(std::size_t columns, int k) {
    const auto keep = static_cast<std::size_t>(k);
    return columns / PartWeights::kBankWidth * keep + std::min(columns % PartWeights::kBankWidth, keep);
}

PartWeights::PartWeights(std::size_t rows, std::size_t columns, int k)
    : rows(rows), columns(columns), k(k), slots(slots_per_row(columns, k)) {
    value.assign(rows * slots, 0);
    index.reserve(rows * slots);
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t bank = 0; bank < banks(); ++bank) {
            for (std::size_t slot = 0; slot < kept(bank); ++slot) {
                index.push_back(static_cast<std::uint8_t>(slot));
            }
        }
    }
}

std::size_t PartWeights::real_columns(std::size_t bank) const {
    return std::min(kBankWidth, columns - bank * kBankWidth);
}

std::size_t PartWeights::kept(std::size_t bank) const {
    return std::min(static_cast<std::size_t>(k), real_columns(bank));
}

std::size_t QuantisedModel::total_slots() const {
    std::size_t sum = 0;
    for (const auto& layer : layers) {
        sum += layer.x.rows * layer.x.slots + layer.h.rows * layer.h.slots;
    }
    return head ? sum + head->h.rows * head->h.slots : sum;
}

std::size_t QuantisedModel::dense_weights() const {
    std::size_t sum = 0;
    for (const auto& layer : layers) {
        sum += part_blocks(cell) * layer.units * (layer.inputs + layer.units);
    }
    return head ? sum + head->h.rows * head->h.columns : sum;
}

int QuantisedModel::accumulator_bits() const {
    std::int64_t largest = 0;
    for (const auto& layer : layers) {
        largest = std::max(largest, largest_gate_sum(cell, layer));
    }
    for (std::size_t row = 0; head && row < head->h.rows; ++row) {
        largest = std::max(largest, row_sum(head->h, row));
    }
    const std::int64_t magnitude = std::int64_t{1} << (activation_bits - 1);
    return 1 + static_cast<int>(std::bit_width(static_cast<std::uint64_t>(magnitude * largest)));
}

}  // namespace lacuna
