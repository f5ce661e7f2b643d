// lacuna_input: banks of x into the double buffer, at most two steps ahead of their release.
#include <doctest/doctest.h>

#include "Vinput.h"
#include "golden/prng.hpp"
#include "sim/testbench.hpp"
#include "tests/rtl/checker.hpp"

namespace lacuna::rtl_test {
namespace {

class InputRun {
  public:
    explicit InputRun(Fault fault) : fault_(fault) {
        if (fault == Fault::kInjected) {
            checker_.be_quiet();
        }
    }

    Checker run() {
        bench_->configure_i = 0;
        bench_->reset_step_i = 0;
        bench_.reset(2);
        stays_shut();
        for (const int banks : {1, 2, 7, 40}) {
            configure(static_cast<int>(random_.between(0, 900)), banks);
            stream(3'000);
            if (banks == 7) {
                bench_->reset_step_i = 1;
                tick(false, false, false);
                bench_->reset_step_i = 0;
                restart();
                stream(1'000);
            }
        }
        CHECK((fault_ == Fault::kInjected || blocked_ > 50));
        return checker_;
    }

  private:
    void stays_shut() {
        for (int i = 0; i < 10; ++i) {
            tick(true, true, false);  // not configured: takes nothing
        }
    }

    void configure(int base, int banks) {
        bench_->configure_i = 1;
        bench_->base_i = static_cast<SData>(base);
        bench_->banks_i = static_cast<SData>(banks);
        tick(false, false, false);
        bench_->configure_i = 0;
        base_ = base;
        banks_ = banks;
        restart();
        checker_.check("configured base", 0, base, bench_->base_o);
        checker_.check("configured banks", 0, banks, bench_->banks_o);
    }

    void restart() {
        tick(false, false, false);  // it opens three cycles after configuring
        tick(false, false, false);
        bank_ = 0;
        step_ = 1;
        held_ = 0;
        asked_ = 0;
        releases_ = DelayLine<bool>{2};
    }

    void stream(int cycles) {
        for (int i = 0; i < cycles; ++i) {
            // The engine releases a step only after it was loaded whole, so the loaded ones are what may be
            // released.
            const bool release =
                asked_ < step_ - 1 && random_.one_in(fault_ == Fault::kInjected ? 3 : 2 * banks_);
            asked_ += release ? 1 : 0;
            tick(random_.between(0, 3) != 0, random_.between(0, 3) != 0, release);
        }
    }

    void tick(bool valid, bool ready, bool release) {
        bench_->x_valid_i = valid;
        bench_->write_ready_i = ready;
        bench_->released_i = release && fault_ == Fault::kNone;
        bench_.settle();
        const bool quiet = bench_->configure_i != 0 || bench_->reset_step_i != 0;
        const bool room = banks_ != 0 && (bank_ != 0 || held_ < 2);
        const bool take = valid && ready && room && !quiet;
        blocked_ += valid && ready && !room && banks_ != 0 ? 1 : 0;
        if (!quiet) {
            checker_.check("x_ready", step_, ready && room, bench_->x_ready_o);
            checker_.check("write", step_, valid && room, bench_->write_o);
        }
        if (take) {
            checker_.check("bank", step_, (base_ + (step_ % 2 != 0 ? banks_ : 0) + bank_) % 4096,
                           bench_->bank_o);
            checker_.check("tag", step_, step_ / 2 % 4, bench_->tag_o);
            held_ += bank_ == 0 ? 1 : 0;
            if (++bank_ == banks_) {
                bank_ = 0;
                ++step_;
            }
        }
        // Two cycles until the memory read of the released step's last bank is over.
        const auto over = releases_.next(release && !quiet);
        held_ -= over.value_or(false) ? 1 : 0;
        bench_.tick();
    }

    Checker checker_{"lacuna_input"};
    Fault fault_;
    Testbench<Vinput> bench_{19};
    SplitMix64 random_{20};
    int base_ = 0, banks_ = 0;
    int bank_ = 0, step_ = 1, held_ = 0;
    int asked_ = 0;  ///< releases so far
    DelayLine<bool> releases_{2};
    int blocked_ = 0;
};

TEST_CASE("input fills the double buffer in order") {
    CHECK_CLEAN(InputRun(Fault::kNone).run());
}
TEST_CASE("input: lost releases are reported") {
    CHECK(InputRun(Fault::kInjected).run().mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
