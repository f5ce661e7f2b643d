#include "model/parameters.hpp"

#include <fmt/format.h>

#include <cmath>

#include "golden/prng.hpp"

namespace lacuna {

namespace {

constexpr Eigen::Index kBlockAlignment = 16;

void fill_uniform(BlockMap<float> block, double limit, SplitMix64& random) {
    for (Eigen::Index i = 0; i < block.size(); ++i) {
        block.data()[i] = static_cast<float>((2.0 * random.uniform() - 1.0) * limit);
    }
}

}  // namespace

NetworkShape shape_of(const FloatModel& model) {
    NetworkShape shape;
    shape.vocabulary = model.embedding.rows();
    shape.embedding = model.embedding.cols();
    for (const auto& layer : model.layers) {
        shape.units.push_back(layer.units());
    }
    shape.cell = model.cell;
    shape.task = model.format.task;
    shape.outputs = is_language(shape.task) ? 0 : model.head_weight.rows();
    shape.last_step = model.format.last_step;
    shape.tied = model.tied;
    if (!is_language(shape.task)) {
        shape.embedding = model.layers.front().inputs();
    }
    return shape;
}

void check_shape(const NetworkShape& shape, Problems& problems) {
    if (shape.embedding < 1) {
        problems.add(fmt::format("--embedding is {}, expected at least 1", shape.embedding));
    }
    if (shape.units.empty()) {
        problems.add("--units names no layer, expected at least one");
        return;
    }
    for (const auto units : shape.units) {
        if (units < 1) {
            problems.add(fmt::format("--units has {}, expected at least 1 in each layer", units));
        }
    }
    if (shape.tied && shape.task != Task::Words) {
        problems.add(
            fmt::format("--tied is for words; the engine computes the head of {}", task_name(shape.task)));
    }
    if (shape.tied && shape.embedding != shape.units.back()) {
        problems.add(fmt::format("--tied needs an embedding as large as the last layer: {} is not {}",
                                 shape.embedding, shape.units.back()));
    }
}

ParameterLayout::ParameterLayout(const NetworkShape& shape) : shape_(shape) {
    embedding = place(shape.vocabulary, shape.embedding);
    for (std::size_t n = 0; n < shape.units.size(); ++n) {
        const auto units = shape.units[n];
        LayerBlocks blocks;
        const auto rows = static_cast<Eigen::Index>(part_blocks(shape.cell)) * units;
        blocks.weight_x = place(rows, shape.inputs(n));
        blocks.weight_h = place(rows, units);
        blocks.bias = place(static_cast<Eigen::Index>(kGates) * units, 1);
        layers.push_back(blocks);
    }
    head_weight = shape.tied ? embedding : place(shape.head_rows(), shape.units.back());
    head_bias = place(shape.head_rows(), 1);
}

Block ParameterLayout::place(Eigen::Index rows, Eigen::Index cols) {
    const Block block{size_, rows, cols};
    size_ += (block.size() + kBlockAlignment - 1) / kBlockAlignment * kBlockAlignment;
    return block;
}

Flat<float> initial_parameters(const ParameterLayout& layout, std::uint64_t seed) {
    Flat<float> flat = Flat<float>::Zero(layout.size());
    SplitMix64 random(seed);
    fill_uniform(view(flat, layout.embedding), layout.shape().task == Task::Words ? 0.1 : 1.0, random);
    for (std::size_t n = 0; n < layout.layers.size(); ++n) {
        const auto& blocks = layout.layers[n];
        const auto units = layout.shape().units[n];
        const double limit = 1.0 / std::sqrt(static_cast<double>(units));
        fill_uniform(view(flat, blocks.weight_x), limit, random);
        fill_uniform(view(flat, blocks.weight_h), limit, random);
        view(flat, blocks.bias).middleRows(units, units).setOnes();
    }
    const double limit = 1.0 / std::sqrt(static_cast<double>(layout.head_weight.cols));
    if (!layout.shape().tied) {
        fill_uniform(view(flat, layout.head_weight), limit, random);
    }
    return flat;
}

Flat<float> flatten(const FloatModel& model, const ParameterLayout& layout) {
    Flat<float> flat = Flat<float>::Zero(layout.size());
    if (model.embedding.size() > 0) {
        view(flat, layout.embedding) = model.embedding;
    }
    for (std::size_t n = 0; n < layout.layers.size(); ++n) {
        const auto& layer = model.layers[n];
        view(flat, layout.layers[n].weight_x) = layer.weight_ih;
        view(flat, layout.layers[n].weight_h) = layer.weight_hh;
        view(flat, layout.layers[n].bias) = gate_bias(model.cell, layer);
    }
    view(flat, layout.head_weight) = model.head_weight;
    view(flat, layout.head_bias) = model.head_bias;
    return flat;
}

FloatModel unflatten(const Flat<float>& flat, const ParameterLayout& layout, DataFormat format) {
    FloatModel model;
    model.format = std::move(format);
    model.tied = layout.shape().tied;
    model.cell = layout.shape().cell;
    model.embedding = view(flat, layout.embedding);
    for (const auto& blocks : layout.layers) {
        FloatLayer layer;
        layer.weight_ih = view(flat, blocks.weight_x);
        layer.weight_hh = view(flat, blocks.weight_h);
        layer.bias_ih = view(flat, blocks.bias).topRows(layer.weight_ih.rows());
        layer.bias_hh = Eigen::VectorXf::Zero(layer.bias_ih.size());
        if (model.cell == Cell::Gru) {
            layer.bias_hh.tail(layer.units()) = view(flat, blocks.bias).bottomRows(layer.units());
        }
        model.layers.push_back(std::move(layer));
    }
    model.head_weight = view(flat, layout.head_weight);
    model.head_bias = view(flat, layout.head_bias);
    return model;
}

}  // namespace lacuna
