// A network in the golden model's arithmetic, for training: weights are rounded to the integers that the
// engine would hold, sums, gates, cell states and h are computed in integers to the bit
// (golden/cell_update.hpp), and gradients pass straight through every rounding and limit (Bengio, Leonard and
// Courville, 2013; Jacob et al., CVPR 2018). Scales, part shifts, fractions and kept columns are those of a
// quantised model and stay.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "model/batch.hpp"
#include "model/host_part.hpp"
#include "model/parameters.hpp"

namespace lacuna {

/// Integer weights of one part as reals that float can hold exactly, [rows, columns].
struct IntegerMatrix {
    Eigen::MatrixXf v;
    /// Every partial sum of a product with 8-bit values fits 24 bits, so that float adds exactly in any
    /// order.
    bool exact_in_float = true;
};

class IntegerNetwork {
  public:
    /// @param hosted of the layout's shape
    IntegerNetwork(HostedModel hosted, const ParameterLayout& layout);

    /// `parameters` with the weights that the quantised model holds: rounded, they give its integers again.
    Flat<float> stored(Flat<float> parameters) const;

    /// Rounds parameters to integers.
    void load(const Flat<float>& parameters);

    /// What the integers stand for, as parameters of a float network; biases are as loaded.
    const Flat<float>& real() const { return real_; }
    /// 1 for parameters that the model has, 0 for weights that it has pruned.
    Flat<float> mask() const;
    /// The loaded integers as a model.
    HostedModel model() const;

    int activation_bits() const { return hosted_.model.activation_bits; }
    /// Real value of an input step, and what an activation of 1 counts.
    double input_scale() const { return hosted_.model.input_scale; }
    double one() const { return static_cast<double>(1 << (activation_bits() - 1)); }

    /// Integer inputs of a batch, [X, TB].
    Eigen::MatrixXf inputs(const Batch& batch) const;
    /// Sums of a part for integer inputs, exact, not yet shifted.
    /// @param x [columns, N] @param sums [rows, N]
    void x_sums(std::size_t layer, const Eigen::Ref<const Eigen::MatrixXf>& x, Eigen::MatrixXd& sums) const;
    void h_sums(std::size_t layer, const Eigen::Ref<const Eigen::MatrixXf>& h, Eigen::MatrixXd& sums) const;

    /// One step of one stream through a layer. Reals that the integers stand for, or, of h, c and tanh of c,
    /// the same over their own scales.
    struct UnitRows {
        const double* x_sums;  ///< [R]
        const double* h_sums;  ///< [R]
        const float* before;   ///< [H], c
        float* gates;          ///< [R]: i, f, g, o or r, z, n
        float* n_h;            ///< [H], GRU only
        float* c;              ///< [H]
        float* tanh_c;         ///< [H], LSTM only
        float* h;              ///< [H]
    };
    void step(std::size_t layer, const UnitRows& rows) const;

    bool head_on_engine() const { return hosted_.model.head.has_value(); }
    /// Outputs of the engine's head, as reals, for integer h of the top layer, [head rows, N].
    Eigen::MatrixXf outputs(const Eigen::Ref<const Eigen::MatrixXf>& h) const;

  private:
    struct Layer {
        IntegerMatrix x;
        IntegerMatrix h;
    };

    double row_scale(const RowScale& row, double steps) const;
    /// Real weight that v = 1 stands for in each row of a layer's part, or of the head.
    std::vector<double> weight_steps(std::size_t layer, bool h_part) const;
    std::vector<double> head_steps() const;
    void load_part(const Flat<float>& parameters, const Block& block, PartWeights& part,
                   const std::vector<double>& step, IntegerMatrix& matrix);
    void load_embedding(const Flat<float>& parameters);
    void multiply(const IntegerMatrix& matrix, const Eigen::Ref<const Eigen::MatrixXf>& x,
                  Eigen::MatrixXd& sums) const;
    template <int kAct>
    void step_units(std::size_t layer, const UnitRows& rows) const;
    template <int kAct>
    void head_outputs(const Eigen::MatrixXd& sums, Eigen::MatrixXf& outputs) const;

    HostedModel hosted_;
    const ParameterLayout& layout_;
    std::vector<Layer> layers_;
    IntegerMatrix head_;
    Eigen::MatrixXf embedding_;  ///< [X, V]
    Flat<float> real_;
};

}  // namespace lacuna
