#include "model/budget_search.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace lacuna {

namespace {

/// Keeps what nothing else beats in all costs and the rise at once, cheapest first.
void keep_undominated(std::vector<Assignment>& assignments) {
    std::ranges::stable_sort(assignments, [](const Assignment& a, const Assignment& b) {
        return std::tie(a.costs, a.rise) < std::tie(b.costs, b.rise);
    });
    // Of those before, which all have no more of the first cost: least rise for at most so much of the
    // second. Rises fall from one to the next.
    std::map<double, double> least;
    std::erase_if(assignments, [&least](const Assignment& assignment) {
        auto next = least.upper_bound(assignment.costs[1]);
        if (next != least.begin() && std::prev(next)->second <= assignment.rise) {
            return true;
        }
        while (next != least.end() && next->second >= assignment.rise) {
            next = least.erase(next);
        }
        least[assignment.costs[1]] = assignment.rise;
        return false;
    });
}

/// Calls visit(x, h, head) for all choices of k of a layer; of the head only the densest where it is not
/// chosen.
template <class Visit>
void for_each_choice(bool with_head, const Visit& visit) {
    for (std::size_t x = 0; x < kBankChoices.size(); ++x) {
        for (std::size_t h = 0; h < kBankChoices.size(); ++h) {
            for (std::size_t y = with_head ? 0 : kBankChoices.size() - 1; y < kBankChoices.size(); ++y) {
                visit(x, h, y);
            }
        }
    }
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
    const auto layer = [=](std::size_t n, int k_x, int k_h) {
        return count(uniform(k_x), 2 * n) + count(uniform(k_h), 2 * n + 1);
    };
    const std::size_t layers = layout.layers.size();
    const bool head = layout.shape().head_on_engine();
    return {layer, [=](int k_x, int k_h, int k_head) {
                return layer(layers - 1, k_x, k_h) + (head ? count(uniform(k_head), 2 * layers) : 0.0);
            }};
}

std::vector<Assignment> best_assignments(const std::vector<Sensitivity>& sensitivities,
                                         const std::vector<BudgetCost>& costs) {
    constexpr std::array<double, kBankChoices.size()> kStaysDense{};
    const bool head = sensitivities.size() % 2 == 1;
    const std::size_t layers = sensitivities.size() / 2;
    std::vector<Assignment> best(1);
    best.front().counts.k_head = kBankColumns;
    for (std::size_t n = 0; n < layers; ++n) {
        const bool top = n + 1 == layers;
        const auto& rise_of_head = top && head ? sensitivities.back().rise : kStaysDense;
        std::vector<Assignment> longer;
        for_each_choice(top && head, [&](std::size_t x, std::size_t h, std::size_t y) {
            const int k_x = kBankChoices[x];
            const int k_h = kBankChoices[h];
            const int k_head = kBankChoices[y];
            std::array<double, kMostCosts> more{};
            std::ranges::transform(costs, more.begin(), [&](const BudgetCost& cost) {
                return top ? cost.top(k_x, k_h, k_head) : cost.layer(n, k_x, k_h);
            });
            const double rise =
                sensitivities[2 * n].rise[x] + sensitivities[2 * n + 1].rise[h] + rise_of_head[y];
            for (auto assignment : best) {
                assignment.counts.k_x.push_back(k_x);
                assignment.counts.k_h.push_back(k_h);
                assignment.counts.k_head = k_head;
                std::ranges::transform(assignment.costs, more, assignment.costs.begin(), std::plus<>{});
                assignment.rise += rise;
                longer.push_back(std::move(assignment));
            }
        });
        keep_undominated(longer);
        best = std::move(longer);
    }
    return best;
}

const Assignment* least_rise(const std::vector<Assignment>& assignments,
                             const std::function<bool(const Assignment&)>& fits) {
    const Assignment* best = nullptr;
    for (const auto& assignment : assignments) {
        if ((best == nullptr || assignment.rise < best->rise) && fits(assignment)) {
            best = &assignment;
        }
    }
    return best;
}

}  // namespace lacuna
