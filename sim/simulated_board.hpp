// SimulatedBoard: the whole Verilated system with a peer on its UART; bytes in, bytes out, cycle by cycle.
//
//     SimulatedBoard board(built_systems().front());
//     board.send(bytes);
//     board.tick_until([&] { return board.peer().received() ... }, limit);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/system.hpp"
#include "sim/uart_peer.hpp"

namespace lacuna {

/// Not thread-safe; one thread clocks it.
class SimulatedBoard {
  public:
    /// The board is out of reset. @param boot words of the boot memory; empty: it holds no model
    explicit SimulatedBoard(const SystemParameters& parameters, const SystemOptions& options = {},
                            const std::vector<std::uint64_t>& boot = {});

    const SystemParameters& parameters() const { return system_->parameters(); }

    /// Queues bytes for the board; they take their time on the line.
    void send(const std::vector<std::uint8_t>& bytes) { peer_.send(bytes); }
    /// What the board has sent since the last call.
    std::vector<std::uint8_t> received() { return peer_.received(); }
    /// Cycles of the board's clock.
    void tick(std::uint64_t cycles = 1);
    /// Ticks until a condition holds, which is asked every few cycles; false when it did not within `limit`.
    bool tick_until(const std::function<bool()>& condition, std::uint64_t limit);
    /// Presses the board's reset; the peer's line stays as it is.
    void reset();
    /// Changes what the boot memory holds; a reset replays it.
    void load_boot_memory(const std::vector<std::uint64_t>& words) { system_->load_boot_memory(words); }
    /// A bit of a weight flips (System::upset_weight).
    void upset_weight(std::size_t word, unsigned bit) { system_->upset_weight(word, bit); }

    unsigned leds() const { return system_->leds(); }
    std::uint64_t cycles() const { return system_->cycles(); }
    UartPeer& peer() { return peer_; }

  private:
    std::unique_ptr<System> system_;
    UartPeer peer_;
    bool tx_ = true;
};

}  // namespace lacuna
