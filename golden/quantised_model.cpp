#include "golden/quantised_model.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <span>

namespace lacuna {

namespace {

constexpr std::int64_t kMaxMagnitude = 128;  // of an activation or an input

/// Largest sum of |v| << shift over the rows of up to two parts.
std::int64_t largest_row_sum(std::span<const PartWeights* const> parts, std::span<const int> shifts) {
    std::int64_t largest = 0;
    for (std::size_t row = 0; row < parts.front()->rows; ++row) {
        std::int64_t sum = 0;
        for (std::size_t p = 0; p < parts.size(); ++p) {
            const auto& part = *parts[p];
            for (std::size_t slot = 0; slot < part.slots; ++slot) {
                sum += std::int64_t{std::abs(int{part.value[row * part.slots + slot]})} << shifts[p];
            }
        }
        largest = std::max(largest, sum);
    }
    return largest;
}

}  // namespace

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
        sum += 4 * layer.units * (layer.inputs + layer.units);
    }
    return head ? sum + head->h.rows * head->h.columns : sum;
}

int QuantisedModel::accumulator_bits() const {
    std::int64_t largest = 0;
    for (const auto& layer : layers) {
        const std::array<const PartWeights*, 2> parts = {&layer.x, &layer.h};
        const std::array<int, 2> shifts = {layer.shift_x, layer.shift_h};
        largest = std::max(largest, largest_row_sum(parts, shifts));
    }
    if (head) {
        const std::array<const PartWeights*, 1> parts = {&head->h};
        const std::array<int, 1> shifts = {0};
        largest = std::max(largest, largest_row_sum(parts, shifts));
    }
    return 1 + static_cast<int>(std::bit_width(static_cast<std::uint64_t>(kMaxMagnitude * largest)));
}

}  // namespace lacuna
