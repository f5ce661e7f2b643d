#include "cli/budget.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "common/error.hpp"
#include "common/progress.hpp"
#include "golden/blank_model.hpp"
#include "pack/cycle_model.hpp"
#include "pack/device.hpp"
#include "pack/layout.hpp"

namespace lacuna {

namespace {

constexpr int kReportStreams = 64;

ModelShape model_shape(const NetworkShape& network, const BankCounts& counts, int activation_bits) {
    ModelShape shape;
    shape.inputs = static_cast<std::size_t>(network.embedding);
    shape.units.assign(network.units.begin(), network.units.end());
    shape.k_x = counts.k_x;
    shape.k_h = counts.k_h;
    shape.head_rows = network.head_on_engine() ? static_cast<std::size_t>(network.head_rows()) : 0;
    shape.head_k = counts.k_head == 0 ? kBankColumns : counts.k_head;
    shape.cell = network.cell;
    shape.activation_bits = activation_bits;
    return shape;
}

/// Sweeps alone: what adds up over the operations. A head that rides with the top layer has none of its own.
BudgetCost sweep_cost(const NetworkShape& network, const Geometry& geometry) {
    const auto layout_of = [network, geometry](int k_x, int k_h, int k_head) {
        BankCounts counts;
        counts.k_x.assign(network.units.size(), k_x);
        counts.k_h.assign(network.units.size(), k_h);
        counts.k_head = k_head;
        return Layout::unchecked(blank_model(model_shape(network, counts, geometry.activation_bits)),
                                 geometry);
    };
    return {[=](std::size_t layer, int k_x, int k_h) {
                return static_cast<double>(
                    layout_of(k_x, k_h, kBankColumns).operations.at(layer).sweep_cycles(geometry.ports));
            },
            [=, top = network.units.size() - 1](int k_x, int k_h, int k_head) {
                const auto layout = layout_of(k_x, k_h, k_head);
                long cycles = 0;
                for (std::size_t i = top; i < layout.operations.size(); ++i) {
                    cycles += layout.sweep_cycles(Mode::Score, i);
                }
                return static_cast<double>(cycles);
            }};
}

void print_sensitivities(const std::vector<Sensitivity>& sensitivities) {
    fmt::print(stderr,
               "rise of the validation loss when one matrix alone keeps k of 16, before fine-tuning\n");
    fmt::print(stderr, "matrix");
    for (const int k : kBankChoices) {
        fmt::print(stderr, "  {:>8}", fmt::format("k = {}", k));
    }
    for (const auto& sensitivity : sensitivities) {
        fmt::print(stderr, "\n{:<6}", sensitivity.name);
        for (const double rise : sensitivity.rise) {
            fmt::print(stderr, "  {:8.4f}", rise);
        }
    }
    fmt::print(stderr, "\n");
}

}  // namespace

double BudgetSettings::weights(double all) const {
    double number = 0;
    const char* end = size.data() + size.size();
    const auto result = std::from_chars(size.data(), end, number);
    const bool ratio = result.ptr + 1 == end && *result.ptr == 'x';
    const bool valid = number >= 1 && std::isfinite(number);  // from_chars reads nan and inf
    if (result.ec != std::errc() || (result.ptr != end && !ratio) || !valid) {
        throw Error(fmt::format(
            "--budget is '{}', expected how many times smaller, such as 8x, or a number of weights", size));
    }
    return ratio ? all / number : number;
}

Geometry BudgetSettings::geometry() const {
    Geometry geometry = find_device(device).geometry;
    if (activation_bits == 16) {
        constexpr int kWideAccumulatorBits = 32;
        geometry.activation_bits = 16;
        geometry.accumulator_bits = kWideAccumulatorBits;
    }
    return geometry;
}

void add_budget_flags(CLI::App& command, BudgetSettings& settings) {
    command.add_option(
        "--budget", settings.size,
        "Choose k for each matrix, so that all weights fit: 8x smaller, or a number of weights");
    command
        .add_option("--budget-cycles", settings.cycles,
                    "Choose k for each matrix, so that a step takes at most so many cycles of the engine")
        ->check(CLI::PositiveNumber);
    command.add_option("--device", settings.device, "Part whose default engine counts the cycles")
        ->capture_default_str();
    command.add_option("--act", settings.activation_bits, "Bits of an activation, 8 or 16")
        ->check(CLI::IsMember({8, 16}))
        ->capture_default_str();
}

double cycles_of(const ModelShape& shape, const Geometry& geometry) {
    const auto model = blank_model(shape);
    return predict_cycles(Layout::unchecked(model, geometry), Mode::Score, kPredictedSteps).cycles_per_step();
}

void choose_counts(const BudgetSettings& settings, const Dataset& data, const ParameterLayout& layout,
                   const Flat<float>& parameters, TrainOptions& options) {
    const auto network = layout.shape();
    const auto geometry = settings.geometry();
    const double all = static_cast<double>(kept_weights(layout, Flat<float>::Ones(layout.size())).all);
    const double most_weights = settings.size.empty() ? all : settings.weights(all);

    TrainOptions plain = options;
    plain.prune = {};
    plain.round_fraction = 0;
    plain.distill = 0;
    std::vector<Sensitivity> sensitivities;
    {
        const auto loss = [&](const Flat<float>& flat) {
            return Trainer(data, layout, flat, plain).evaluate(data.valid, kReportStreams).loss;
        };
        std::optional<Progress> progress;
        sensitivities = measure_sensitivity(layout, parameters, options.prune, loss,
                                            [&](std::size_t done, std::size_t total) {
                                                if (!progress) {
                                                    progress.emplace("sensitivity", total);
                                                }
                                                progress->update(done, "matrices and k's measured");
                                            });
    }
    print_sensitivities(sensitivities);

    const bool by_cycles = settings.cycles > 0;
    std::vector<BudgetCost> costs = {weight_cost(layout)};
    if (by_cycles) {
        costs.push_back(sweep_cost(network, geometry));
    }
    const auto best = best_assignments(sensitivities, costs);
    const auto cycles = [&](const BankCounts& counts) {
        return cycles_of(model_shape(network, counts, settings.activation_bits), geometry);
    };
    const auto* const chosen = least_rise(best, [&](const Assignment& assignment) {
        return assignment.costs.front() <= most_weights &&
               (!by_cycles || cycles(assignment.counts) <= settings.cycles);
    });
    if (chosen == nullptr) {
        std::string budget = fmt::format("{:.0f} weights", most_weights);
        std::string least = fmt::format("the smallest keeps {:.0f} weights", best.front().costs.front());
        if (by_cycles) {
            double fastest = cycles(best.front().counts);
            for (const auto& assignment : best) {
                fastest = std::min(fastest, cycles(assignment.counts));
            }
            budget += fmt::format(" and {} cycles", settings.cycles);
            least += fmt::format(", the fastest takes {:.1f} cycles", fastest);
        }
        throw Error(fmt::format(
            "no choice of k fits the budget of {}: {}; raise the budget, or train a smaller model", budget,
            least));
    }
    options.prune.k_x = chosen->counts.k_x;
    options.prune.k_h = chosen->counts.k_h;
    if (network.head_on_engine()) {
        options.prune.k_head = chosen->counts.k_head;
    }
    fmt::print(stderr,
               "chosen: --k-x {} --k-h {}{}: {:.0f} of {:.0f} weights ({:.2f}x), {:.1f} cycles a step\n",
               fmt::join(chosen->counts.k_x, ","), fmt::join(chosen->counts.k_h, ","),
               network.head_on_engine() ? fmt::format(" --k-head {}", chosen->counts.k_head) : "",
               chosen->costs.front(), all, all / chosen->costs.front(), cycles(chosen->counts));
}

}  // namespace lacuna
