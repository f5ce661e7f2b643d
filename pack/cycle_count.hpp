// Counts what each cycle of a run was used for: of the RTL (sim/session) and of its model (pack/cycle_model).
#pragma once

#include <cstdint>
#include <vector>

#include "pack/layout.hpp"

namespace lacuna {

/// Cycles by operation, counted over whole iterations of the program.
struct OperationCycles {
    std::uint64_t sweep = 0;        ///< slots issued
    std::uint64_t wait_bank = 0;    ///< inputs or h of a layer not ready
    std::uint64_t wait_port = 0;    ///< drain ports (gates) busy
    std::uint64_t wait_output = 0;  ///< output buffer full
    std::uint64_t other = 0;        ///< pipeline start and end

    std::uint64_t all() const { return sweep + wait_bank + wait_port + wait_output + other; }
    OperationCycles& operator+=(const OperationCycles& more);
    OperationCycles& operator-=(const OperationCycles& less);
    bool operator==(const OperationCycles&) const = default;
};

/// Iterations that do not count as steady state unless a run says otherwise.
inline constexpr std::uint64_t kWarmUpSteps = 2;

struct RunStatistics {
    std::uint64_t steps = 0;
    std::uint64_t cycles = 0;  ///< from the first to the last cycle of the run, filling and emptying included
    /// Steady state: whole iterations after the first `warm_up` ones and before those that only empty the
    /// pipeline.
    std::uint64_t steady_steps = 0;
    std::uint64_t steady_cycles = 0;
    std::vector<OperationCycles> operations;  ///< of the steady cycles, by operation of the layout

    double cycles_per_step() const;
    bool operator==(const RunStatistics&) const = default;
};

/// What the issuer did in a cycle.
struct IssueCycle {
    bool fire = false;      ///< a slot was issued
    bool group = false;     ///< it was the last of a group
    unsigned wait = 0;      ///< why not: bit 0 bank not ready, 1 drain port, 2 output buffer
    std::size_t entry = 0;  ///< index in the mode's program
};

class CycleCount {
  public:
    CycleCount(const Layout& layout, Mode mode, std::uint64_t steps, std::uint64_t warm_up);

    /// One cycle of the run.
    void cycle(const IssueCycle& issue);
    RunStatistics finish() const;

  private:
    struct Snapshot {
        std::uint64_t cycles = 0;
        std::vector<OperationCycles> operations;
    };

    std::vector<std::size_t> operation_of_;  ///< of each entry of the program
    std::size_t stop_entry_ = 0;             ///< the last one that works in every iteration
    int stop_groups_ = 0;
    std::uint64_t steps_ = 0;
    /// Iterations of the last operation after which the steady state begins and ends.
    std::uint64_t first_ = 0;
    std::uint64_t end_ = 0;
    std::uint64_t iterations_ = 0;
    int groups_ = 0;
    Snapshot now_, begin_, stop_;
};

}  // namespace lacuna
