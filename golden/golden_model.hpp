// The golden model: defines every bit of the engine (docs/numbers.md) and is the fast software reference.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "golden/quantised_model.hpp"

namespace lacuna {

/// What a model remembers between steps: h and c of each layer. A GRU's c is its h at 16 bits.
struct ModelState {
    std::vector<std::vector<std::int8_t>> h;   ///< [layer][units], Q0.7
    std::vector<std::vector<std::int16_t>> c;  ///< [layer][units], fraction n of the layer

    bool operator==(const ModelState&) const = default;
};

/// Every intermediate value of one step, to find where an engine went wrong. Blocks of `units` in the order
/// i, f, g, o or r, z, n_x, n_h.
struct StepTrace {
    struct Layer {
        std::vector<std::int32_t> accumulator;  ///< [4 units]
        std::vector<std::int16_t> pre;          ///< [4 units], Q3.12, saturated
        /// [4 units], Q0.15: i, f, g, o; of a GRU r, z, n, and last n's argument n_x + r * n_h (Q3.12)
        std::vector<std::int16_t> gate;
        std::vector<std::int16_t> c;    ///< [units], new cell state
        std::vector<std::int8_t> h;     ///< [units], new activation
        std::size_t saturated_pre = 0;  ///< rows, and arguments of n, limited to 16 bits
        std::size_t saturated_c = 0;    ///< cells limited to 16 bits

        void set_gates(std::size_t unit, const std::array<int, kGates>& values);
    };
    std::vector<Layer> layers;
    std::vector<std::int32_t> head_accumulator;  ///< [head rows]
    std::size_t saturated_logits = 0;            ///< head rows limited to 16 bits
};

/// Runs a quantised model step by step. Starts in the zero state.
class GoldenModel {
  public:
    /// Keeps its own copy; throws `Error` when the model is not valid.
    explicit GoldenModel(QuantisedModel model);

    /// h = 0, c = 0 in every layer; logits 0.
    void reset();
    /// One step on an input vector of `input_size()` values; throws `Error` on another size.
    /// @param trace receives all intermediates when not null
    void step(std::span<const std::int8_t> x, StepTrace* trace = nullptr);
    /// One step on the embedding of a token; throws `Error` when there is none.
    void step_token(int token, StepTrace* trace = nullptr);

    std::span<const std::int8_t> h(std::size_t layer) const;
    std::span<const std::int16_t> c(std::size_t layer) const;
    /// [head rows] of the last step; empty without a head.
    std::span<const std::int16_t> logits() const { return logits_; }

    ModelState state() const { return state_; }
    /// Throws `Error` when layers or sizes differ from the model's; logits become 0.
    void set_state(const ModelState& state);

    const QuantisedModel& model() const { return model_; }

  private:
    /// A part with its gaps filled by zeros, [rows, stride]: branch-free dot products.
    struct Matrix {
        std::size_t stride = 0;  ///< columns, padded to a multiple of 32
        std::vector<std::int8_t> weight;

        Matrix() = default;
        explicit Matrix(const PartWeights& part);
        std::int32_t dot(std::size_t row, const std::int16_t* input) const;
    };
    struct Layer {
        Matrix x, h;
        std::vector<std::int16_t> x_input;      ///< padded copies that the sums read; 16 bits so that
        std::vector<std::int16_t> h_input;      ///< compilers find the multiply-add instruction
        std::vector<std::int32_t> accumulator;  ///< [kGates * units]
        std::vector<std::int16_t> pre;
    };

    void step_layer(std::size_t index, std::span<const std::int8_t> x, StepTrace::Layer* trace);
    void step_lstm_unit(std::size_t index, std::size_t unit, StepTrace::Layer* trace);
    void step_gru_unit(std::size_t index, std::size_t unit, StepTrace::Layer* trace);
    void step_head(StepTrace* trace);

    QuantisedModel model_;
    std::vector<Layer> layers_;
    Matrix head_;
    std::vector<std::int16_t> head_input_;  ///< padded h of the top layer
    ModelState state_;
    std::vector<std::int16_t> logits_;
};

}  // namespace lacuna
