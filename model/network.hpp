// Forward and backward pass of an LSTM or GRU with its head over a batch of T steps of B parallel streams
// (truncated back-propagation through time: states are carried from batch to batch, gradients are not).
// Matrices are [features, T * B], column t * B + b, column-major: the columns of one step lie together.
// Templated so that the tests can check the very same code against finite differences in double.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/batch.hpp"
#include "model/integer_network.hpp"
#include "model/parameters.hpp"
#include "model/readout.hpp"
#include "model/sparse_block.hpp"

namespace lacuna {

/// Variational dropout (Gal and Ghahramani, "A theoretically grounded application of dropout in recurrent
/// neural networks", NIPS 2016): each stream drops the same elements in all steps of a pass. Probabilities.
struct Dropout {
    double input = 0.0;   ///< of elements of the first layer's input
    double hidden = 0.0;  ///< of elements of h on its way to the next step
    double output = 0.0;  ///< of elements of a layer's output on its way upwards

    bool operator==(const Dropout&) const = default;
};

struct PassOptions {
    Dropout dropout;
    std::uint64_t dropout_seed = 0;  ///< same seed, same elements dropped
    bool round_hidden = false;       ///< round every h to 1/128 and limit it to [-1, 127/128] (int8, Q0.7)
    Sampling sampling;
    /// Compute in these integers; the parameters given to the passes must be their `real()`. Without dropout.
    /// Only in float.
    const IntegerNetwork* integers = nullptr;
};

/// One shard of a batch. Not thread-safe; separate objects may run in parallel.
template <class Scalar>
class Network {
  public:
    using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

    /// @param streams B of the first batch
    Network(const ParameterLayout& layout, Eigen::Index streams);

    /// h and c of all layers to zero.
    void reset();

    /// From now on all parameters given are zero outside `mask`: the large products then cost only what is
    /// kept, and the gradient of such a block is zero outside it too, where few enough are kept for that to
    /// be faster (`sparse_pays`). Without a mask: everything again.
    void keep_only(const Flat<Scalar>* mask);

    /// Runs the steps of a batch and carries the state on. Only a `fresh` batch may have another B.
    /// @param parameters the weights to use (masked and rounded already, where that is wanted)
    /// @return sum of -ln p(target), or of half the squared errors
    double forward(const Flat<Scalar>& parameters, const Batch& batch, const PassOptions& options);

    /// Adds the gradient of `scale` * the loss of the last `forward` (same parameters and batch) to
    /// `gradient`. With `teacher`, the `outputs()` of another network, the targets are (1 - share) * the
    /// batch's + share * the teacher's (Hinton et al., "Distilling the knowledge in a neural network", 2015,
    /// at temperature 1).
    void backward(const Flat<Scalar>& parameters, const Batch& batch, Scalar scale, Flat<Scalar>& gradient,
                  const Matrix* teacher = nullptr, Scalar share = 0);

    /// Of the head after the last `forward`, in the scored columns: probabilities or values; gone after
    /// `backward`.
    const Matrix& outputs() const { return readout_.outputs(); }

    Eigen::Index streams() const { return streams_; }
    /// Carried state of a layer, [H, B]. A GRU's c is its state; h is the copy of it that the products see.
    Matrix& h(std::size_t layer) { return traces_[layer].h; }
    Matrix& c(std::size_t layer) { return traces_[layer].c; }

    /// Seconds spent in matrix products since construction.
    double product_seconds() const { return product_seconds_; }

  private:
    struct Trace {
        Matrix h;      ///< state before the next batch
        Matrix c;      ///<
        Matrix gates;  ///< [R, TB]: pre-activations, then i, f, g, o or r, z, n, then gradients of the former
        Matrix gates_h;    ///< GRU only, [R, TB]: W_h h; its n block then n_h; then gradients of W_h h
        Matrix cells;      ///< [H, (T+1)B]: c before step t in columns t * B
        Matrix hidden;     ///< [H, (T+1)B]: h before step t
        Matrix tanh_cell;  ///< LSTM only, [H, TB]
        Matrix keep;       ///< [H, B]: 0 or 1 / (1 - dropout) of the output; empty without dropout
        Matrix output;     ///< [H, TB]: h after dropout; empty without
        Matrix keep_h;     ///< [H, B]: as `keep`, of h on its way to the next step
        Matrix dropped;    ///< [H, TB]: h before step t after dropout; empty without
        std::optional<SparseBlock<Scalar>> kept_x;  ///< empty: dense
        std::optional<SparseBlock<Scalar>> kept_h;
    };

    void read_inputs(const Flat<Scalar>& parameters, const Batch& batch, const PassOptions& options);
    void forward_layer(const Flat<Scalar>& parameters, std::size_t n, const Batch& batch,
                       const PassOptions& options);
    void forward_integers(std::size_t n, const PassOptions& options);
    void add_inputs(const Flat<Scalar>& parameters, std::size_t n, const Batch& batch);
    void forward_steps(const Flat<Scalar>& parameters, std::size_t n, const PassOptions& options);
    void backward_layer(const Flat<Scalar>& parameters, std::size_t n, const Batch& batch,
                        Flat<Scalar>& gradient);
    void backward_steps(const Flat<Scalar>& parameters, std::size_t n);
    void backward_inputs(const Flat<Scalar>& parameters, std::size_t n, const Batch& batch,
                         Flat<Scalar>& gradient);
    Eigen::Ref<const Matrix> input(std::size_t n) const;
    Eigen::Ref<const Matrix> output(std::size_t n) const;
    /// h before each step as the products see it.
    Eigen::Ref<const Matrix> before(std::size_t n) const;
    Eigen::Ref<const Matrix> scored(const Batch& batch);
    bool gru() const { return layout_.shape().cell == Cell::Gru; }
    /// What W_h h is added to, and later the gradient of W_h h.
    Matrix& sums_of_h(Trace& trace) const { return gru() ? trace.gates_h : trace.gates; }

    template <class Product>
    void timed(const Product& product);

    const ParameterLayout& layout_;
    Eigen::Index streams_;
    Eigen::Index columns_ = 0;  ///< T * B of the last forward pass
    std::vector<Trace> traces_;
    Readout<Scalar> readout_;
    bool by_token_ = false;  ///< the last pass took the input part of the gates from `token_gates_`
    Matrix token_gates_;     ///< [R of layer 0, V]: input part of the gates per token; then its gradient
    Matrix input_;           ///< [E or F, TB]: input of layer 0, unless by token
    Matrix integer_input_;   ///< [E or F, TB]: the same in steps of the input scale
    Matrix keep_input_;      ///< [E or F, B]: as `Trace::keep`
    Matrix scored_;          ///< [H, S]: top output in the scored columns, where those are not all
    Matrix from_head_;       ///< [H, S]
    Matrix from_above_;      ///< [H, TB]: gradient of a layer's output
    Matrix carried_;         ///< [H, B]: gradient of h carried backwards in time
    Matrix carried_cell_;
    double product_seconds_ = 0;
};

/// Memory that a training pass takes for one column of a batch, in bytes.
double bytes_per_column(const NetworkShape& shape);

extern template class Network<float>;
extern template class Network<double>;

}  // namespace lacuna
