// The float model: embedding or input vector -> stack of LSTM or GRU layers -> linear head.
// Equations and gate order are PyTorch's. LSTM (torch.nn.LSTM):
//   [i f g o] = W_ih x_t + b_ih + W_hh h_(t-1) + b_hh
//   c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g),   h_t = sigmoid(o) tanh(c_t)
// GRU (torch.nn.GRU):
//   [r z n_x] = W_ih x_t + b_ih,   [r' z' n_h] = W_hh h_(t-1) + b_hh
//   n = tanh(n_x + sigmoid(r + r') n_h),   h_t = (1 - sigmoid(z + z')) n + sigmoid(z + z') h_(t-1)
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "common/safetensors.hpp"
#include "golden/cell.hpp"
#include "model/data_format.hpp"

namespace lacuna {

/// Row-major like PyTorch's tensors: one row per output unit.
using RowMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// X inputs, H units; R rows, blocks of H: R = 4H, i, f, g, o of an LSTM; R = 3H, r, z, n of a GRU.
struct FloatLayer {
    RowMatrix weight_ih;      ///< [R, X]
    RowMatrix weight_hh;      ///< [R, H]
    Eigen::VectorXf bias_ih;  ///< [R]
    Eigen::VectorXf bias_hh;  ///< [R]
    int k_x = 16;             ///< weights kept per row and bank of 16 input columns; 16 = dense
    int k_h = 16;             ///< the same for the recurrent columns

    Eigen::Index inputs() const { return weight_ih.cols(); }
    Eigen::Index units() const { return weight_hh.cols(); }
};

/// Bias of each of the four sums of all units, [4H]: i, f, g, o, or r, z, n_x, n_h. The two biases of a gate
/// count together, but those of a GRU's n, one of which is multiplied by r.
Eigen::VectorXf gate_bias(Cell cell, const FloatLayer& layer);

struct FloatModel {
    Cell cell = Cell::Lstm;
    DataFormat format;    ///< what it is for, and how data become its inputs
    RowMatrix embedding;  ///< language: [V, X of layer 0]
    std::vector<FloatLayer> layers;
    RowMatrix head_weight;      ///< [V, classes or values, H of the last layer]
    Eigen::VectorXf head_bias;  ///< [V, classes or values]
    bool tied = false;          ///< head_weight is the embedding
    int k_head = 16;            ///< weights kept per row and bank of 16 columns of the head
    /// Provenance, a JSON object as text: {"stages": [one object per `train` or `prune` run, oldest first]}.
    std::string history = "{}";
};

/// Kinds of model file; the `lacuna.kind` metadata of a float model: `float-lstm-lm` (characters),
/// `float-lstm-words`, `float-lstm-classification`, `float-lstm-regression`, and the same of a GRU.
std::string float_kind(Cell cell, Task task = Task::Characters);

/// Reads a float model. Throws `Error` listing every problem: wrong kind, missing tensors, shapes that do not
/// fit each other, wrong dtype, values that are not finite, bad metadata.
FloatModel load_float_model(const std::filesystem::path& path);

/// Checks and converts the content of an opened file; `subject` names it in messages.
FloatModel float_model_from(const SafeTensors& file, const std::string& subject);

/// PyTorch names: embedding.weight, lstm.weight_ih_l0 or gru.weight_ih_l0, ..., head.weight, head.bias; all
/// F32.
SafeTensors to_safetensors(const FloatModel& model);
void save_float_model(const std::filesystem::path& path, const FloatModel& model);

/// Runs a model one step at a time. Holds a reference: the model must outlive the runner.
class FloatRunner {
  public:
    explicit FloatRunner(const FloatModel& model);

    /// All h and c to zero.
    void reset();

    /// Feeds one token, 0..V-1, and returns the logits [V] of the next one; the reference stays valid until
    /// the next step.
    const Eigen::VectorXf& step(int token);

    /// Feeds one input vector, or embedding, [X] to the layers alone.
    void advance(const Eigen::Ref<const Eigen::VectorXf>& input);
    /// The head's outputs for the last h, [V, classes or values]; valid as above.
    const Eigen::VectorXf& outputs();

    /// State of a layer after the last step, [H]; c of a GRU is its h.
    const Eigen::VectorXf& h(std::size_t layer) const { return states_.at(layer).h; }
    const Eigen::VectorXf& c(std::size_t layer) const { return states_.at(layer).c; }

    /// Sums of the gates [4H] of a layer in the last step, biases included (for calibration).
    const Eigen::VectorXf& gates(std::size_t layer) const { return states_.at(layer).gates; }

  private:
    struct State {
        Eigen::VectorXf h;
        Eigen::VectorXf c;
        Eigen::VectorXf gates;
    };

    void step_gru(const FloatLayer& layer, const Eigen::VectorXf& input, State& state) const;
    void step_lstm(const FloatLayer& layer, const Eigen::VectorXf& input, State& state) const;

    const FloatModel& model_;
    std::vector<State> states_;
    Eigen::VectorXf logits_;
};

/// Bits per character over one unbroken stream from zero state: tokens[t+1] is predicted from tokens[0..t],
/// averaged over the size-1 predictions. Throws `Error` when there are fewer than two tokens.
double bits_per_character(const FloatModel& model, std::span<const int> tokens);

}  // namespace lacuna
