#include "model/budget_search.hpp"

#include <algorithm>
#include <limits>

namespace lacuna {

namespace {

/// Keeps what nothing else beats in both cost and rise, cheapest first.
void keep_undominated(std::vector<Assignment>& assignments) {
    std::ranges::stable_sort(assignments, [](const Assignment& a, const Assignment& b) {
        return a.cost != b.cost ? a.cost < b.cost : a.rise < b.rise;
    });
    double least = std::numeric_limits<double>::infinity();
    std::erase_if(assignments, [&least](const Assignment& assignment) {
        const bool beaten = assignment.rise >= least;
        least = std::min(least, assignment.rise);
        return beaten;
    });
}

}  // namespace

std::vector<Sensitivity> measure_sensitivity(
    const ParameterLayout& layout, const Flat<float>& parameters, const PruneOptions& options,
    const std::function<double(const Flat<float>&)>& loss,
    const std::function<void(std::size_t done, std::size_t total)>& progress) {
    auto matrices = pruned_matrices(layout, options);
    if (options.k_head == kBankColumns && matrices.size() % 2 == 1) {
        matrices.pop_back();
    }
    const std::size_t cuts = kBankChoices.size() - 1;
    const std::size_t total = matrices.size() * cuts + 1;
    const double dense = loss(parameters);
    std::size_t done = 1;
    progress(done, total);
    const Flat<float> scores = parameters.cwiseAbs();
    std::vector<Sensitivity> sensitivities;
    for (const auto& matrix : matrices) {
        Sensitivity sensitivity{matrix.name, {}};
        for (std::size_t choice = 0; choice < cuts; ++choice) {
            Flat<float> mask = Flat<float>::Ones(parameters.size());
            keep_best(view(scores, matrix.block), kBankChoices[choice], options.bank, matrix.gate_rows,
                      view(mask, matrix.block));
            sensitivity.rise[choice] = loss(parameters.cwiseProduct(mask)) - dense;
            progress(++done, total);
        }
        sensitivities.push_back(std::move(sensitivity));
    }
    return sensitivities;
}

BudgetCost weight_cost(const ParameterLayout& layout) {
    const auto count = [&layout](const PruneOptions& options, std::size_t matrix) {
        return static_cast<double>(pruned_matrices(layout, options)[matrix].target);
    };
    const auto uniform = [](int k) {
        PruneOptions options;
        options.k = k;
        return options;
    };
    return {[=](std::size_t layer, int k_x, int k_h) {
                return count(uniform(k_x), 2 * layer) + count(uniform(k_h), 2 * layer + 1);
            },
            [=, head = 2 * layout.layers.size()](int k) { return count(uniform(k), head); }};
}

std::vector<Assignment> best_assignments(const std::vector<Sensitivity>& sensitivities,
                                         const BudgetCost& cost) {
    std::vector<Assignment> best(1);
    best.front().counts.k_head = kBankColumns;
    const std::size_t layers = sensitivities.size() / 2;
    for (std::size_t n = 0; n < layers; ++n) {
        std::vector<Assignment> longer;
        for (std::size_t x = 0; x < kBankChoices.size(); ++x) {
            for (std::size_t h = 0; h < kBankChoices.size(); ++h) {
                const double more = cost.layer(n, kBankChoices[x], kBankChoices[h]);
                const double rise = sensitivities[2 * n].rise[x] + sensitivities[2 * n + 1].rise[h];
                for (auto assignment : best) {
                    assignment.counts.k_x.push_back(kBankChoices[x]);
                    assignment.counts.k_h.push_back(kBankChoices[h]);
                    assignment.cost += more;
                    assignment.rise += rise;
                    longer.push_back(std::move(assignment));
                }
            }
        }
        keep_undominated(longer);
        best = std::move(longer);
    }
    if (sensitivities.size() % 2 == 1) {
        std::vector<Assignment> longer;
        for (std::size_t choice = 0; choice < kBankChoices.size(); ++choice) {
            const double more = cost.head(kBankChoices[choice]);
            for (auto assignment : best) {
                assignment.counts.k_head = kBankChoices[choice];
                assignment.cost += more;
                assignment.rise += sensitivities.back().rise[choice];
                longer.push_back(std::move(assignment));
            }
        }
        keep_undominated(longer);
        best = std::move(longer);
    }
    return best;
}

}  // namespace lacuna
