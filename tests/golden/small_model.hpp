#pragma once

#include "golden/random_model.hpp"

namespace lacuna {

/// A model of two layers with uneven banks, a head and a vocabulary.
inline QuantisedModel small_model(Cell cell = Cell::Lstm) {
    RandomModelOptions options;
    options.seed = 5;
    options.cell = cell;
    options.inputs = 20;
    options.units = {17, 6};
    options.k_x = {3};
    options.k_h = {2};
    options.head_rows = 4;
    options.vocabulary = true;
    return random_model(options);
}

}  // namespace lacuna
