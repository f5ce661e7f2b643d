// lacuna_walker: the banks that a program sweeps, in order, against a plain walk over its descriptors.
#include <doctest/doctest.h>

#include <vector>

#include "Vwalker.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/records.hpp"

namespace lacuna::rtl_test {
namespace {

constexpr int kEntries = 32;

int tag_of(std::int64_t step) {
    return static_cast<int>(step / 2 % 4);
}

/// The items of `steps` steps of the program at `entry`, by the header's words.
/// @param done steps done since the step number's reset
std::vector<Item> expected_items(const std::vector<Descriptor>& memory, int entry, std::int64_t steps,
                                 std::int64_t done) {
    std::vector<Item> items;
    std::vector<Descriptor> list;
    int at = entry;
    do {
        list.push_back(memory[static_cast<std::size_t>(at)]);
        at = (at + 1) % kEntries;
    } while (list.back().stop == 0);

    for (std::int64_t iteration = 0; iteration < steps + list.back().skew_max; ++iteration) {
        for (std::size_t d = 0; d < list.size(); ++d) {
            const Descriptor& what = list[d];
            const std::int64_t of_run = iteration - what.skew;
            if (of_run < 0 || of_run >= steps || (what.final_only != 0 && of_run != steps - 1)) {
                continue;
            }
            const std::int64_t step = done + 1 + of_run;  // step 0 is the initial state
            for (int g = 0; g < what.groups; ++g) {
                const bool last_group = g == what.groups - 1;
                Item item;
                const bool rides = last_group && of_run > 0 && what.emit == 0;
                const int emissions = last_group ? what.emissions_last : what.emissions_full;
                const int rider_outputs = rides ? what.rider_emissions : 0;
                item.group = {what.cell_fraction,
                              (what.cell_base + g * what.emissions_full) % 16384,
                              (what.row_base + g * what.emissions_full) % 16384,
                              tag_of(step),
                              (what.h_base + (step % 2 != 0 ? what.h_banks : 0)) % 4096,
                              (g * what.units_full) % 4096,
                              rides ? what.rider_units : 0,
                              what.emit != 0 ? emissions : rider_outputs,
                              emissions,
                              last_group ? what.units_last : what.units_full,
                              (entry + static_cast<int>(d)) % kEntries,
                              last_group,
                              what.emit,
                              what.gru,
                              what.linear};
                const int group_weight = what.weight_base + g * what.slots;
                std::vector<Item> of_group;
                for (const bool h_part : {what.h_first != 0, what.h_first == 0}) {
                    const int banks = h_part ? what.h_banks : what.x_banks;
                    const std::int64_t read = h_part ? step - 1 : step;
                    int weight = group_weight + (h_part ? what.x_slots : 0);
                    for (int b = 0; b < banks; ++b) {
                        const bool last = b == banks - 1;
                        item.slots =
                            h_part ? (last ? what.k_h_last : what.k_h) : (last ? what.k_x_last : what.k_x);
                        item.shift = h_part ? what.shift_h : what.shift_x;
                        item.weight = weight % 0x100000;
                        weight += item.slots;
                        item.tag = tag_of(read);
                        item.check = !h_part || read > 0;
                        item.bank =
                            ((h_part ? what.h_base : what.x_base) + (read % 2 != 0 ? banks : 0) + b) % 4096;
                        of_group.push_back(item);
                    }
                }
                of_group.front().first = 1;
                of_group.back().last = 1;
                of_group.back().releases_x = last_group && what.reads_input != 0;
                items.insert(items.end(), of_group.begin(), of_group.end());
            }
        }
    }
    return items;
}

class WalkerRun {
  public:
    explicit WalkerRun(Fault fault) : fault_(fault) {
        if (fault == Fault::kInjected) {
            checker_.be_quiet();
        }
        bench_->start_i = 0;
        bench_->reset_step_i = 0;
        bench_->item_ready_i = 0;
        bench_.reset(3);
    }

    Checker run() {
        for (int round = 0; round < 60; ++round) {
            make_program();
            for (int i = 0; i < 3; ++i) {
                run_once(static_cast<std::int64_t>(random_.between(1, 9)),
                         static_cast<int>(random_.between(0, 2)));
            }
            if (random_.one_in(2)) {
                bench_->reset_step_i = 1;
                clock();
                bench_->reset_step_i = 0;
                done_ = 0;
            }
        }
        return checker_;
    }

    /// With no descriptor passed over, items follow each other without a gap.
    Checker run_gapless() {
        make_program();
        for (Descriptor& d : memory_) {
            d.skew = 0;
            d.skew_max = 0;
            d.final_only = 0;
            d.groups = std::max(d.groups, 3);  // the next descriptor is known after three items
        }
        const auto items = expected_items(memory_, entry_, 5, done_);
        start(5);
        bench_->item_ready_i = 1;
        int cycles = 0;
        while (!valid()) {
            clock();
        }
        for (; bench_->busy_o != 0 && valid(); ++cycles) {
            clock();
        }
        checker_.check("items in consecutive cycles", 0, static_cast<std::int64_t>(items.size()), cycles);
        return checker_;
    }

