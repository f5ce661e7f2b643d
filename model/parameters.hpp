// Where each parameter of a network lies in one flat array, so that the optimiser, the gradient sum and the
// checkpoint see plain vectors.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "model/float_model.hpp"

namespace lacuna {

/// Sizes of a network, and what it is for.
struct NetworkShape {
    Eigen::Index vocabulary = 0;      ///< V: tokens; 0 when the inputs are vectors
    Eigen::Index embedding = 0;       ///< E: size of a token's embedding, or F features of an input vector
    std::vector<Eigen::Index> units;  ///< per layer, from the input upwards
    Cell cell = Cell::Lstm;
    Task task = Task::Characters;
    Eigen::Index outputs = 0;  ///< rows of the head, where they are not the tokens: classes or values
    bool last_step = false;    ///< the head reads only the last step of a sequence
    bool tied = false;         ///< the head's weights are the embedding's

    /// Rows of the head.
    Eigen::Index head_rows() const { return is_language(task) ? vocabulary : outputs; }
    /// The head is computed by the engine, and so pruned and quantised; else by the host, in float.
    bool head_on_engine() const { return task != Task::Words; }
    Eigen::Index inputs(std::size_t layer) const { return layer == 0 ? embedding : units[layer - 1]; }
    bool operator==(const NetworkShape&) const = default;
};

NetworkShape shape_of(const FloatModel& model);

/// Adds what does not fit together to `problems`.
void check_shape(const NetworkShape& shape, Problems& problems);

/// A row-major matrix inside the flat array.
struct Block {
    Eigen::Index offset = 0;
    Eigen::Index rows = 0;
    Eigen::Index cols = 0;

    Eigen::Index size() const { return rows * cols; }
};

struct LayerBlocks {
    Block weight_x;  ///< [R, X], R as of FloatLayer
    Block weight_h;  ///< [R, H]
    Block bias;      ///< [4H, 1], one for each sum (see `gate_bias`)
};

/// Blocks start at multiples of 16 elements; the gaps stay zero.
class ParameterLayout {
  public:
    explicit ParameterLayout(const NetworkShape& shape);

    const NetworkShape& shape() const { return shape_; }
    Eigen::Index size() const { return size_; }  ///< of the flat array, gaps included

    Block embedding;  ///< [V, E], empty when the inputs are vectors
    std::vector<LayerBlocks> layers;
    Block head_weight;  ///< [head rows, H]; the embedding's place when they are tied
    Block head_bias;    ///< [head rows, 1]

  private:
    Block place(Eigen::Index rows, Eigen::Index cols);

    NetworkShape shape_;
    Eigen::Index size_ = 0;
};

template <class Scalar>
using Flat = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
template <class Scalar>
using BlockMap = Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
template <class Scalar>
using ConstBlockMap =
    Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

template <class Scalar>
BlockMap<Scalar> view(Flat<Scalar>& flat, const Block& block) {
    return {flat.data() + block.offset, block.rows, block.cols};
}
template <class Scalar>
ConstBlockMap<Scalar> view(const Flat<Scalar>& flat, const Block& block) {
    return {flat.data() + block.offset, block.rows, block.cols};
}

/// Uniform in +-1/sqrt(H) as PyTorch's LSTM, GRU and Linear, +-1 for the embedding of characters and +-0.1
/// for that of words, 0 for biases but 1 for those of the gates that keep the state, f and z (Jozefowicz et
/// al., ICML 2015). Same seed, same values.
Flat<float> initial_parameters(const ParameterLayout& layout, std::uint64_t seed);

/// Copies a model into a flat array, with one bias for each sum.
Flat<float> flatten(const FloatModel& model, const ParameterLayout& layout);

/// The inverse: fills matrices; k and history stay defaults. bias_hh becomes zero, but that of a GRU's n.
FloatModel unflatten(const Flat<float>& flat, const ParameterLayout& layout, DataFormat format);

}  // namespace lacuna
