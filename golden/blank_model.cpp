#include "golden/blank_model.hpp"

#include <algorithm>

namespace lacuna {

void ModelShape::set_k(int k) {
    std::ranges::fill(k_x, k);
    std::ranges::fill(k_h, k);
    head_k = k;
}

void ModelShape::limit_k(int k) {
    const auto limit = [k](int& value) { value = std::min(value, k); };
    std::ranges::for_each(k_x, limit);
    std::ranges::for_each(k_h, limit);
    limit(head_k);
}

int ModelShape::largest_k() const {
    return std::max({std::ranges::max(k_x), std::ranges::max(k_h), head_rows > 0 ? head_k : 1});
}

ModelShape shape_of(const QuantisedModel& model) {
    ModelShape shape{model.input_size(), {}, {}, {}, 0, 16, model.cell, model.activation_bits};
    for (const RecurrentLayer& layer : model.layers) {
        shape.units.push_back(layer.units);
        shape.k_x.push_back(layer.x.k);
        shape.k_h.push_back(layer.h.k);
    }
    if (model.head) {
        shape.head_rows = model.head->h.rows;
        shape.head_k = model.head->h.k;
    }
    return shape;
}

QuantisedModel blank_model(const ModelShape& shape) {
    QuantisedModel model;
    model.name = "shape";
    model.cell = shape.cell;
    model.activation_bits = shape.activation_bits;
    std::size_t inputs = shape.inputs;
    for (std::size_t l = 0; l < shape.units.size(); ++l) {
        RecurrentLayer layer;
        layer.inputs = inputs;
        layer.units = shape.units[l];
        const std::size_t rows = part_blocks(shape.cell) * layer.units;
        layer.x = PartWeights(rows, inputs, shape.k_x.at(l));
        layer.h = PartWeights(rows, layer.units, shape.k_h.at(l));
        layer.rows.resize(kGates * layer.units);
        if (shape.cell == Cell::Gru) {
            layer.cell_fraction = kGruStateFraction;
        }
        inputs = layer.units;
        model.layers.push_back(std::move(layer));
    }
    if (shape.head_rows > 0) {
        Head head;
        head.h = PartWeights(shape.head_rows, inputs, shape.head_k);
        head.rows.resize(shape.head_rows);
        model.head = std::move(head);
    }
    return model;
}

}  // namespace lacuna
