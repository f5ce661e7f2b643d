#include "model/budget_search.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "golden/prng.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

std::vector<Sensitivity> random_sensitivities(std::size_t matrices, std::uint64_t seed) {
    SplitMix64 random(seed);
    std::vector<Sensitivity> result(matrices);
    for (auto& sensitivity : result) {
        for (std::size_t choice = kBankChoices.size() - 1; choice-- > 0;) {
            sensitivity.rise[choice] = sensitivity.rise[choice + 1] + random.uniform();
        }
    }
    return result;
}

struct Choice {
    std::array<double, kMostCosts> costs{};
    double rise = 0.0;
};

/// Every assignment there is.
std::vector<Choice> all_choices(const std::vector<Sensitivity>& sensitivities,
                                const std::vector<BudgetCost>& costs) {
    std::size_t all = 1;
    for (std::size_t i = 0; i < sensitivities.size(); ++i) {
        all *= kBankChoices.size();
    }
    const std::size_t top = sensitivities.size() / 2 - 1;
    std::vector<Choice> choices(all);
    for (std::size_t code = 0; code < all; ++code) {
        std::vector<int> ks;
        std::size_t rest = code;
        for (const auto& sensitivity : sensitivities) {
            ks.push_back(kBankChoices[rest % kBankChoices.size()]);
            choices[code].rise += sensitivity.rise[rest % kBankChoices.size()];
            rest /= kBankChoices.size();
        }
        for (std::size_t i = 0; i < costs.size(); ++i) {
            double sum = costs[i].top(ks[2 * top], ks[2 * top + 1], ks.size() % 2 == 1 ? ks.back() : 16);
            for (std::size_t n = 0; n < top; ++n) {
                sum += costs[i].layer(n, ks[2 * n], ks[2 * n + 1]);
            }
            choices[code].costs[i] = sum;
        }
    }
    return choices;
}

/// Like sweeps: several k's cost the same, and a head of no more weights than h costs nothing.
BudgetCost stepped_cost() {
    const auto layer = [](std::size_t n, int k_x, int k_h) {
        return std::max(4.0, k_x + k_h / 2.0) + static_cast<double>(n);
    };
    return {layer, [layer](int k_x, int k_h, int k_head) {
                return layer(1, k_x, k_h) + (k_head > k_h ? k_head : 0);
            }};
}

}  // namespace

TEST_CASE("the choice under one or two budgets is the best of all that fit") {
    const ParameterLayout layout({7, 20, {24, 16}, Cell::Lstm});
    const std::vector<std::vector<BudgetCost>> all_costs = {{weight_cost(layout)},
                                                            {weight_cost(layout), stepped_cost()}};
    for (const auto& costs : all_costs) {
        for (const std::size_t matrices : {4, 5}) {
            for (std::uint64_t seed = 1; seed <= 5; ++seed) {
                const auto sensitivities = random_sensitivities(matrices, seed);
                const auto choices = all_choices(sensitivities, costs);
                const auto best = best_assignments(sensitivities, costs);
                CHECK(best.size() < choices.size() / 2);
                int reachable = 0;
                for (double first = 500.0; first < 9000.0; first += 371.0) {
                    for (double second = 5.0; second < 40.0; second *= 1.4) {
                        const auto fits = [&](const auto& choice) {
                            return choice.costs[0] <= first && choice.costs[1] <= second;
                        };
                        double lowest = 1e9;
                        for (const auto& choice : choices) {
                            lowest = fits(choice) ? std::min(lowest, choice.rise) : lowest;
                        }
                        const auto* const chosen = least_rise(best, fits);
                        REQUIRE((chosen != nullptr) == (lowest < 1e9));
                        if (chosen != nullptr) {
                            ++reachable;
                            CHECK(chosen->rise == doctest::Approx(lowest));
                            CHECK(chosen->counts.k_x.size() == 2);
                            CHECK((chosen->counts.k_head == 16 || matrices == 5));
                        }
                    }
                }
                CHECK(reachable > 20);
            }
        }
    }
}

TEST_CASE("what the cycles do not tell apart the weights do") {
    const ParameterLayout layout({7, 16, {16}, Cell::Lstm});
    std::vector<Sensitivity> sensitivities = random_sensitivities(3, 1);
    const BudgetCost flat = {[](std::size_t, int, int) { return 10.0; }, [](int, int, int) { return 10.0; }};
    const auto within = [](double weights) {
        return [weights](const Assignment& assignment) { return assignment.costs[0] <= weights; };
    };
    const double least = weight_cost(layout).top(1, 1, 1);
    const auto best = best_assignments(sensitivities, {weight_cost(layout), flat});
    REQUIRE(least_rise(best, within(least)) != nullptr);
    CHECK(least_rise(best, within(least))->counts.k_x == std::vector{1});
    CHECK(least_rise(best, within(least - 1)) == nullptr);
}

TEST_CASE("the weight cost of an assignment is what pruning with it keeps") {
    const ParameterLayout layout({7, 20, {24, 9}, Cell::Gru});
    const auto cost = weight_cost(layout);
    PruneOptions options;
    options.k_x = {2, 8};
    options.k_h = {16, 1};
    options.k_head = 4;
    const auto mask = pruning_mask(layout, options, initial_parameters(layout, 1).cwiseAbs(), 1.0);
    CHECK(cost.layer(0, 2, 16) + cost.top(8, 1, 4) == static_cast<double>(kept_weights(layout, mask).kept));
}

TEST_CASE("a matrix that the loss does not hear is the one to be cut") {
    const ParameterLayout layout({7, 32, {32, 16}, Cell::Lstm});
    const auto parameters = initial_parameters(layout, 3);
    const auto& heard = layout.layers[0].weight_x;
    std::size_t calls = 0;
    const auto sensitivities = measure_sensitivity(
        layout, parameters, {},
        [&](const Flat<float>& flat) {
            return 3.0 + static_cast<double>((view(flat, heard) - view(parameters, heard)).squaredNorm());
        },
        [&](std::size_t done, std::size_t total) {
            ++calls;
            CHECK(done == calls);
            CHECK(total == 5 * 4 + 1);
        });
    CHECK(calls == 21);
    REQUIRE(sensitivities.size() == 5);
    CHECK(sensitivities[0].name == "x 0");
    CHECK(sensitivities[4].name == "head");
    for (std::size_t choice = 0; choice < kBankChoices.size(); ++choice) {
        CHECK((sensitivities[0].rise[choice] > 0.0) == (kBankChoices[choice] < 16));
        CHECK(sensitivities[1].rise[choice] == 0.0);
    }
    CHECK(sensitivities[0].rise[0] > sensitivities[0].rise[1]);
    const auto best = best_assignments(sensitivities, {weight_cost(layout)});
    CHECK(best.back().counts.k_x == std::vector{16, 1});
    CHECK(best.back().counts.k_h == std::vector{1, 1});
    CHECK(best.back().counts.k_head == 1);
    CHECK(best.back().rise == 0.0);

    PruneOptions host_head;
    host_head.k_head = 16;
    CHECK(measure_sensitivity(
              layout, parameters, host_head, [](const Flat<float>&) { return 0.0; },
              [](std::size_t, std::size_t) {})
              .size() == 4);
}

}  // namespace lacuna
