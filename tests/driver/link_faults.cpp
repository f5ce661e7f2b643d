// lacuna-link-faults: the driver and the simulated board under every kind of fault, alone and together.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <mutex>

#include "common/program.hpp"
#include "common/progress.hpp"
#include "tests/driver/campaign.hpp"
#include "tests/driver/in_parallel.hpp"
#include "tests/driver/result.hpp"

namespace lacuna {
namespace {

constexpr std::uint64_t kShards = 20;  // campaigns with faults, of one size

struct Kind {
    const char* name;
    LineFaults faults;
    std::uint64_t shards = 1;
    CampaignCounts counts = {};
};

/// Rates that hit several requests in a hundred. Each kind alone, and as many requests with all of them.
std::vector<Kind> kinds() {
    std::vector<Kind> kinds = {{"none", {}},
                               {"flipped bits", {.bytes = {.flip = 1500}}},
                               {"lost bytes", {.bytes = {.drop = 1500}}},
                               {"doubled bytes", {.bytes = {.twice = 1500}}},
                               {"inserted bytes", {.bytes = {.insert = 1500}}},
                               {"cut frames", {.bytes = {.cut = 1500}}},
                               {"breaks", {.break_one_in = 12}},
                               {"wrong rate", {.rate_one_in = 40}},
                               {"lost replies", {.mute_one_in = 12}},
                               {"host killed", {.kill_one_in = 60}},
                               {"device reset", {.reset_one_in = 300}}};
    kinds.push_back({"all together",
                     {.bytes = {.flip = 300, .drop = 300, .twice = 300, .insert = 300, .cut = 300},
                      .break_one_in = 60,
                      .rate_one_in = 200,
                      .mute_one_in = 60,
                      .kill_one_in = 200,
                      .reset_one_in = 1000},
                     kShards / 2});
    return kinds;
}

nlohmann::ordered_json to_json(const char* name, const CampaignCounts& c) {
    return {{"faults", name},
            {"requests", c.requests},
            {"steps", c.steps},
            {"values_compared", c.values},
            {"made",
             {{"bytes", c.faults.bytes},
              {"breaks", c.faults.breaks},
              {"wrong_rates", c.faults.rates},
              {"replies_lost", c.faults.mutes},
              {"hosts_killed", c.faults.kills},
              {"device_resets", c.faults.resets}}},
            {"bad_frames", c.bad_frames},
            {"timeouts", c.timeouts},
            {"resent", c.resent},
            {"loads", c.loads},
            {"sessions_lost", c.sessions_lost},
            {"gave_up", c.gave_up},
            {"hosts", c.hosts},
            {"longest_return_s", c.longest_return},
            {"violations", c.violations}};
}

void print(const Kind& kind) {
    const CampaignCounts& c = kind.counts;
    const FaultCounts& f = c.faults;
    fmt::print("{:<15} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7} {:>6} {:>6} {:>6} {:>8.3f} {:>6}\n", kind.name,
               c.requests, c.steps, f.bytes + f.breaks + f.rates + f.mutes + f.kills + f.resets, c.bad_frames,
               c.timeouts, c.resent, c.loads, c.sessions_lost, c.hosts, c.longest_return,
               c.violations.size());
    for (const std::string& text : c.violations) {
        fmt::print("  {}: {}\n", kind.name, text);
    }
}

int run(std::uint64_t requests, std::uint64_t seed, bool sabotage, const ResultFile& file) {
    auto all = kinds();
    std::vector<Kind*> shards;
    for (Kind& kind : all) {
        shards.insert(shards.end(), kind.shards, &kind);
    }
    const std::uint64_t each = (requests + kShards - 1) / kShards;
    std::mutex mutex;
    std::size_t done = 0;
    Progress progress("link faults", shards.size());
    in_parallel(shards.size(), [&](std::size_t i) {
        Campaign campaign(seed + i);
        if (sabotage) {
            campaign.sabotage();
        }
        campaign.run(shards[i]->faults, each);
        const std::lock_guard lock(mutex);
        shards[i]->counts.add(campaign.counts());
        progress.update(++done, shards[i]->name);
    });

    fmt::print("{:<15} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7} {:>6} {:>6} {:>6} {:>8} {:>6}\n", "faults",
               "requests", "steps", "made", "bad", "timeout", "resent", "loads", "lost", "hosts", "back s",
               "wrong");
    std::uint64_t total = 0;
    std::uint64_t violations = 0;
    nlohmann::ordered_json results = nlohmann::ordered_json::array();
    for (const Kind& kind : all) {
        print(kind);
        results.push_back(to_json(kind.name, kind.counts));
        total += &kind == &all.front() ? 0 : kind.counts.requests;
        violations += kind.counts.violations.size();
    }
    fmt::print("link faults: requests={} seed={} violations={}\n", total, seed, violations);
    file.write(
        {{"seed", seed}, {"requests_under_faults", total}, {"violations", violations}, {"kinds", results}});
    return violations == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lacuna

int main(int argc, char** argv) {
    return lacuna::run_program("lacuna-link-faults", [&] {
        std::uint64_t requests = 2000;
        std::uint64_t seed = 1;
        bool sabotage = false;
        lacuna::ResultFile file;
        CLI::App app("Requests to a simulated board under every kind of fault, checked against golden");
        app.add_option("--requests", requests, "Requests under faults")
            ->check(CLI::PositiveNumber)
            ->capture_default_str();
        app.add_option("--seed", seed, "Of models, inputs and faults")->capture_default_str();
        app.add_flag("--sabotage", sabotage, "Hide one step from golden: must be found");
        file.add_options(app);
        CLI11_PARSE(app, argc, argv);
        return lacuna::run(requests, seed, sabotage, file);
    });
}
