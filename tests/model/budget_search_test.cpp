#include "model/budget_search.hpp"

#include <doctest/doctest.h>

#include <algorithm>
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

/// Calls visit(counts, cost, rise) for every assignment there is.
template <class Visit>
void for_all(const std::vector<Sensitivity>& sensitivities, const BudgetCost& cost, const Visit& visit) {
    std::size_t all = 1;
    for (std::size_t i = 0; i < sensitivities.size(); ++i) {
        all *= kBankChoices.size();
    }
    for (std::size_t code = 0; code < all; ++code) {
        std::vector<int> ks;
        double rise = 0.0;
        std::size_t rest = code;
        for (const auto& sensitivity : sensitivities) {
            ks.push_back(kBankChoices[rest % kBankChoices.size()]);
            rise += sensitivity.rise[rest % kBankChoices.size()];
            rest /= kBankChoices.size();
        }
        double sum = 0.0;
        for (std::size_t n = 0; n < ks.size() / 2; ++n) {
            sum += cost.layer(n, ks[2 * n], ks[2 * n + 1]);
        }
        sum += ks.size() % 2 == 1 ? cost.head(ks.back()) : 0.0;
        visit(ks, sum, rise);
    }
}

}  // namespace

TEST_CASE("the choice under a budget is the best of all that fit") {
    const ParameterLayout layout({7, 20, {24, 16}, Cell::Lstm});
    const auto cost = weight_cost(layout);
    for (const std::size_t matrices : {4, 5}) {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            const auto sensitivities = random_sensitivities(matrices, seed);
            const auto best = best_assignments(sensitivities, cost);
            REQUIRE_FALSE(best.empty());
            double least = 1e9;
            for_all(sensitivities, cost,
                    [&](const auto&, double sum, double) { least = std::min(least, sum); });
            for (double budget = least; budget < 9000.0; budget += 371.0) {
                double lowest = 1e9;
                for_all(sensitivities, cost, [&](const auto&, double sum, double rise) {
                    lowest = sum <= budget ? std::min(lowest, rise) : lowest;
                });
                const auto fits = [&](const Assignment& assignment) { return assignment.cost <= budget; };
                const auto chosen = std::ranges::find_if(best.rbegin(), best.rend(), fits);
                REQUIRE(chosen != best.rend());
                CHECK(chosen->rise == doctest::Approx(lowest));
                CHECK(chosen->counts.k_x.size() == 2);
                CHECK((chosen->counts.k_head == 16 || matrices == 5));
            }
        }
    }
}

TEST_CASE("the weight cost of an assignment is what pruning with it keeps") {
    const ParameterLayout layout({7, 20, {24, 9}, Cell::Gru});
    const auto cost = weight_cost(layout);
    PruneOptions options;
    options.k_x = {2, 8};
    options.k_h = {16, 1};
    options.k_head = 4;
    const auto mask = pruning_mask(layout, options, initial_parameters(layout, 1).cwiseAbs(), 1.0);
    CHECK(cost.layer(0, 2, 16) + cost.layer(1, 8, 1) + cost.head(4) ==
          static_cast<double>(kept_weights(layout, mask).kept));
}

TEST_CASE("a matrix that the loss does not hear is the one to be cut") {
    const ParameterLayout layout({7, 32, {32, 16}, Cell::Lstm});
    const auto parameters = initial_parameters(layout, 3);
    const auto& heard = layout.layers[0].weight_x;
    std::size_t calls = 0;
    const auto sensitivities = measure_sensitivity(
        layout, parameters, {},
        [&](const Flat<float>& flat) {
            return static_cast<double>((view(flat, heard) - view(parameters, heard)).squaredNorm());
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
    const auto best = best_assignments(sensitivities, weight_cost(layout));
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
