// A line to a simulated board on which everything goes wrong: bytes, rates, breaks, replies, the host, the
// board.
#pragma once

#include <optional>
#include <utility>

#include "golden/prng.hpp"
#include "sim/byte_faults.hpp"
#include "sim/simulation_transport.hpp"

namespace lacuna {

/// Chances of one in so many; 0: never.
struct LineFaults {
    FaultRates bytes = {};  ///< each way
    int break_one_in = 0;   ///< of frames: a break behind it
    int rate_one_in = 0;    ///< of frames: the host's rate is wrong for a while
    int mute_one_in = 0;    ///< of frames: replies are lost for a while
    int kill_one_in = 0;    ///< of frames: the host dies during it
    int reset_one_in = 0;   ///< of frames: the board is reset during it
};

/// Thrown when the host is to die.
struct HostKilled {};

struct FaultCounts {
    std::uint64_t bytes = 0, breaks = 0, rates = 0, mutes = 0, kills = 0, resets = 0;
};

class FaultyLine : public SimulationTransport {
  public:
    FaultyLine(SimulatedBoard& board, std::uint64_t seed);

    void write(std::span<const std::uint8_t> bytes) override;
    std::size_t read(std::span<std::uint8_t> buffer, Duration deadline) override;

    /// Also ends what is going on.
    void set_faults(const LineFaults& faults);
    FaultCounts counts() const;
    /// Whether the board was reset since this was last asked.
    bool was_reset() { return std::exchange(reset_, false); }
    /// What a new process does: its rate is the default again.
    void restart_host();

  private:
    bool happens(int one_in) { return one_in != 0 && prng_.one_in(one_in); }
    Duration soon() { return now() + std::chrono::microseconds(prng_.between(10, 4000)); }
    void carry_out();

    SimulatedBoard& board_;
    SplitMix64 prng_;
    LineFaults faults_;
    FaultCounts counts_;
    ByteFaults to_board_, to_host_;
    std::optional<Duration> wrong_rate_until_, mute_until_, kill_at_, reset_at_;
    bool reset_ = false;
};

}  // namespace lacuna