  private:
    void make_program() {
        memory_.assign(kEntries, {});
        entry_ = static_cast<int>(random_.between(0, kEntries - 1));
        const int length = static_cast<int>(random_.between(1, 4));
        int skew = 0;
        for (int i = 0; i < length; ++i) {
            Descriptor& d = memory_[static_cast<std::size_t>((entry_ + i) % kEntries)];
            const auto up_to = [&](int high) { return static_cast<int>(random_.between(1, high)); };
            skew += static_cast<int>(random_.between(0, 2));
            d.skew = skew;
            d.linear = random_.one_in(4);
            d.gru = random_.one_in(2);
            d.h_banks = d.linear != 0 ? 0 : up_to(5);
            d.h_first = d.h_banks != 0 && random_.one_in(2);
            d.emit = random_.one_in(2);
            d.reads_input = random_.one_in(2);
            d.shift_x = static_cast<int>(random_.between(0, 7));
            d.shift_h = static_cast<int>(random_.between(0, 7));
            d.cell_fraction = static_cast<int>(random_.between(8, 12));
            d.x_base = static_cast<int>(random_.between(0, 900));
            d.x_banks = up_to(5);
            d.h_base = static_cast<int>(random_.between(0, 900));
            d.k_x = up_to(16), d.k_x_last = up_to(16), d.k_h = up_to(16), d.k_h_last = up_to(16);
            d.x_slots = (d.x_banks - 1) * d.k_x + d.k_x_last;
            d.slots = d.x_slots + (d.h_banks == 0 ? 0 : (d.h_banks - 1) * d.k_h + d.k_h_last);
            d.weight_base = static_cast<int>(random_.between(0, 0xFFFFF));
            d.groups = up_to(4);
            d.units_full = up_to(63), d.units_last = up_to(63);
            d.emissions_full = up_to(63), d.emissions_last = up_to(63);
            d.rider_units = static_cast<int>(random_.one_in(2) ? 0 : random_.between(1, 63));
            d.rider_emissions = d.rider_units == 0 ? 0 : up_to(63);
            d.final_only = random_.one_in(4);
            d.row_base = static_cast<int>(random_.between(0, 16383));
            d.cell_base = static_cast<int>(random_.between(0, 16383));
        }
        Descriptor& last = memory_[static_cast<std::size_t>((entry_ + length - 1) % kEntries)];
        last.stop = 1;
        last.skew_max = skew;
    }

    void start(std::int64_t steps) {
        bench_->start_i = 1;
        bench_->entry_i = static_cast<CData>(entry_);
        bench_->steps_i = static_cast<IData>(steps);
        bench_->item_ready_i = 0;
        clock();
        bench_->start_i = 0;
    }

    /// @param stalls 0: the items are always taken; else less and less often
    void run_once(std::int64_t steps, int stalls) {
        const auto items = expected_items(memory_, entry_, steps, done_);
        if (fault_ == Fault::kInjected) {
            memory_[static_cast<std::size_t>(entry_)].k_x ^= 1;
        }
        checker_.check("fresh", done_, done_ == 0, bench_->fresh_o);
        start(steps);
        std::size_t taken = 0;
        const int patience = static_cast<int>(steps + 20) * 40;
        for (int idle = 0; bench_->busy_o != 0 && idle < patience;) {
            bench_->item_ready_i = stalls == 0 || random_.between(0, 2 * stalls) == 0;
            if (!valid() || bench_->item_ready_i == 0) {
                clock();
                idle += valid() ? 0 : 1;
                continue;
            }
            if (taken < items.size()) {
                compare(static_cast<std::int64_t>(taken), items[taken], get<Item>(bench_->item_o));
            }
            ++taken;
            clock();
        }
        checker_.check("items of a run", done_, static_cast<std::int64_t>(items.size()),
                       static_cast<std::int64_t>(taken));
        checker_.check("busy after a run", done_, 0, bench_->busy_o);
        done_ += steps;
        checker_.check("step number modulo 8", done_, done_ % 8, bench_->phase_o);
    }

    void compare(std::int64_t index, Item expected, Item got) {
        std::vector<std::int64_t> a;
        std::vector<std::int64_t> b;
        expected.visit([&](auto& value, int) { a.push_back(value); });
        got.visit([&](auto& value, int) { b.push_back(value); });
        for (std::size_t f = 0; f < a.size(); ++f) {
            checker_.check("item, field " + std::to_string(f), index, a[f], b[f]);
        }
    }

    bool valid() {
        feed();
        return bench_->item_valid_o != 0;
    }
    /// The program memory answers at once.
    void feed() {
        bench_.settle();
        put(bench_->descriptor_i, memory_.empty() ? Descriptor{} : memory_[bench_->program_entry_o]);
        bench_.settle();
    }
    void clock() {
        feed();
        bench_.tick();
        feed();
    }

    Checker checker_{"lacuna_walker"};
    Fault fault_;
    Testbench<Vwalker> bench_{21};
    SplitMix64 random_{22};
    std::vector<Descriptor> memory_;
    int entry_ = 0;
    std::int64_t done_ = 0;
};

TEST_CASE("walker gives the items of random programs") {
    CHECK_CLEAN(WalkerRun(Fault::kNone).run());
}
TEST_CASE("walker leaves no gap between items") {
    CHECK_CLEAN(WalkerRun(Fault::kNone).run_gapless());
}
TEST_CASE("walker: a changed descriptor is reported") {
    CHECK(WalkerRun(Fault::kInjected).run().mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
