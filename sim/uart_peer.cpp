#include "sim/uart_peer.hpp"

#include <utility>

#include "common/error.hpp"

namespace lacuna {
namespace {

constexpr int kBits = 10;  // start, eight of data, stop
constexpr int kStopBit = 9;
constexpr unsigned kByteBit = 0x80;

}  // namespace

UartPeer::UartPeer(double clocks_per_bit) : clocks_per_bit_(clocks_per_bit) {
    set_clocks_per_bit(clocks_per_bit);
}

void UartPeer::set_clocks_per_bit(double clocks_per_bit) {
    if (!(clocks_per_bit >= 2)) {
        throw Error("UART: at least 2 clocks a bit");
    }
    clocks_per_bit_ = clocks_per_bit;
}

void UartPeer::send(const std::vector<std::uint8_t>& bytes) {
    for (const std::uint8_t byte : bytes) {
        queue_.push_back({1U << kStopBit | static_cast<unsigned>(byte) << 1U, kBits, 0});
    }
}

void UartPeer::send_break(double bits) {
    queue_.push_back({0, 0, bits});
    send_pause(2);
}

void UartPeer::send_pause(double bits) {
    queue_.push_back({1, 0, bits});
}

void UartPeer::cut() {
    queue_.clear();
    sending_ = false;
}

std::vector<std::uint8_t> UartPeer::received() {
    return std::exchange(received_, {});
}

bool UartPeer::send_level() {
    // Fractions of a clock carry over from item to item, so the rate is exact on average.
    while (!sending_ || left_ <= 0) {
        if (sending_ && item_.bits > 1) {
            item_.levels >>= 1U;
            --item_.bits;
            left_ += send_rate_;
            continue;
        }
        if (queue_.empty()) {
            sending_ = false;
            left_ = 0;
            return true;
        }
        item_ = queue_.front();
        queue_.pop_front();
        sending_ = true;
        send_rate_ = clocks_per_bit_;
        left_ += item_.bits > 0 ? send_rate_ : item_.held * send_rate_;
    }
    left_ -= 1;
    return (item_.levels & 1U) != 0;
}

void UartPeer::receive(bool level) {
    const bool before = std::exchange(line_, level);
    if (!receiving_) {
        if (before && !level) {
            receiving_ = true;
            receive_rate_ = clocks_per_bit_;
            // The edge was half a clock ago, on average.
            until_sample_ = receive_rate_ / 2 - 0.5;
            bit_ = 0;
            byte_ = 0;
        }
        return;
    }
    ++receiving_cycles_;
    until_sample_ -= 1;
    if (until_sample_ > 0) {
        return;
    }
    until_sample_ += receive_rate_;
    if (bit_ == 0 && level) {
        receiving_ = false;
    } else if (bit_ == kStopBit) {
        receiving_ = false;
        if (level) {
            received_.push_back(static_cast<std::uint8_t>(byte_));
        } else {
            ++framing_errors_;
        }
    } else if (bit_ > 0) {
        byte_ = byte_ >> 1U | (level ? kByteBit : 0U);
    }
    ++bit_;
}

bool UartPeer::tick(bool level) {
    receive(level);
    const bool sent = send_level();
    return disturb ? disturb(sent) : sent;
}

}  // namespace lacuna
