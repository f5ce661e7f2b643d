// lacuna_issuer: every slot of every item once, in order, never before its bank, the drain ports, the output
// buffer and the drain's queue allow it, and without a lost cycle when they do.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "Vissuer.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/records.hpp"

namespace lacuna::rtl_test {
namespace {

constexpr int kBanks = 32;
constexpr int kMostCredit = 64;

class IssuerRun {
  public:
    /// @param obstacles whether banks become ready late, credit and queue run short, and items come with
    /// pauses
    IssuerRun(Fault fault, bool obstacles) : fault_(fault), obstacles_(obstacles) {
        if (fault == Fault::kInjected) {
            checker_.be_quiet();
        }
        bench_->item_valid_i = 0;
        bench_->credit_i = 0;
        bench_.reset(2);
    }

    Checker run() {
        std::int64_t slots = 0;
        for (int g = 0; g < 400; ++g) {
            slots += make_group();
        }
        while (fired_items_ < items_.size() && bench_.cycles() < 200'000) {
            cycle();
        }
        checker_.check("items done", 0, static_cast<std::int64_t>(items_.size()),
                       static_cast<std::int64_t>(fired_items_));
        if (!obstacles_) {
            checker_.check("cycles for all slots", 0, slots,
                           static_cast<std::int64_t>(last_fire_ - first_fire_ + 1));
        }
        for (int i = 0; i < 5; ++i) {
            cycle();
        }
        checker_.check("busy in the end", 0, 0, bench_->busy_o);
        return checker_;
    }

  private:
    int make_group() {
        auto group = get<Group>(std::vector<std::uint32_t>{bits(), bits(), bits(), bits()});
        // Without obstacles, a group has at least as many slots as emissions, so that the ports never make it
        // wait.
        const int banks = static_cast<int>(random_.between(1, 4));
        group.emissions = static_cast<int>(random_.between(1, obstacles_ ? 30 : 1));
        group.outputs = obstacles_ && random_.one_in(2) ? group.emissions : 0;
        int slots = 0;
        for (int b = 0; b < banks; ++b) {
            Item item;
            item.group = group;
            item.first = b == 0;
            item.last = b == banks - 1;
            item.releases_x = item.last != 0 && random_.one_in(2);
            item.shift = static_cast<int>(random_.between(0, 7));
            item.slots = static_cast<int>(random_.between(1, 16));
            if (!obstacles_ && item.first != 0 && item.last != 0) {
                item.slots = std::max(item.slots, 2);  // a group of one slot waits for its room
            }
            item.weight = static_cast<int>(random_.between(0, 65535));
            item.tag = static_cast<int>(random_.between(0, 3));
            item.check = random_.between(0, 3) != 0;
            item.bank = static_cast<int>(random_.between(0, kBanks - 1));
            slots += item.slots;
            items_.push_back(item);
        }
        return slots;
    }

    void cycle() {
        const bool offered = given_ < items_.size() && (!obstacles_ || random_.between(0, 5) != 0);
        Item offer = given_ < items_.size() ? items_[given_] : Item{};
        offer.weight ^= fault_ == Fault::kInjected && given_ == 100 ? 1 : 0;
        put(bench_->item_i, offer);
        bench_->item_valid_i = offered;
        const int credit = obstacles_ ? static_cast<int>(random_.between(0, kMostCredit)) : kMostCredit;
        bench_->credit_i = static_cast<SData>(credit);
        const auto known = tags_;
        turned_.clear();
        turn_a_tag();
        bench_.settle();
        const auto wanted = static_cast<std::size_t>(bench_->wanted_bank_o % kBanks);
        const bool is_new = std::ranges::count(turned_, wanted) != 0 && tags_[wanted] == bench_->wanted_tag_o;
        const bool is_held = held_tag_ == bench_->wanted_tag_o;
        bench_->new_i = is_new;
        bench_->held_i = is_held;
        bench_->item_seen_i = offer.check == 0 || tags_[static_cast<std::size_t>(offer.bank)] == offer.tag;
        held_tag_ = known[wanted];
        bench_.settle();

        const bool work = fired_items_ < given_;
        checker_.check("busy", now(), work, bench_->busy_o);
        // The answer of this cycle's lookup counts from the next cycle on.
        const bool could = work && ready_ && (!group_end() || (port_free() && output_free_));
        checker_.check("fire", now(), could, bench_->fire_o);
        if (bench_->fire_o != 0 && work) {
            check_slot();
        } else {
            checker_.check("group without a slot", now(), 0, bench_->group_valid_o);
            checker_.check("release without a slot", now(), 0, bench_->releases_x_o);
        }
        check_waits(work);
        const bool ended = bench_->group_valid_o != 0;
        if (bench_->fire_o != 0 && work) {
            advance();
        }
        const bool taken = offered && bench_->item_ready_o != 0;
        const bool waiting = fired_items_ < given_;
        if (waiting) {
            ready_ = ready_ || is_new || (stays_ && is_held);
        } else if (taken) {
            ready_ = items_[given_].check == 0 ||
                     tags_[static_cast<std::size_t>(items_[given_].bank)] == items_[given_].tag;
        }
        stays_ = waiting;
        checker_.check("item_ready", now(), !waiting, bench_->item_ready_o);
        // Room seen in this cycle counts in the next, but not before a group that ends now was taken off.
        const Group& next = waiting ? items_[fired_items_].group : offer.group;
        output_free_ = !ended && credit >= next.outputs;
        given_ += taken ? 1 : 0;
        bench_.tick();
    }

