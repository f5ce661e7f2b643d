#include "model/engine_shape.hpp"

#include <algorithm>
#include <vector>

#include "model/bank_mask.hpp"
#include "model/parameters.hpp"

namespace lacuna {

namespace {

using Eigen::Index;
using Indices = std::vector<Index>;

/// Units of a layer that its own recurrent matrix or what lies above reads.
Indices units_read(const RowMatrix& own, const RowMatrix& above) {
    Indices units;
    for (Index u = 0; u < own.cols(); ++u) {
        if ((own.col(u).array() != 0.0F).any() || (above.col(u).array() != 0.0F).any()) {
            units.push_back(u);
        }
    }
    return units;
}

Indices all_of(Index count) {
    Indices indices(static_cast<std::size_t>(count));
    for (Index i = 0; i < count; ++i) {
        indices[static_cast<std::size_t>(i)] = i;
    }
    return indices;
}

/// The rows of the given units in all gates.
Indices gate_rows(const RowMatrix& weights, Index units, const Indices& kept) {
    Indices rows;
    for (Index gate = 0; gate < weights.rows(); gate += units) {
        for (const Index u : kept) {
            rows.push_back(gate + u);
        }
    }
    return rows;
}

/// The least k of the engine's that holds all weights of all banks.
int least_k(const RowMatrix& weights) {
    Index most = 1;
    for (Index first = 0; first < weights.cols(); first += kBankColumns) {
        const Index columns = std::min<Index>(kBankColumns, weights.cols() - first);
        for (Index row = 0; row < weights.rows(); ++row) {
            most = std::max(most, (weights.block(row, first, 1, columns).array() != 0.0F).count());
        }
    }
    int k = 1;
    while (k < most) {
        k *= 2;
    }
    return k;
}

std::size_t weights_in(const RowMatrix& weights) {
    return static_cast<std::size_t>((weights.array() != 0.0F).count());
}

}  // namespace

EngineShape engine_shape(const FloatModel& model) {
    EngineShape result;
    auto& shape = result.shape;
    shape = {};
    shape.cell = model.cell;
    shape.units.clear();
    shape.k_x.clear();
    shape.k_h.clear();
    shape.inputs = static_cast<std::size_t>(model.layers.front().inputs());
    Indices columns = all_of(model.layers.front().inputs());
    for (std::size_t n = 0; n < model.layers.size(); ++n) {
        const auto& layer = model.layers[n];
        const auto& above = n + 1 < model.layers.size() ? model.layers[n + 1].weight_ih : model.head_weight;
        const auto units = units_read(layer.weight_hh, above);
        const auto rows = gate_rows(layer.weight_hh, layer.units(), units);
        shape.units.push_back(std::max<std::size_t>(1, units.size()));
        shape.k_x.push_back(least_k(layer.weight_ih(rows, columns)));
        shape.k_h.push_back(least_k(layer.weight_hh(rows, units)));
        result.kept += weights_in(layer.weight_ih) + weights_in(layer.weight_hh);
        result.all += static_cast<std::size_t>(layer.weight_ih.size() + layer.weight_hh.size());
        columns = units;
    }
    if (shape_of(model).head_on_engine()) {
        const auto rows = all_of(model.head_weight.rows());
        shape.head_rows = static_cast<std::size_t>(model.head_weight.rows());
        shape.head_k = least_k(model.head_weight(rows, columns));
        result.kept += weights_in(model.head_weight);
        result.all += static_cast<std::size_t>(model.head_weight.size());
    }
    return result;
}

}  // namespace lacuna
