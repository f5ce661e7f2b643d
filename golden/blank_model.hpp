// A model's shape without its weights: what sizes, schedules and estimates depend on.
#pragma once

#include <cstddef>
#include <vector>

#include "golden/quantised_model.hpp"

namespace lacuna {

struct ModelShape {
    std::size_t inputs = 16;
    std::vector<std::size_t> units = {16};  ///< one entry per layer
    std::vector<int> k_x = {16};            ///< one entry per layer
    std::vector<int> k_h = {16};
    std::size_t head_rows = 0;  ///< 0: no head
    int head_k = 16;
    Cell cell = Cell::Lstm;
    int activation_bits = 8;

    void set_k(int k);
    /// No k larger than `k`.
    void limit_k(int k);
    int largest_k() const;
    bool operator==(const ModelShape&) const = default;
};

ModelShape shape_of(const QuantisedModel& model);

/// A valid model of kind `lstm` or `gru` with this shape whose weights are zero.
QuantisedModel blank_model(const ModelShape& shape);

}  // namespace lacuna
