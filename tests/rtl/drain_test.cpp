// lacuna_drain: which unit, row and cell row each emission of a group belongs to, and when.
#include <doctest/doctest.h>

#include <deque>
#include <optional>

#include "Vdrain_13_2.h"
#include "Vdrain_3_1.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/records.hpp"

namespace lacuna::rtl_test {
namespace {

constexpr std::uint64_t kDoneToFirst = 3;

template <class Model, int kTiles, int kPorts>
class DrainRun {
  public:
    explicit DrainRun(Fault fault) : fault_(fault) {
        if (fault == Fault::kInjected) {
            checker_.be_quiet();
        }
        bench_->group_valid_i = 0;
        bench_->done_i = 0;
        bench_->reading_i = 0;
        bench_.reset(4);
    }

    Checker run() {
        for (int i = 0; i < 2'000; ++i) {
            // Groups are queued while earlier ones are under way; now and then the queue fills up.
            const int more = static_cast<int>(random_.between(1, i % 50 == 0 ? 40 : 3));
            for (int g = 0; g < more; ++g) {
                queue_group();
            }
            while (!queued_.empty() && (queued_.size() > 3 || random_.one_in(2))) {
                finish_group();
            }
        }
        while (!queued_.empty()) {
            finish_group();
        }
        clock(kStrand + 8);
        bench_->reading_i = 1;
        for (int i = 0; i < 50; ++i) {
            const int address = static_cast<int>(random_.between(0, 16383));
            bench_->address_i = static_cast<SData>(address);
            clock(1);
            checker_.check("row of the host", i, address, bench_->row_o);
        }
        CHECK((fault_ == Fault::kInjected || full_ > 10));
        return checker_;
    }

  private:
    static constexpr int kStrand = 3 * ((kTiles + kPorts - 1) / kPorts);
    static constexpr std::size_t kQueue = 16;

    struct Emission {
        unsigned valid = 0;
        bool first = false, last = false;
        int unit = 0, row = 0, cell_row = 0;
        Group group;
    };

    void queue_group() {
        auto group = get<Group>(std::vector<std::uint32_t>{bits(), bits(), bits(), bits()});
        group.units = static_cast<int>(random_.one_in(3) ? 3 * kTiles : random_.between(1, 3 * kTiles));
        group.unit_base = static_cast<int>(random_.between(0, 4096 - group.units));
        const int room = 3 * kTiles - kPorts * ((group.units + kPorts - 1) / kPorts);
        const bool rides = kTiles % kPorts == 0 || kPorts == 1 || group.units < kTiles;
        group.rider_units =
            room > 0 && rides && random_.one_in(2) ? static_cast<int>(random_.between(1, room)) : 0;
        bench_.settle();
        if (queued_.size() == kQueue) {
            ++full_;
            return;
        }
        Group given = group;
        given.row ^= fault_ == Fault::kInjected ? 1 : 0;
        put(bench_->group_i, given);
        bench_->group_valid_i = 1;
        clock(1);
        bench_->group_valid_i = 0;
        queued_.push_back(group);
    }

    /// `done`, as early as the ports are free, or later.
    void finish_group() {
        const Group group = queued_.front();
        queued_.pop_front();
        while (bench_.cycles() < free_at_) {
            clock(1);
        }
        clock(random_.one_in(2) ? 0 : static_cast<int>(random_.between(0, 5)));
        bench_->done_i = 1;
        std::uint64_t at = bench_.cycles() + kDoneToFirst;
        int e = 0;
        // The group's own units, then its riders, as a linear group of the next entry.
        for (const bool riding : {false, true}) {
            int left = riding ? group.rider_units : group.units;
            const int base = riding ? 0 : group.unit_base;
            Group shown = group;
            if (riding) {
                shown.linear = 1;
                shown.emit = 1;
                shown.entry = (group.entry + 1) % 32;
            }
            for (bool first = true; left > 0; first = false, ++e) {
                Emission emission{0,
                                  first,
                                  false,
                                  base + left - 1,
                                  (group.row + e) % 16384,
                                  (group.cell_row + e) % 16384,
                                  shown};
                for (int p = 0; p < kPorts; ++p) {
                    const int strand = 3 * ((kTiles - p + kPorts - 1) / kPorts);
                    if (e < strand && left > 0) {
                        emission.valid |= 1U << p;
                        --left;
                    }
                }
                emission.last = left == 0;
                expected_.emplace_back(at + static_cast<std::uint64_t>(e), emission);
            }
        }
        free_at_ = bench_.cycles() + static_cast<std::uint64_t>(e);
        clock(1);
        bench_->done_i = 0;
    }

    void clock(int cycles) {
        for (int i = 0; i < cycles; ++i) {
            bench_.tick();
            const auto now = static_cast<std::int64_t>(bench_.cycles());
            const int row = row_;
            row_ = bench_->row_o;
            if (expected_.empty() || expected_.front().first != bench_.cycles()) {
                checker_.check("valid without a unit", now, 0, bench_->valid_o);
                continue;
            }
            const Emission e = expected_.front().second;
            expected_.pop_front();
            checker_.check("valid", now, e.valid, bench_->valid_o);
            checker_.check("first", now, e.first, bench_->first_o);
            checker_.check("last", now, e.last, bench_->last_o);
            checker_.check("unit", now, e.unit, bench_->unit_o);
            checker_.check("row, a cycle before", now, e.row, row);
            checker_.check("cell row", now, e.cell_row, bench_->cell_row_o);
            auto got = get<Group>(bench_->group_o);
            got.row = e.group.row;  // the row itself was checked
            checker_.check("group unchanged", now, 1, got == e.group);
        }
    }

    std::uint32_t bits() { return static_cast<std::uint32_t>(random_.next()); }

    Checker checker_{"lacuna_drain, " + std::to_string(kTiles) + " tiles, " + std::to_string(kPorts) +
                     " ports"};
    Fault fault_;
    Testbench<Model> bench_{25};
    SplitMix64 random_{26};
    std::deque<Group> queued_;
    std::deque<std::pair<std::uint64_t, Emission>> expected_;  ///< by cycle
    std::uint64_t free_at_ = 0;
    int full_ = 0;
    int row_ = 0;  ///< row_o of the cycle before
};

TEST_CASE("drain of 3 tiles, 1 port") {
    CHECK_CLEAN((DrainRun<Vdrain_3_1, 3, 1>(Fault::kNone).run()));
}
TEST_CASE("drain of 13 tiles, 2 ports") {
    CHECK_CLEAN((DrainRun<Vdrain_13_2, 13, 2>(Fault::kNone).run()));
}
TEST_CASE("drain: a wrong row is reported") {
    CHECK(DrainRun<Vdrain_13_2, 13, 2>(Fault::kInjected).run().mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
