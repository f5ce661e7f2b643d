// Small models and texts that train in a fraction of a second, and checks that many tests need.
#pragma once

#include <functional>
#include <string>

#include "model/dataset.hpp"
#include "model/float_model.hpp"
#include "model/trainer.hpp"

namespace lacuna {

/// A few thousand characters of a text with a simple rule; the three splits differ.
Dataset tiny_corpus();

/// Embedding 20 (an odd bank width), layers of 24 and 16 units, for the vocabulary of `corpus`.
NetworkShape tiny_shape(const Dataset& corpus, Cell cell = Cell::Lstm);

/// 4 streams of 10 steps in 2 shards, a few epochs.
TrainOptions tiny_options();

/// A model of the given shape with values from `seed` and tokens 'a', 'b', ..; no bias of a GRU is 0.
FloatModel random_float_model(const NetworkShape& shape, std::uint64_t seed);

/// Runs `action`, which must throw `Error`; returns its text, or "no error".
std::string error_text(const std::function<void()>& action);

bool contains(const std::string& text, const std::string& part);

bool same_bytes(const Flat<float>& a, const Flat<float>& b);

}  // namespace lacuna
