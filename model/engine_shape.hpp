// What the engine would have to run for a float model, whatever its weights were pruned by.
#pragma once

#include "golden/blank_model.hpp"
#include "model/float_model.hpp"

namespace lacuna {

struct EngineShape {
    ModelShape
        shape;  ///< units without influence left out; the least k of each matrix that holds its weights
    std::size_t kept = 0;  ///< weights that are not zero: x and h of all layers, and a head on the engine
    std::size_t all = 0;   ///< of the dense model
};

/// A unit without influence is one whose h nothing reads. A host head's weights are not counted.
EngineShape engine_shape(const FloatModel& model);

}  // namespace lacuna
