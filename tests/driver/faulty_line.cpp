#include "tests/driver/faulty_line.hpp"

#include <algorithm>

namespace lacuna {
namespace {

constexpr auto kLook = std::chrono::microseconds(50);  // between looks at what is due

}  // namespace

FaultyLine::FaultyLine(SimulatedBoard& board, std::uint64_t seed)
    : SimulationTransport(board),
      board_(board),
      prng_(seed),
      to_board_({}, seed + 1),
      to_host_({}, seed + 2) {
    to_board = [this](const std::vector<std::uint8_t>& bytes) { return to_board_.apply(bytes); };
    to_host = [this](const std::vector<std::uint8_t>& bytes) {
        return mute_until_ ? std::vector<std::uint8_t>{} : to_host_.apply(bytes);
    };
}

void FaultyLine::write(std::span<const std::uint8_t> bytes) {
    if (bytes.size() > 1) {  // no lone delimiter
        if (happens(faults_.rate_one_in) && !wrong_rate_until_) {
            ++counts_.rates;
            wrong_rate_until_ = soon();
            const double factor = prng_.one_in(2) ? 1.3 + prng_.uniform() : 0.4 + 0.4 * prng_.uniform();
            board_.peer().set_clocks_per_bit(std::max(2.0, board_.peer().clocks_per_bit() * factor));
        }
        if (happens(faults_.mute_one_in)) {
            ++counts_.mutes;
            mute_until_ = soon();
        }
        if (happens(faults_.kill_one_in)) {
            kill_at_ = soon();
        }
        if (happens(faults_.reset_one_in)) {
            reset_at_ = soon();
        }
    }
    SimulationTransport::write(bytes);
    if (bytes.size() > 1 && happens(faults_.break_one_in)) {
        ++counts_.breaks;
        board_.peer().send_break(static_cast<double>(prng_.between(5, 60)));
        board_.peer().send_pause(static_cast<double>(prng_.between(0, 3)));
    }
    carry_out();
}

void FaultyLine::carry_out() {
    const auto due = [this](std::optional<Duration>& at) {
        const bool is = at && now() >= *at;
        if (is) {
            at.reset();
        }
        return is;
    };
    if (due(wrong_rate_until_)) {
        SimulationTransport::set_baud(baud());
    }
    due(mute_until_);
    if (due(reset_at_)) {
        ++counts_.resets;
        reset_ = true;
        board_.reset();
    }
    if (due(kill_at_)) {
        ++counts_.kills;
        if (prng_.one_in(2)) {
            board_.peer().cut();  // with a frame half sent
        }
        throw HostKilled{};
    }
}

std::size_t FaultyLine::read(std::span<std::uint8_t> buffer, Duration deadline) {
    std::size_t count = 0;
    do {
        count = SimulationTransport::read(buffer, std::min(deadline, now() + kLook));
        carry_out();
    } while (count == 0 && now() < deadline);
    return count;
}

void FaultyLine::set_faults(const LineFaults& faults) {
    faults_ = faults;
    to_board_.set_rates(faults.bytes);
    to_host_.set_rates(faults.bytes);
    wrong_rate_until_.reset();
    mute_until_.reset();
    kill_at_.reset();
    reset_at_.reset();
    SimulationTransport::set_baud(baud());
}

void FaultyLine::restart_host() {
    kill_at_.reset();
    set_baud(SystemParameters::kBaud);
}

FaultCounts FaultyLine::counts() const {
    FaultCounts counts = counts_;
    counts.bytes = to_board_.total() + to_host_.total();
    return counts;
}

}  // namespace lacuna
