// lacuna_uart_rx, lacuna_uart_tx: every byte crosses the line at any rate, with the peer a few per cent off;
// glitches are not seen, framing errors and breaks are.
#include <doctest/doctest.h>

#include <cmath>

#include "Vuart_rx.h"
#include "Vuart_tx.h"
#include "golden/prng.hpp"
#include "sim/testbench.hpp"
#include "sim/uart_peer.hpp"
#include "tests/link/codec.hpp"

namespace lacuna::link_test {
namespace {

std::uint32_t increment(double clocks_per_bit) {
    return static_cast<std::uint32_t>(std::llround(std::ldexp(1.0, 32) / clocks_per_bit));
}

Bytes random_bytes(SplitMix64& prng, std::size_t size) {
    Bytes bytes(size);
    for (auto& byte : bytes) {
        byte = static_cast<std::uint8_t>(prng.next());
    }
    return bytes;
}

struct Received {
    Bytes bytes;
    int framing_errors = 0;
    int breaks = 0;
};

class UartReceiver {
  public:
    UartReceiver(double clocks_per_bit, std::uint64_t seed) : bench_(seed) {
        bench_->increment_i = increment(clocks_per_bit);
        bench_->restart_i = 0;
        bench_->rx_i = 1;
        bench_.reset(4);
    }

    /// Until the peer has nothing to send, and some bits longer.
    Received run(UartPeer& peer) {
        Received received;
        for (int rest = static_cast<int>(30 * peer.clocks_per_bit()); rest > 0;
             rest -= peer.sending() ? 0 : 1) {
            bench_->rx_i = peer.tick(true) ? 1 : 0;
            bench_.tick();
            if (bench_->valid_o != 0) {
                received.bytes.push_back(bench_->data_o);
            }
            received.framing_errors += bench_->framing_error_o;
            received.breaks += bench_->break_o;
        }
        return received;
    }

  private:
    Testbench<Vuart_rx> bench_;
};

}  // namespace

TEST_CASE("the receiver takes every byte at rates from 4 clocks a bit up, the peer up to 3 % off") {
    SplitMix64 prng(1);
    for (const double clocks : {4.0, 4.3, 5.0, 7.5, 8.0, 16.0, 25.0, 86.8, 217.0}) {
        // Below 8 clocks a bit the samples are so far apart that less is left for the peer.
        for (const double error :
             {0.0, 0.01, -0.01, clocks < 8 ? 0.015 : 0.03, clocks < 8 ? -0.015 : -0.03}) {
            CAPTURE(clocks);
            CAPTURE(error);
            UartReceiver receiver(clocks, prng.next());
            UartPeer peer(clocks * (1 + error));
            const Bytes sent = random_bytes(prng, 300);
            for (const std::uint8_t byte : sent) {
                peer.send({byte});
                if (prng.one_in(4)) {
                    peer.send_pause(static_cast<double>(prng.between(1, 40)) / 7);
                }
            }
            const Received received = receiver.run(peer);
            CHECK(received.bytes == sent);
            CHECK(received.framing_errors == 0);
            CHECK(received.breaks == 0);
        }
    }
}

TEST_CASE("a peer that is 8 % off is noticed") {
    UartReceiver receiver(16, 2);
    UartPeer peer(16 * 1.08);
    SplitMix64 prng(3);
    const Bytes sent = random_bytes(prng, 300);
    peer.send(sent);
    const Received received = receiver.run(peer);
    CHECK(received.bytes != sent);
    CHECK(received.framing_errors > 0);
}

TEST_CASE("glitches of one cycle change nothing, wherever they hit") {
    SplitMix64 prng(4);
    for (const double clocks : {8.0, 16.0, 33.3}) {
        CAPTURE(clocks);
        UartReceiver receiver(clocks, 5);
        UartPeer peer(clocks);
        int since = 0;
        peer.disturb = [&](bool level) { return ++since > 5 && prng.one_in(9) ? since = 0, !level : level; };
        const Bytes sent = random_bytes(prng, 400);
        for (const std::uint8_t byte : sent) {
            peer.send({byte});
            peer.send_pause(1);
        }
        const Received received = receiver.run(peer);
        CHECK(received.bytes == sent);
        CHECK(received.framing_errors == 0);
    }
}

TEST_CASE("a missing stop bit is a framing error, a long low level one break") {
    UartReceiver receiver(8, 6);
    UartPeer peer(8);
    peer.send({0x55});
    peer.send_break(11);
    peer.send({0xAA});
    const Received cut = receiver.run(peer);
    CHECK(cut.bytes == Bytes{0x55, 0xAA});
    CHECK(cut.framing_errors == 1);
    CHECK(cut.breaks == 0);
    peer.send_break(25);
    peer.send({0x33});
    peer.send_break(400);
    peer.send({0xCC});
    const Received broken = receiver.run(peer);
    CHECK(broken.bytes == Bytes{0x33, 0xCC});
    CHECK(broken.framing_errors == 2);
    CHECK(broken.breaks == 2);
}

TEST_CASE("the transmitter sends every byte, without gaps, at any rate") {
    SplitMix64 prng(7);
    for (const double clocks : {4.0, 4.3, 8.0, 13.7, 217.0}) {
        CAPTURE(clocks);
        Testbench<Vuart_tx> bench(8);
        bench->increment_i = increment(clocks);
        bench->valid_i = 0;
        bench.reset(4);
        UartPeer peer(clocks);
        const Bytes sent = random_bytes(prng, 200);
        std::size_t taken = 0;
        std::uint64_t first = 0;
        while (taken < sent.size() || bench->busy_o != 0) {
            bench->valid_i = taken < sent.size() ? 1 : 0;
            bench->data_i = taken < sent.size() ? sent[taken] : 0;
            bench.settle();
            const bool take = bench->valid_i != 0 && bench->ready_o != 0;
            if (take && taken++ == 0) {
                first = bench.cycles();
            }
            bench.tick();
            peer.tick(bench->tx_o != 0);
        }
        const auto cycles = static_cast<double>(bench.cycles() - first);
        for (int i = 0; i < 20 * static_cast<int>(clocks); ++i) {
            bench.tick();
            peer.tick(bench->tx_o != 0);
        }
        CHECK(peer.received() == sent);
        CHECK(peer.framing_errors() == 0);
        CHECK(cycles == doctest::Approx(10 * clocks * static_cast<double>(sent.size())).epsilon(0.01));
    }
}

}  // namespace lacuna::link_test
