// Counts what each cycle of a run was used for.
#pragma once

#include <cstdint>
#include <vector>

#include "pack/layout.hpp"
#include "sim/engine.hpp"
#include "sim/session.hpp"

namespace lacuna {

class Statistics {
  public:
    Statistics(const Layout& layout, Mode mode, std::uint64_t steps, std::uint64_t warm_up);

    /// One cycle of the run. `operation_of`: operation of each program entry.
    void cycle(const EngineOutputs& out, const std::vector<std::size_t>& operation_of);
    RunStatistics finish() const;

  private:
    struct Snapshot {
        std::uint64_t cycles = 0;
        std::vector<OperationCycles> operations;
    };

    int stop_entry_ = 0;
    int stop_groups_ = 0;
    std::uint64_t steps_ = 0;
    std::uint64_t first_ =
        0;  ///< iterations of the last operation after which the steady state begins and ends
    std::uint64_t end_ = 0;
    std::uint64_t iterations_ = 0;
    int groups_ = 0;
    Snapshot now_, begin_, stop_;
};

}  // namespace lacuna
