// UartPeer: the other end of a UART line, bit by bit, one call per clock cycle of the board.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

namespace lacuna {

/// Sends and receives 8N1 at a rate of its own, which need not be the board's.
class UartPeer {
  public:
    /// @param clocks_per_bit of the board's clock, at least 2; not necessarily whole
    explicit UartPeer(double clocks_per_bit);

    /// Takes effect with the next byte, each way.
    void set_clocks_per_bit(double clocks_per_bit);
    double clocks_per_bit() const { return clocks_per_bit_; }

    void send(const std::vector<std::uint8_t>& bytes);
    /// The line low for that many bit times, after what was sent before.
    void send_break(double bits);
    /// The line idle for that many bit times, after what was sent before.
    void send_pause(double bits);
    /// Forgets what has not been sent; a byte that is being sent is cut off.
    void cut();
    /// Bytes, breaks and pauses that are not yet sent completely.
    std::size_t pending() const { return queue_.size() + (sending_ ? 1 : 0); }
    bool sending() const { return pending() != 0; }

    /// What came since the last call.
    std::vector<std::uint8_t> received();
    std::uint64_t framing_errors() const { return framing_errors_; }
    /// Cycles in which the receiver was inside a byte: what the line was used for.
    std::uint64_t receiving_cycles() const { return receiving_cycles_; }

    /// One cycle: takes the level that the board drives, gives the level that it sees.
    bool tick(bool level);

    /// May change the level that the board sees, cycle by cycle; for glitches and flipped bits.
    std::function<bool(bool)> disturb;

  private:
    /// Something to be sent: ten bits of a byte, or a level held.
    struct Item {
        unsigned levels = 0;  ///< first bit lowest
        int bits = 0;
        double held = 0;  ///< bit times of `levels & 1` in place of bits
    };

    bool send_level();
    void receive(bool level);

    double clocks_per_bit_;

    std::deque<Item> queue_;
    bool sending_ = false;
    Item item_;
    double left_ = 0;       ///< clocks of the present bit
    double send_rate_ = 0;  ///< clocks per bit of the item that is being sent

    bool line_ = true;
    bool receiving_ = false;
    double until_sample_ = 0;
    double receive_rate_ = 0;
    int bit_ = 0;
    unsigned byte_ = 0;
    std::vector<std::uint8_t> received_;
    std::uint64_t framing_errors_ = 0;
    std::uint64_t receiving_cycles_ = 0;
};

}  // namespace lacuna
