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

/// Budgets that may bind at the same time: weights and cycles.
inline constexpr std::size_t kMostCosts = 2;

/// A cost that adds up over the layers below the top, and the top layer with the head, which may share a
/// sweep.
struct BudgetCost {
    std::function<double(std::size_t layer, int k_x, int k_h)> layer;
    std::function<double(int k_x, int k_h, int k_head)> top;  ///< k_head 16 also where there is no head
};

/// Weights kept, as `pruned_matrices` counts them.
BudgetCost weight_cost(const ParameterLayout& layout);

struct Assignment {
    BankCounts counts;
    std::array<double, kMostCosts>
        costs{};        ///< in the order of the costs asked for; 0 for those that were not
    double rise = 0.0;  ///< sum over the matrices; what remains of it after fine-tuning is much less
};

/// The assignments that no other beats in all costs and the rise at once, cheapest first: exact, a knapsack
/// solved layer by layer with all dominated choices thrown away.
/// @param sensitivities of x and h of each layer, and of the head, or not when it stays dense or on the host
/// @param costs one or two
std::vector<Assignment> best_assignments(const std::vector<Sensitivity>& sensitivities,
                                         const std::vector<BudgetCost>& costs);

/// The one of least rise among those for which `fits` holds, the cheapest of equals; null when none does.
const Assignment* least_rise(const std::vector<Assignment>& assignments,
                             const std::function<bool(const Assignment&)>& fits);

}  // namespace lacuna
