// Random valid models for tests: the same options give the same model on every platform.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "golden/golden_model.hpp"
#include "golden/prng.hpp"
#include "golden/quantised_model.hpp"

namespace lacuna {

/// What a random model looks like. `k_x`, `k_h`: one entry per layer, or one entry for all layers.
struct RandomModelOptions {
    std::uint64_t seed = 1;
    Cell cell = Cell::Lstm;
    std::size_t inputs = 16;
    std::vector<std::size_t> units = {16};  ///< one entry per layer
    std::vector<int> k_x = {2};
    std::vector<int> k_h = {2};
    std::size_t head_rows = 0;  ///< 0: no head
    int head_k = 2;
    bool vocabulary = false;  ///< a language model: one token per head row (at most 256), with an embedding
    bool part_shifts = true;  ///< random shift_x or shift_h where the accumulator allows it
    /// Adds rows that saturate, rows of +-127 only, zero mantissas, extreme shifts and biases.
    bool corners = true;
    int accumulator_bits = 24;  ///< the model never needs more; weights are thinned out where it would
    int activation_bits = 8;    ///< 8 or 16; 16 wants an accumulator of 8 bits more
};

/// Throws `Error` when the options describe no valid model.
QuantisedModel random_model(const RandomModelOptions& options);

/// Random options of an LSTM: 1..max_layers layers of 1..max_units units, any k, with and without head, odd
/// sizes included.
RandomModelOptions random_options(std::uint64_t seed, std::size_t max_layers, std::size_t max_units);

/// An input vector; `extreme` draws from the lowest, -1, 0, 1 and the highest value only.
std::vector<std::int16_t> random_input(SplitMix64& prng, std::size_t size, bool extreme = false,
                                       int activation_bits = 8);

/// A state any engine must accept: h and c over their whole range.
ModelState random_state(SplitMix64& prng, const QuantisedModel& model);

}  // namespace lacuna
