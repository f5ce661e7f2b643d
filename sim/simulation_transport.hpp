// A simulated board as the driver's line, in the same process: deadlines count in simulated time.
#pragma once

#include <functional>
#include <vector>

#include "driver/transport.hpp"
#include "sim/simulated_board.hpp"

namespace lacuna {

class SimulationTransport : public Transport {
  public:
    /// The board must outlive it. Starts at the board's default rate.
    explicit SimulationTransport(SimulatedBoard& board);

    Duration now() override;
    void write(std::span<const std::uint8_t> bytes) override;
    std::size_t read(std::span<std::uint8_t> buffer, Duration deadline) override;
    void set_baud(unsigned baud) override;
    unsigned baud() const override { return baud_; }
    void send_break() override;
    std::string name() const override { return "simulated board"; }

    /// What happens to bytes on their way; empty: nothing.
    std::function<std::vector<std::uint8_t>(std::vector<std::uint8_t>)> to_board, to_host;

  private:
    /// Bytes that arrived, and were not read.
    void collect();
    void drain();

    SimulatedBoard& board_;
    unsigned baud_;
    std::vector<std::uint8_t> arrived_;
};

}  // namespace lacuna
