// lacuna_flight: the room promised to groups, and how long the engine is busy with them.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

#include "Vflight.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/records.hpp"

namespace lacuna::rtl_test {
namespace {

constexpr int kOutputDepth = 32;
constexpr int kBegun = 2;    // cycles from a group's valid until it alone keeps the engine busy
constexpr int kRetired = 5;  // the last busy cycle after its retirement
constexpr int kCycles = 30'000;

class FlightRun {
  public:
    explicit FlightRun(Fault fault) : fault_(fault) {
        if (fault == Fault::kInjected) {
            checker_.be_quiet();
        }
        bench_->walking_i = bench_->issuing_i = bench_->group_valid_i = bench_->retired_i = bench_->taken_i =
            0;
        bench_.reset(8);
    }

    Checker run() {
        for (int cycle = 0; cycle < kCycles; ++cycle) {
            const bool at_work = cycle % 400 < 250;  // then all that is under way ends, and the engine rests
            walking_ = at_work && !random_.one_in(3);
            issuing_ = at_work && random_.one_in(2);
            bench_->walking_i = walking_;
            bench_->issuing_i = issuing_;
            begin(at_work && random_.one_in(4));
            retire();
            take();
            bench_.settle();
            check_busy();
            bench_.tick();
            ++now_;
            credit_ += credit_next_;
            credit_next_ = taken_;
            checker_.check("credit", now_, credit_ - promised_, bench_->credit_o);
            before_ = walking_ || issuing_;
        }
        CHECK((fault_ == Fault::kInjected || rests_ > 1'000));
        return checker_;
    }

  private:
    void begin(bool wanted) {
        Group group;
        group.outputs = static_cast<int>(random_.between(0, 8));
        group.rider_units = random_.one_in(2) ? static_cast<int>(random_.between(1, 63)) : 0;
        const bool valid = wanted && group.outputs <= credit_ - promised_ && open_.size() < 40;
        put(bench_->group_i, group);
        bench_->group_valid_i = valid;
        if (valid) {
            promised_ += group.outputs;
            due_ += group.outputs;
            for (int part = 0; part < (group.rider_units != 0 ? 2 : 1); ++part) {
                open_.push_back(now_ + random_.between(1, 60));
            }
            alone_from_ = busy_until_ < now_ ? now_ + kBegun : std::min(alone_from_, now_ + kBegun);
            busy_until_ = std::max(busy_until_, *std::ranges::max_element(open_) + kRetired);
        }
    }

    /// Both of the two wires where two groups retire, one of them, or none; what is too much waits for a
    /// cycle.
    void retire() {
        int retired = 0;
        for (auto& last : open_) {
            if (last == now_ && ++retired > 2) {
                ++last;
                busy_until_ = std::max(busy_until_, last + kRetired);
            }
        }
        std::erase(open_, now_);
        retired = std::min(retired, 2);
        if (fault_ == Fault::kInjected && now_ == kCycles / 2) {
            retired ^= 1;
        }
        bench_->retired_i = static_cast<CData>(retired == 2                        ? 3
                                               : retired == 1 && random_.one_in(2) ? 2
                                                                                   : retired);
    }

    void take() {
        taken_ = due_ > 0 && random_.one_in(2) ? 1 : 0;
        due_ -= taken_;
        bench_->taken_i = static_cast<CData>(taken_);
    }

    void check_busy() {
        const bool busy = walking_ || before_ || (now_ >= alone_from_ && now_ <= busy_until_);
        checker_.check("busy", now_, busy ? 1 : 0, bench_->busy_o);
        rests_ += busy ? 0 : 1;
    }

    Fault fault_;
    Checker checker_{"lacuna_flight"};
    Testbench<Vflight> bench_{3};
    SplitMix64 random_{4};
    std::int64_t now_ = 0;
    std::deque<std::int64_t> open_;  // cycles in which what is under way retires
    std::int64_t alone_from_ = 0, busy_until_ = -1;
    int credit_ = kOutputDepth, credit_next_ = 0, promised_ = 0, due_ = 0, taken_ = 0;
    int rests_ = 0;
    bool walking_ = false, issuing_ = false,
         before_ = true;  // busy from reset on until the walker has said no
};

}  // namespace

TEST_CASE("flight keeps count of room and of what is under way") {
    CHECK_CLEAN(FlightRun(Fault::kNone).run());
}

TEST_CASE("a retirement too many or too few is noticed") {
    CHECK(FlightRun(Fault::kInjected).run().mismatches() > 0);
}

}  // namespace lacuna::rtl_test
