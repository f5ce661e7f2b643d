#include "sim/simulation_transport.hpp"

#include <algorithm>

namespace lacuna {
namespace {

constexpr double kNanoseconds = 1e9;
constexpr double kBreakBits =
    400;  // of the default rate: longer than 20 bits of any lower one that is of use
constexpr std::uint64_t kDrainCycles = 100'000'000;

}  // namespace

SimulationTransport::SimulationTransport(SimulatedBoard& board)
    : board_(board), baud_(SystemParameters::kBaud) {
    board_.peer().set_clocks_per_bit(board_.parameters().clocks_per_bit);
}

Transport::Duration SimulationTransport::now() {
    const double seconds = static_cast<double>(board_.cycles()) / board_.parameters().clock_hz();
    return Duration(static_cast<Duration::rep>(seconds * kNanoseconds));
}

void SimulationTransport::write(std::span<const std::uint8_t> bytes) {
    std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
    board_.send(to_board ? to_board(std::move(copy)) : copy);
}

void SimulationTransport::collect() {
    auto bytes = board_.received();
    if (bytes.empty()) {
        return;
    }
    if (to_host) {
        bytes = to_host(std::move(bytes));
    }
    arrived_.insert(arrived_.end(), bytes.begin(), bytes.end());
}

std::size_t SimulationTransport::read(std::span<std::uint8_t> buffer, Duration deadline) {
    const double left = static_cast<double>((deadline - now()).count()) / kNanoseconds;
    const auto cycles = static_cast<std::uint64_t>(std::max(0.0, left * board_.parameters().clock_hz()) + 1);
    board_.tick_until(
        [this] {
            collect();
            return !arrived_.empty();
        },
        cycles);
    const std::size_t count = std::min(buffer.size(), arrived_.size());
    std::copy_n(arrived_.begin(), count, buffer.begin());
    arrived_.erase(arrived_.begin(), arrived_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
}

void SimulationTransport::drain() {
    board_.tick_until(
        [this] {
            collect();
            return !board_.peer().sending();
        },
        kDrainCycles);
}

void SimulationTransport::set_baud(unsigned baud) {
    drain();
    baud_ = baud;
    board_.peer().set_clocks_per_bit(static_cast<double>(board_.parameters().clock_hz()) / baud);
}

void SimulationTransport::send_break() {
    drain();
    const double default_bit = board_.parameters().clocks_per_bit;
    board_.peer().send_break(kBreakBits * default_bit / board_.peer().clocks_per_bit());
    board_.peer().send_pause(2);
    drain();
}

}  // namespace lacuna
