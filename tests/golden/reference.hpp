// A second model of the engine, for tests only: written from docs/numbers.md line by line, with plain loops,
// exact rational rounding and a table from libm. It shares no code with golden/.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "golden/quantised_model.hpp"

namespace lacuna::reference {

/// floor(v / 2^s + 1/2), by division.
std::int64_t round_half_up(std::int64_t v, int s);

/// The two columns of docs/numbers.md: what follows from the bits of an activation.
struct Column {
    int act;              ///< bits of an activation
    int pre_bits;         ///< bits of a pre-activation or a logit
    int fraction;         ///< of a pre-activation
    int segments;         ///< of the tanh table
    int segments_a_unit;  ///< of its argument
    int h_shift;          ///< from the product of two Q0.15 to h
};
inline constexpr Column kColumn8{8, 16, 12, 256, 32, 23};
inline constexpr Column kColumn16{16, 19, 14, 512, 64, 15};

/// round(32768 * tanh(s / segments a unit)) limited to 32767, in long double.
std::int64_t table_entry(const Column& column, int s);

std::int64_t tanh_of(const Column& column, std::int64_t x);
std::int64_t sigmoid_of(const Column& column, std::int64_t x);

/// State and last logits of a model, all in wide integers.
class Model {
  public:
    explicit Model(const QuantisedModel& model);
    void step(std::span<const std::int16_t> x);

    std::vector<std::vector<std::int64_t>> h, c;  ///< [layer][unit]
    std::vector<std::int64_t> logits;

  private:
    void step_lstm(std::size_t l, const std::vector<std::int64_t>& input,
                   const std::vector<std::int64_t>& before);
    void step_gru(std::size_t l, const std::vector<std::int64_t>& input,
                  const std::vector<std::int64_t>& before);

    const QuantisedModel& model_;
    const Column& column_;
};

}  // namespace lacuna::reference
