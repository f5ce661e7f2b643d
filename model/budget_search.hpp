// k for each matrix under a budget: how much each matrix suffers, and the best choice from that.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "model/pruning.hpp"

namespace lacuna {

/// The k's that the engine takes.
inline constexpr std::array kBankChoices = {1, 2, 4, 8, 16};

/// What cutting one matrix alone does, before any fine-tuning.
struct Sensitivity {
    std::string name;  ///< as in `pruned_matrices`
    /// Rise of the validation loss for each of `kBankChoices`; 0 for 16. In the unit of the loss.
    std::array<double, kBankChoices.size()> rise{};
};

/// Cuts each matrix alone to each k by magnitude and measures the loss; matrices in the order of
/// `pruned_matrices`, a head left out when `options.k_head` is 16.
/// @param options for the shape of banks
/// @param loss of a network with these parameters on the validation data
/// @param progress called after each of the `total` measurements
std::vector<Sensitivity> measure_sensitivity(
    const ParameterLayout& layout, const Flat<float>& parameters, const PruneOptions& options,
    const std::function<double(const Flat<float>&)>& loss,
    const std::function<void(std::size_t done, std::size_t total)>& progress);

/// Costs that add up over layers and head.
struct BudgetCost {
    std::function<double(std::size_t layer, int k_x, int k_h)> layer;
    std::function<double(int k)> head;
};

/// Weights kept, as `pruned_matrices` counts them.
BudgetCost weight_cost(const ParameterLayout& layout);

struct Assignment {
    BankCounts counts;
    double cost = 0.0;
    double rise = 0.0;  ///< sum over the matrices; what remains of it after fine-tuning is much less
};

/// The assignments that no other beats in cost and rise at once, cheapest first (so the rise falls): exact,
/// a knapsack solved layer by layer with all dominated choices thrown away.
/// @param sensitivities of x and h of each layer, and of the head, or not when it stays dense or on the host
std::vector<Assignment> best_assignments(const std::vector<Sensitivity>& sensitivities,
                                         const BudgetCost& cost);

}  // namespace lacuna
