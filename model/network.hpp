// Forward and backward pass of the character LSTM or GRU over a chunk of T steps of B parallel streams
// (truncated back-propagation through time: states are carried from chunk to chunk, gradients are not).
// Matrices are [features, T * B], column t * B + b, column-major: the columns of one step lie together.
// Templated so that the tests can check the very same code against finite differences in double.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/parameters.hpp"
#include "model/sparse_block.hpp"

namespace lacuna {

struct PassOptions {
    double dropout = 0.0;  ///< probability of dropping an element of a layer's output on its way upwards
    std::uint64_t dropout_seed = 0;  ///< same seed, same elements dropped
    bool round_hidden = false;       ///< round every h to 1/128 and limit it to [-1, 127/128] (int8, Q0.7)
};

/// One shard of a batch. Not thread-safe; separate objects may run in parallel.
template <class Scalar>
class Network {
  public:
    using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

    /// @param streams B
    Network(const ParameterLayout& layout, Eigen::Index streams);

    /// h and c of all layers to zero.
    void reset();

    /// From now on all parameters given are zero outside `mask`: the large products then cost only what is
    /// kept, and the gradient of such a block is zero outside it too, where few enough are kept for that to
    /// be faster (`sparse_pays`). Without a mask: everything again.
    void keep_only(const Flat<Scalar>* mask);

    /// Runs T = inputs.size() / B steps and carries the state on.
    /// @param parameters the weights to use (masked and rounded already, where that is wanted)
    /// @param inputs,targets tokens, index t * B + b
    /// @return sum of -ln p(target)
    double forward(const Flat<Scalar>& parameters, std::span<const int> inputs, std::span<const int> targets,
                   const PassOptions& options);

    /// Adds the gradient of `scale` * (sum of -ln p) of the last `forward` (same parameters and tokens) to
    /// `gradient`. With `teacher` (probabilities [V, TB] of another network) the targets are (1 - share) *
    /// one-hot + share * teacher (Hinton et al., "Distilling the knowledge in a neural network", 2015, at
    /// temperature 1).
    void backward(const Flat<Scalar>& parameters, std::span<const int> inputs, std::span<const int> targets,
                  Scalar scale, Flat<Scalar>& gradient, const Matrix* teacher = nullptr, Scalar share = 0);

    /// Probabilities of the next token after the last `forward`, [V, TB]; gone after `backward`.
    const Matrix& probabilities() const { return probabilities_; }

    Eigen::Index streams() const { return streams_; }
    /// Carried state of a layer, [H, B]. A GRU's c is its state; h is the copy of it that the products see.
    Matrix& h(std::size_t layer) { return traces_[layer].h; }
    Matrix& c(std::size_t layer) { return traces_[layer].c; }

    /// Seconds spent in matrix products since construction.
    double product_seconds() const { return product_seconds_; }

  private:
    struct Trace {
        Matrix h;      ///< state before the next chunk
        Matrix c;      ///<
        Matrix gates;  ///< [R, TB]: pre-activations, then i, f, g, o or r, z, n, then gradients of the former
        Matrix gates_h;    ///< GRU only, [R, TB]: W_h h; its n block then n_h; then gradients of W_h h
        Matrix cells;      ///< [H, (T+1)B]: c before step t in columns t * B
        Matrix hidden;     ///< [H, (T+1)B]: h before step t
        Matrix tanh_cell;  ///< LSTM only, [H, TB]
        Matrix keep;       ///< [H, TB]: 0 or 1 / (1 - dropout); empty without dropout
        Matrix output;     ///< [H, TB]: h after dropout; empty without
        std::optional<SparseBlock<Scalar>>
            kept_x;  ///< empty: dense, as always in layer 0 (see `token_gates_`)
        std::optional<SparseBlock<Scalar>> kept_h;
    };

    void forward_layer(const Flat<Scalar>& parameters, std::size_t n, std::span<const int> inputs,
                       const PassOptions& options);
    void backward_layer(const Flat<Scalar>& parameters, std::size_t n, std::span<const int> inputs,
                        Flat<Scalar>& gradient);
    void backward_steps(const Flat<Scalar>& parameters, std::size_t n);
    Eigen::Ref<const Matrix> output(std::size_t n) const;
    bool gru() const { return layout_.shape().cell == Cell::Gru; }
    /// What W_h h is added to, and later the gradient of W_h h.
    Matrix& sums_of_h(Trace& trace) const { return gru() ? trace.gates_h : trace.gates; }

    template <class Product>
    void timed(const Product& product);

    const ParameterLayout& layout_;
    Eigen::Index streams_;
    Eigen::Index columns_ = 0;  ///< T * B of the last forward pass
    std::vector<Trace> traces_;
    Matrix token_gates_;  ///< [R of layer 0, V]: input part of the gates per token; its gradient in backward
    Matrix probabilities_;  ///< [V, TB]; in backward the gradient of the logits
    Matrix from_above_;     ///< [H, TB]: gradient of a layer's output
    Matrix carried_;        ///< [H, B]: gradient of h carried backwards in time
    Matrix carried_cell_;
    double product_seconds_ = 0;
};

extern template class Network<float>;
extern template class Network<double>;

}  // namespace lacuna
