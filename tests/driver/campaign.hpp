// Requests under faults, each checked against golden: no wrong result accepted, no step lost or done twice
// unnoticed, back in service in time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "driver/board.hpp"
#include "golden/golden_model.hpp"
#include "tests/driver/faulty_line.hpp"

namespace lacuna {

struct CampaignCounts {
    std::uint64_t requests = 0, steps = 0, values = 0, loads = 0;
    std::uint64_t resent = 0, bad_frames = 0, timeouts = 0;
    std::uint64_t sessions_lost = 0, gave_up = 0, hosts = 0;
    double longest_return = 0;  ///< s of simulated time from a failure to service
    FaultCounts faults;
    std::vector<std::string> violations;

    void add(const CampaignCounts& other);
};

class Campaign {
  public:
    explicit Campaign(std::uint64_t seed);

    /// Runs at least so many requests under these faults.
    void run(const LineFaults& faults, std::uint64_t requests);
    const CampaignCounts& counts();
    /// Skips one step of golden: what the campaign must notice.
    void sabotage() { sabotage_ = true; }

  private:
    using Steps = std::vector<std::vector<std::int16_t>>;
    /// An operation whose steps, if it makes some, are these.
    void operation();
    void vectors(std::size_t count);
    void tokens(std::size_t count);
    void generation(std::size_t count);
    /// Golden on so many of the steps under way.
    void advance(std::size_t count);
    void finish_steps();
    void check_state();
    void set_state();
    /// After a failure: a driver that works, on a device whose steps are accounted for.
    void come_back(bool session_lost);
    void load();
    void start_host();
    void account_for_steps();
    void collect_statistics();
    void violation(const std::string& text);

    SplitMix64 prng_;
    SimulatedBoard simulation_;
    FaultyLine line_;
    std::unique_ptr<Board> board_;
    NamedModel named_;
    GoldenModel golden_;
    Steps under_way_;
    std::vector<std::vector<std::int32_t>> results_;  ///< of the steps under way, as far as they came
    std::uint32_t steps_ = 0;                         ///< of golden since its state was set
    bool state_known_ = false;
    bool sabotage_ = false;
    CampaignCounts counts_;
};

}  // namespace lacuna