    /// Banks get their tags in the order in which they are asked for, sooner or later.
    void turn_a_tag() {
        if (obstacles_ && !random_.one_in(8)) {
            return;
        }
        const std::size_t wanted =
            fired_items_ < given_ && !(items_[fired_items_].check == 0 || ready_) ? fired_items_ : given_;
        if (wanted < items_.size()) {
            turn(items_[wanted]);
        }
        if (!obstacles_) {  // the next item as well: it is looked up while the last slot of this one leaves
            const std::size_t next = std::min(given_, items_.size() - 1);
            turn(items_[next]);
        }
    }

    void turn(const Item& item) {
        tags_[static_cast<std::size_t>(item.bank)] = item.tag;
        turned_.push_back(static_cast<std::size_t>(item.bank));
    }

    bool group_end() const {
        const Item& item = items_[fired_items_];
        return item.last != 0 && slot_ == item.slots - 1;
    }
    /// A group occupies the ports for its emissions, from its last slot on.
    bool port_free() const { return bench_cycles() >= port_free_at_; }

    void check_slot() {
        const Item& item = items_[fired_items_];
        checker_.check("bank", now(), item.bank, bench_->bank_o);
        checker_.check("weight address", now(), (item.weight + slot_) % 0x100000, bench_->weight_o);
        const Wave expected{item.shift, group_end(), item.first != 0 && slot_ == 0, 1, 0, 0};
        checker_.check("wave", now(), 1, get<Wave>(bench_->wave_o) == expected);
        checker_.check("group_valid", now(), group_end(), bench_->group_valid_o);
        checker_.check("releases_x", now(), item.releases_x != 0 && slot_ == item.slots - 1,
                       bench_->releases_x_o);
        checker_.check("entry", now(), item.group.entry, bench_->entry_o);
        if (group_end()) {
            checker_.check("group unchanged", now(), 1, get<Group>(bench_->group_o) == item.group);
        }
    }

    void check_waits(bool work) {
        const bool end = work && group_end();
        checker_.check("wait for bank", now(), work && !ready_, bench_->wait_bank_o);
        checker_.check("wait for port", now(), work && ready_ && end && !port_free(), bench_->wait_port_o);
        checker_.check("wait for output", now(), work && ready_ && end && port_free() && !output_free_,
                       bench_->wait_output_o);
    }

    void advance() {
        last_fire_ = bench_.cycles();
        first_fire_ = first_fire_ == 0 ? last_fire_ : first_fire_;
        const Item& item = items_[fired_items_];
        if (group_end()) {
            port_free_at_ = bench_.cycles() + static_cast<std::uint64_t>(item.group.emissions);
        }
        if (++slot_ == item.slots) {
            slot_ = 0;
            ++fired_items_;
            ready_ = false;
        }
    }

    std::int64_t now() const { return static_cast<std::int64_t>(bench_.cycles()); }
    std::uint64_t bench_cycles() const { return bench_.cycles(); }
    std::uint32_t bits() { return static_cast<std::uint32_t>(random_.next()); }

    Checker checker_{"lacuna_issuer"};
    Fault fault_;
    bool obstacles_;
    Testbench<Vissuer> bench_{27};
    SplitMix64 random_{28};
    std::vector<Item> items_;
    std::array<int, kBanks> tags_{};
    std::vector<std::size_t> turned_;  ///< banks whose tags were written in this cycle
    int held_tag_ = 0;                 ///< the memory's answer to the question of the cycle before
    std::size_t given_ = 0;            ///< items taken by the issuer
    std::size_t fired_items_ = 0;      ///< items whose slots were all issued
    int slot_ = 0;                     ///< of the item at work
    bool ready_ = false;               ///< its bank was seen ready
    bool stays_ = false;               ///< it was here in the cycle before
    bool output_free_ = false;         ///< room for its group was seen
    std::uint64_t port_free_at_ = 0, first_fire_ = 0, last_fire_ = 0;
};

TEST_CASE("issuer waits for everything it must") {
    CHECK_CLEAN(IssuerRun(Fault::kNone, true).run());
}
TEST_CASE("issuer loses no cycle") {
    CHECK_CLEAN(IssuerRun(Fault::kNone, false).run());
}
TEST_CASE("issuer: a changed item is reported") {
    CHECK(IssuerRun(Fault::kInjected, true).run().mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
