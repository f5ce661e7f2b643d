// k of each matrix under a budget: the search behind --budget and --budget-cycles.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "golden/blank_model.hpp"
#include "model/budget_search.hpp"
#include "model/trainer.hpp"
#include "pack/geometry.hpp"

namespace lacuna {

struct BudgetSettings {
    std::string size;                  ///< `8x`, or a number of weights; empty: none
    double cycles = 0;                 ///< per step; 0: none
    std::string device = "lfe5u-85f";  ///< whose engine counts the cycles
    int activation_bits = 8;           ///< of that engine

    bool wanted() const { return !size.empty() || cycles > 0; }
    /// Weights that may be kept of `all`. Throws `Error` when the text is no size.
    double weights(double all) const;
    Geometry geometry() const;
};

/// Adds --budget, --budget-cycles, --device and --act.
void add_budget_flags(CLI::App& command, BudgetSettings& settings);

/// Cycles per step of a shape when inputs are known ahead, by the cycle model.
double cycles_of(const ModelShape& shape, const Geometry& geometry);

/// Measures the sensitivity of each matrix on the validation split, fills k_x, k_h and k_head of
/// `options.prune` with the best choice under the budget, and prints both. Throws `Error` when no
/// choice fits.
void choose_counts(const BudgetSettings& settings, const Dataset& data, const ParameterLayout& layout,
                   const Flat<float>& parameters, TrainOptions& options);

}  // namespace lacuna
