// The float language model: embedding -> stack of LSTM layers -> linear head, one character a step.
// Equations and gate order (i, f, g, o) are PyTorch's (torch.nn.LSTM):
//   [i f g o] = W_ih x_t + b_ih + W_hh h_(t-1) + b_hh
//   c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g),   h_t = sigmoid(o) tanh(c_t)
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "common/safetensors.hpp"

namespace lacuna {

/// Row-major like PyTorch's tensors: one row per output unit.
using RowMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// X inputs, H units; 4H gate rows in the order i, f, g, o (H rows each).
struct FloatLayer {
    RowMatrix weight_ih;      ///< [4H, X]
    RowMatrix weight_hh;      ///< [4H, H]
    Eigen::VectorXf bias_ih;  ///< [4H]
    Eigen::VectorXf bias_hh;  ///< [4H]
    int k_x = 16;             ///< weights kept per row and bank of 16 input columns; 16 = dense
    int k_h = 16;             ///< the same for the recurrent columns

    Eigen::Index inputs() const { return weight_ih.cols(); }
    Eigen::Index units() const { return weight_hh.cols(); }
};

struct FloatModel {
    std::vector<std::uint8_t> vocab;  ///< byte of each token, in index order
    RowMatrix embedding;              ///< [V, X of layer 0]
    std::vector<FloatLayer> layers;
    RowMatrix head_weight;      ///< [V, H of the last layer]
    Eigen::VectorXf head_bias;  ///< [V]
    int k_head = 16;            ///< weights kept per row and bank of 16 columns of the head
    /// Provenance, a JSON object as text: {"stages": [one object per `train` or `prune` run, oldest first]}.
    std::string history = "{}";
};

/// Kinds of model file; the `lacuna.kind` metadata of a float model.
inline constexpr const char* kFloatModelKind = "float-lstm-lm";

/// Reads a float model. Throws `Error` listing every problem: wrong kind, missing tensors, shapes that do not
/// fit each other, wrong dtype, values that are not finite, bad metadata.
FloatModel load_float_model(const std::filesystem::path& path);

/// Checks and converts the content of an opened file; `subject` names it in messages.
FloatModel float_model_from(const SafeTensors& file, const std::string& subject);

/// PyTorch names: embedding.weight, lstm.weight_ih_l0, ..., head.weight, head.bias; all F32.
SafeTensors to_safetensors(const FloatModel& model);
void save_float_model(const std::filesystem::path& path, const FloatModel& model);

/// Runs a model one character at a time. Holds a reference: the model must outlive the runner.
class FloatRunner {
  public:
    explicit FloatRunner(const FloatModel& model);

    /// All h and c to zero.
    void reset();

    /// Feeds one token, 0..V-1, and returns the logits [V] of the next one; the
    /// reference stays valid until the next step.
    const Eigen::VectorXf& step(int token);

    /// State of a layer after the last step, [H].
    const Eigen::VectorXf& h(std::size_t layer) const { return states_.at(layer).h; }
    const Eigen::VectorXf& c(std::size_t layer) const { return states_.at(layer).c; }

    /// Pre-activations [4H] of a layer in the last step, biases included (for calibration).
    const Eigen::VectorXf& gates(std::size_t layer) const { return states_.at(layer).gates; }

  private:
    struct State {
        Eigen::VectorXf h;
        Eigen::VectorXf c;
        Eigen::VectorXf gates;
    };

    const FloatModel& model_;
    std::vector<State> states_;
    Eigen::VectorXf logits_;
};

/// Bits per character over one unbroken stream from zero state: tokens[t+1] is predicted from tokens[0..t],
/// averaged over the size-1 predictions. Throws `Error` when there are fewer than two tokens.
double bits_per_character(const FloatModel& model, std::span<const int> tokens);

}  // namespace lacuna
