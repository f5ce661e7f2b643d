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
    std::vector<std::vector<std::int16_t>> h;  ///< [layer][units], Q0.7 or Q0.15
    std::vector<std::vector<std::int16_t>> c;  ///< [layer][units], fraction n of the layer

    bool operator==(const ModelState&) const = default;
};

/// Every intermediate value of one step, to find where an engine went wrong. Blocks of `units` in the order
/// i, f, g, o or r, z, n_x, n_h.
struct StepTrace {
    struct Layer {
        std::vector<std::int64_t> accumulator;  ///< [4 units]
        std::vector<std::int32_t> pre;          ///< [4 units], Q3.12 or Q4.14, saturated
        /// [4 units], Q0.15: i, f, g, o; of a GRU r, z, n, and last n's argument n_x + r * n_h (as `pre`)
        std::vector<std::int32_t> gate;
        std::vector<std::int16_t> c;    ///< [units], new cell state
        std::vector<std::int16_t> h;    ///< [units], new activation
        std::size_t saturated_pre = 0;  ///< rows, and arguments of n, limited to the bits of `pre`
        std::size_t saturated_c = 0;    ///< cells limited to 16 bits

        void set_gates(std::size_t unit, const std::array<int, kGates>& values);
    };
    std::vector<Layer> layers;
    std::vector<std::int64_t> head_accumulator;  ///< [head rows]
    std::size_t saturated_logits = 0;            ///< head rows limited to the bits of a logit
};

/// Runs a quantised model step by step. Starts in the zero state.
class GoldenModel {
  public:
    /// Keeps its own copy; throws `Error` when the model is not valid.
    explicit GoldenModel(QuantisedModel model);

    /// h = 0, c = 0 in every layer; logits 0.
    void reset();
    /// One step on an input vector of `input_size()` values of the model's activation bits; throws `Error` on
    /// another size or a value out of range.
    /// @param trace receives all intermediates when not null
    void step(std::span<const std::int16_t> x, StepTrace* trace = nullptr);
    /// One step on the embedding of a token; throws `Error` when there is none.
    void step_token(int token, StepTrace* trace = nullptr);

    std::span<const std::int16_t> h(std::size_t layer) const;
    std::span<const std::int16_t> c(std::size_t layer) const;
    /// [head rows] of the last step; empty without a head.
    std::span<const std::int32_t> logits() const { return logits_; }

    ModelState state() const { return state_; }
    /// Throws `Error` when layers or sizes differ from the model's, or h is out of range; logits become 0.
    void set_state(const ModelState& state);

    const QuantisedModel& model() const { return model_; }

  private:
    /// A part with its gaps filled by zeros, [rows, stride]: branch-free dot products.
    struct Matrix {
        std::size_t stride = 0;  ///< columns, padded to a multiple of 32
        std::vector<std::int8_t> weight;

        Matrix() = default;
        explicit Matrix(const PartWeights& part);
        /// Exact for activations of kAct bits; the one for 8 keeps to 32 bits, which is faster.
        template <int kAct>
        std::int64_t dot(std::size_t row, const std::int16_t* input) const;
    };
    struct Layer {
        Matrix x, h;
        std::vector<std::int16_t> x_input;  ///< padded copies that the sums read; 16 bits so that
        std::vector<std::int16_t> h_input;  ///< compilers find the multiply-add instruction
        std::vector<std::int32_t> pre;      ///< [kGates * units]
    };

    template <int kAct>
    void step_model(std::span<const std::int16_t> x, StepTrace* trace);
    template <int kAct>
    void step_layer(std::size_t index, std::span<const std::int16_t> x, StepTrace::Layer* trace);
    template <int kAct>
    void step_unit(std::size_t index, std::size_t unit, StepTrace::Layer* trace);
    template <int kAct>
    void step_head(StepTrace* trace);

    QuantisedModel model_;
    std::vector<Layer> layers_;
    Matrix head_;
    std::vector<std::int16_t> head_input_;  ///< padded h of the top layer
    ModelState state_;
    std::vector<std::int32_t> logits_;
};

}  // namespace lacuna
