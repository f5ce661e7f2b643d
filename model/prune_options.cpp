#include "model/prune_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "common/error.hpp"

namespace lacuna {

namespace {

constexpr std::array kCounts = {1, 2, 4, 8, 16};

bool allowed(int k) {
    return std::ranges::find(kCounts, k) != kCounts.end();
}

void check_counts(Problems& problems, const char* name, const std::vector<int>& counts, std::size_t layers) {
    if (!std::ranges::all_of(counts, allowed)) {
        problems.add(
            fmt::format("{} is {}, expected 1, 2, 4, 8 or 16 for each layer", name, fmt::join(counts, ",")));
    }
    if (layers > 0 && !counts.empty() && counts.size() != layers) {
        problems.add(
            fmt::format("{} has {} numbers, expected {}, one for each layer", name, counts.size(), layers));
    }
}

}  // namespace

const char* scheme_name(Scheme scheme) {
    constexpr std::array kNames = {"bank-balanced", "unstructured", "rows", "columns", "units", "blocks"};
    return kNames.at(static_cast<std::size_t>(scheme));
}

const char* criterion_name(Criterion criterion) {
    constexpr std::array kNames = {"magnitude", "movement", "saliency"};
    return kNames.at(static_cast<std::size_t>(criterion));
}

const char* schedule_name(Schedule schedule) {
    constexpr std::array kNames = {"cubic", "linear", "one-shot"};
    return kNames.at(static_cast<std::size_t>(schedule));
}

bool PruneOptions::enabled() const {
    const auto cut = [](int count) { return count < kBankColumns; };
    return k < kBankColumns || sparsity > 0 || std::ranges::any_of(k_x, cut) ||
           std::ranges::any_of(k_h, cut) || (k_head != 0 && cut(k_head));
}

void PruneOptions::check(Problems& problems, std::size_t layers) const {
    const auto require = [&problems](bool holds, const char* name, auto got, const char* expected) {
        if (!holds) {
            problems.add(fmt::format("{} is {}, expected {}", name, got, expected));
        }
    };
    require(allowed(k), "--k", k, "1, 2, 4, 8 or 16");
    check_counts(problems, "--k-x", k_x, layers);
    check_counts(problems, "--k-h", k_h, layers);
    require(k_head == 0 || allowed(k_head), "--k-head", k_head, "1, 2, 4, 8 or 16");
    const auto odd = [](int count) { return count % 2 != 0; };
    const bool any_odd =
        odd(k) || odd(k_head) || std::ranges::any_of(k_x, odd) || std::ranges::any_of(k_h, odd);
    require(bank.width == 16 || (bank.width == 8 && !any_odd), "--bank-width", bank.width,
            "16, or 8 with an even --k");
    require(bank.rows >= 1 && bank.rows <= 16, "--shared-rows", bank.rows, "1 to 16");
    require(sparsity >= 0 && sparsity < 1, "--sparsity", sparsity, "0 or more and below 1");
    if (scheme == Scheme::BankBalanced && sparsity > 0) {
        problems.add("--sparsity does not go with --scheme bank-balanced; say how much it keeps with --k");
    }
    if (scheme != Scheme::BankBalanced && bank != BankShape{}) {
        problems.add(fmt::format("--bank-width and --shared-rows do not go with --scheme {}; leave them out",
                                 scheme_name(scheme)));
    }
    if (scheme != Scheme::Unstructured && global) {
        problems.add(fmt::format("--global does not go with --scheme {}; leave it out", scheme_name(scheme)));
    }
    require(block_rows >= 0, "--block-rows", block_rows, "0 (the default) or more");
    if (block_rows > 0 && scheme != Scheme::Columns && scheme != Scheme::Blocks) {
        problems.add(
            fmt::format("--block-rows does not go with --scheme {}; leave it out", scheme_name(scheme)));
    }
    require(block_columns >= 1, "--block-columns", block_columns, "at least 1");
    require(fraction >= 0 && fraction <= 1, "--prune-fraction", fraction, "0 to 1");
    require(interval >= 1, "--mask-interval", interval, "at least 1");
}

std::string PruneOptions::to_json() const {
    nlohmann::json object = {
        {"k", k}, {"prune_fraction", fraction}, {"mask_interval", interval}, {"regrow", regrow}};
    const PruneOptions plain;
    if (bank != plain.bank) {
        object["bank_width"] = bank.width;
        object["shared_rows"] = bank.rows;
    }
    if (scheme != plain.scheme) {
        object["scheme"] = scheme_name(scheme);
        object["global"] = global;
        object["block_rows"] = block_rows;
        object["block_columns"] = block_columns;
        object["sparsity"] = sparsity;
    }
    if (criterion != plain.criterion) {
        object["criterion"] = criterion_name(criterion);
    }
    if (schedule != plain.schedule) {
        object["schedule"] = schedule_name(schedule);
    }
    if (!k_x.empty()) {
        object["k_x"] = k_x;
    }
    if (!k_h.empty()) {
        object["k_h"] = k_h;
    }
    if (k_head != plain.k_head) {
        object["k_head"] = k_head;
    }
    return object.dump();
}

double pruned_share(Schedule schedule, double progress) {
    const double done = std::clamp(progress, 0.0, 1.0);
    const double left = 1.0 - done;
    switch (schedule) {
        case Schedule::Cubic:
            return 1.0 - left * left * left;
        case Schedule::Linear:
            return done;
        case Schedule::OneShot:
            break;
    }
    return done < 1.0 ? 0.0 : 1.0;
}

}  // namespace lacuna
