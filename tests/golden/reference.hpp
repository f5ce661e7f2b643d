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

/// round(32768 * tanh(s / 32)) limited to 32767, in long double.
std::int64_t table_entry(int s);

std::int64_t tanh_of(std::int64_t x);
std::int64_t sigmoid_of(std::int64_t x);

/// State and last logits of a model, all in wide integers.
class Model {
  public:
    explicit Model(const QuantisedModel& model);
    void step(std::span<const std::int8_t> x);

    std::vector<std::vector<std::int64_t>> h, c;  ///< [layer][unit]
    std::vector<std::int64_t> logits;

  private:
    void step_lstm(std::size_t l, const std::vector<std::int64_t>& input,
                   const std::vector<std::int64_t>& before);
    void step_gru(std::size_t l, const std::vector<std::int64_t>& input,
                  const std::vector<std::int64_t>& before);

    const QuantisedModel& model_;
};

}  // namespace lacuna::reference
