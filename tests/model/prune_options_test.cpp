#include "model/prune_options.hpp"

#include <doctest/doctest.h>

#include "common/error.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

std::string problems_of(const PruneOptions& options, std::size_t layers = 0) {
    Problems problems("pruning");
    options.check(problems, layers);
    return error_text([&] { problems.throw_if_any(); });
}

}  // namespace

TEST_CASE("schedules rise from 0 to 1 and are what they are called") {
    for (const auto schedule : {Schedule::Cubic, Schedule::Linear, Schedule::OneShot}) {
        CAPTURE(schedule_name(schedule));
        double before = 0.0;
        for (int percent = 0; percent <= 120; ++percent) {
            const double share = pruned_share(schedule, percent / 100.0);
            CHECK(share >= before);
            CHECK(share <= 1.0);
            before = share;
        }
        CHECK(pruned_share(schedule, 0.0) == 0.0);
        CHECK(pruned_share(schedule, 1.0) == 1.0);
    }
    CHECK(pruned_share(Schedule::Cubic, 0.5) == 0.875);
    CHECK(pruned_share(Schedule::Linear, 0.25) == 0.25);
    CHECK(pruned_share(Schedule::OneShot, 0.99) == 0.0);
}

TEST_CASE("bad pruning options are listed together") {
    PruneOptions options;
    options.k = 3;
    options.k_x = {2, 5};
    options.k_h = {2};
    options.k_head = 7;
    options.sparsity = 1.0;
    options.block_columns = 0;
    const auto text = problems_of(options, 2);
    CHECK(contains(text, "--k is 3, expected 1, 2, 4, 8 or 16"));
    CHECK(contains(text, "--k-x is 2,5, expected 1, 2, 4, 8 or 16 for each layer"));
    CHECK(contains(text, "--k-h has 1 numbers, expected 2, one for each layer"));
    CHECK(contains(text, "--k-head is 7"));
    CHECK(contains(text, "--sparsity is 1, expected 0 or more and below 1"));
    CHECK(contains(text, "--sparsity does not go with --scheme bank-balanced"));
    CHECK(contains(text, "--block-columns is 0"));
    CHECK(problems_of({}) == "no error");
}

TEST_CASE("options that a scheme does not have are refused") {
    PruneOptions options;
    options.scheme = Scheme::Units;
    options.bank.rows = 2;
    options.global = true;
    const auto text = problems_of(options);
    CHECK(contains(text, "--bank-width and --shared-rows do not go with --scheme units"));
    CHECK(contains(text, "--global does not go with --scheme units"));
}

TEST_CASE("what a run prunes is enabled by any k or by the sparsity") {
    PruneOptions options;
    CHECK_FALSE(options.enabled());
    options.k_head = 16;
    CHECK_FALSE(options.enabled());
    options.k_h = {16, 8};
    CHECK(options.enabled());
    options.k_h.clear();
    options.sparsity = 0.5;
    CHECK(options.enabled());
}

TEST_CASE("a plain run says of its pruning what it always said") {
    PruneOptions options;
    options.k = 2;
    CHECK(options.to_json() == R"({"k":2,"mask_interval":20,"prune_fraction":0.4,"regrow":true})");
    options.scheme = Scheme::Columns;
    options.k_head = 16;
    CHECK(contains(options.to_json(), R"("scheme":"columns")"));
    CHECK(contains(options.to_json(), R"("k_head":16)"));
}

}  // namespace lacuna
