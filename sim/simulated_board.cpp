#include "sim/simulated_board.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lacuna {
namespace {

constexpr int kResetHeld = 32;             // cycles
constexpr std::uint64_t kResetOver = 300;  // cycles until the link listens (rtl/lacuna_system.sv)
constexpr std::uint64_t kAskEvery = 16;

}  // namespace

std::string SystemParameters::to_string() const {
    return fmt::format(
        "{} embedding_depth={} frame_bytes={} window={} boot_depth={} clocks_per_bit={} watchdog_cycles={} "
        "trial_cycles={}",
        geometry.to_string(), embedding_depth, frame_bytes, window, boot_depth, clocks_per_bit,
        watchdog_cycles, trial_cycles);
}

SimulatedBoard::SimulatedBoard(const SystemParameters& parameters, const SystemOptions& options,
                               const std::vector<std::uint64_t>& boot)
    : system_(make_system(parameters, options)), peer_(parameters.clocks_per_bit) {
    if (!boot.empty()) {
        system_->load_boot_memory(boot);
    }
    reset();
}

void SimulatedBoard::reset() {
    system_->set_reset(true);
    tick(kResetHeld);
    system_->set_reset(false);
    tick(kResetOver);
}

void SimulatedBoard::tick(std::uint64_t cycles) {
    for (; cycles > 0; --cycles) {
        tx_ = system_->tick(peer_.tick(tx_));
    }
}

bool SimulatedBoard::tick_until(const std::function<bool()>& condition, std::uint64_t limit) {
    while (!condition()) {
        if (limit == 0) {
            return false;
        }
        const std::uint64_t cycles = std::min(limit, kAskEvery);
        tick(cycles);
        limit -= cycles;
    }
    return true;
}

}  // namespace lacuna
