#include "pack/cycle_model.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include "pack/cycle_walker.hpp"
#include "pack/cycle_writer.hpp"

namespace lacuna {
namespace {

using namespace cycles;

// Latencies of the RTL, in cycles, each named after what ends it.
constexpr Cycle kToFirstEmission = 6;   ///< plus T: from a group's last slot (lacuna_drain)
constexpr Cycle kEmissionToLinear = 9;  ///< to a linear output (lacuna_retire, ToValue)
constexpr Cycle kEmissionToH = 35;      ///< to h at the writer (lacuna_retire, ToH)
constexpr Cycle kToOutput = 2;          ///< from the linear output or h to the output buffer's end
constexpr int kInputSteps = 2;          ///< steps of x held at most (lacuna_input)
constexpr int kReleaseDelay = 2;        ///< cycles until a released half may be overwritten
constexpr int kTailCycles = 5;          ///< busy after the last group has retired (lacuna_engine)

class CycleModel {
  public:
    CycleModel(const Layout& layout, Mode mode, std::uint64_t steps, std::uint64_t warm_up)
        : layout_(layout),
          mode_(mode),
          steps_(steps),
          program_(layout.program(mode)),
          operations_(layout.program_operations(mode)),
          walker_(program_, steps),
          count_(layout, mode, steps, warm_up),
          held_step_(static_cast<std::size_t>(layout.banks), 0),
          credit_(layout.geometry.output_depth) {
        const Operation& last = layout.operations.back();
        for (int group = 0; group < last.descriptor.groups; ++group) {
            outputs_per_step_ += group_emissions(layout.geometry, last.group_units(group));
        }
        x_banks_ = layout.operations.front().descriptor.x_banks;
        x_base_ = layout.operations.front().descriptor.x_base;
    }

    RunStatistics run() {
        offer_input();
        input_edge(false);  // the cycle of start_i: the input is taken already
        ++now_;
        while (cycle()) {
        }
        return count_.finish();
    }

  private:
    struct Group {
        std::size_t entry = 0;
        int index = 0;
        std::uint64_t step = 0;
    };

    /// The host: gives the next input when it knows it.
    void offer_input() {
        if (offered_ == 0 && given_ < steps_ && (mode_ == Mode::Score || given_ <= taken_)) {
            offered_ = x_banks_;
            ++given_;
        }
    }

    /// lacuna_input and the memory's write port. @param writing the writer has the port
    void input_edge(bool writing) {
        const bool first = x_bank_ == 0;
        const bool take = offered_ > 0 && !writing && (!first || held_ != kInputSteps);
        if (take) {
            const int half = static_cast<int>(x_step_ % 2);
            const int bank = x_base_ + half * x_banks_ + x_bank_;
            hold(bank, x_step_);
            --offered_;
            if (++x_bank_ == x_banks_) {
                x_bank_ = 0;
                ++x_step_;
            }
            held_ += first ? 1 : 0;
        }
        held_ -= released_.back() ? 1 : 0;
        std::rotate(released_.rbegin(), released_.rbegin() + 1, released_.rend());
        released_.front() = false;
    }

    void issue_group(const Item& item) {
        const Operation& operation = layout_.operations[operations_[item.entry]];
        const Descriptor& d = program_[item.entry];
        const int units = operation.group_units(item.group);
        const auto places = group_places(layout_.geometry, units);
        const int emissions = places.front().emission + 1;
        gap_ = (item.group + 1 == d.groups ? d.emissions_last : d.emissions_full) - 1;
        credit_ -= outputs_of(item);
        ++flight_;
        const Cycle first = now_ + kToFirstEmission + layout_.geometry.tiles;
        const Cycle delay = d.linear ? kEmissionToLinear : kEmissionToH;
        int unit = operation.first_unit(item.group) + units - 1;
        for (int emission = 0; emission < emissions; ++emission) {
            const auto count = static_cast<int>(std::ranges::count_if(
                places, [&](const Place& place) { return place.emission == emission; }));
            const Cycle at = first + emission + delay;
            if (!d.linear) {
                emissions_.push_back({at + 1, d.h_base + static_cast<int>(item.group_step % 2) * d.h_banks,
                                      unit, count, emission + 1 == emissions,
                                      emission == 0 && item.group + 1 == d.groups, item.group_step});
            }
            if (d.emit) {
                outputs_.push_back(at + kToOutput);
            }
            unit -= count;
        }
        retires_.push_back(first + emissions + delay);
        if (item.riders) {
            ++flight_;
            for (int emission = 0; emission < d.rider_emissions; ++emission) {
                outputs_.push_back(first + emissions + emission + kEmissionToLinear + kToOutput);
            }
            retires_.push_back(first + emissions + d.rider_emissions + kEmissionToLinear);
        }
    }

    /// One cycle and its closing edge; false when it was the last.
    bool cycle() {
        offer_input();
        const bool output = !outputs_.empty() && outputs_.front() <= now_;

        // Issuer.
        const bool last_slot = left_ == 1;
        const bool group_end = valid_ && item_.last && last_slot;
        const bool fire = valid_ && ready_ && (!group_end || (gap_ == 0 && output_free_));
        const bool take = !valid_ || (fire && last_slot);
        IssueCycle issue;
        issue.fire = fire;
        issue.group = fire && group_end;
        issue.entry = entry_;
        if (valid_ && !ready_) {
            issue.wait = 1;
        } else if (group_end && gap_ != 0) {
            issue.wait = 2;
        } else if (group_end && !output_free_) {
            issue.wait = 4;
        }
        const bool busy = walker_.busy() || skid_.out() || valid_ || flight_ != 0 || tail_ != 0;
        count_.cycle(issue);
        const bool over = !busy && !output;

        // Clock edge. What tags and credit say in this cycle counts in the next.
        const Item next = take ? skid_.out().value_or(Item{}) : item_;
        const bool ready = take ? next.seen : is_new(item_) || (stays_ && is_ready(item_));
        stays_ = !take;
        output_free_ = !(fire && group_end) && credit_ >= outputs_of(next);
        if (gap_ > 0) {
            --gap_;
        }
        tail_ = flight_ != 0 ? kTailCycles : std::max(0, tail_ - 1);
        if (issue.group) {
            issue_group(item_);
        }
        if (fire && item_.releases_x && last_slot) {
            released_pending_ = true;
        }
        if (take) {
            valid_ = skid_.out().has_value();
            item_ = next;
            entry_ = item_.entry;
            left_ = item_.slots;
            ready_ = ready;
        } else {
            left_ -= fire ? 1 : 0;
            ready_ = ready_ || ready;
        }
        const bool accepted = walker_.valid() && skid_.ready();
        std::optional<Item> given;
        if (accepted) {
            given = walker_.item();
            given->seen = is_ready(*given);
        }
        skid_.edge(given, take);
        walker_.edge(accepted);

        new_bank_ = -1;
        const Writer::Request write = writer_.out();
        if (write.present && write.complete) {
            hold(write.bank, write.step);
        }
        input_edge(write.present);
        released_.front() = released_pending_;
        released_pending_ = false;
        std::optional<Emission> emission;
        if (!emissions_.empty() && emissions_.front().cycle == now_) {
            emission = emissions_.front();
            emissions_.pop_front();
        }
        writer_.edge(emission);
        retire();
        credit_ += returned_ ? 1 : 0;
        returned_ = output;
        if (output) {
            outputs_.pop_front();
            if (++outputs_seen_ == outputs_per_step_) {
                outputs_seen_ = 0;
                ++taken_;
            }
        }
        ++now_;
        return !over;
    }

    /// A bank is complete at the end of this cycle.
    void hold(int bank, std::uint64_t step) {
        held_step_[static_cast<std::size_t>(bank)] = step;
        new_bank_ = bank;
    }

    /// It became ready at the end of the cycle before.
    bool is_new(const Item& item) const { return new_bank_ == item.bank && is_ready(item); }

    bool is_ready(const Item& item) const {
        return !item.check || held_step_[static_cast<std::size_t>(item.bank)] == item.step;
    }

    void retire() {
        for (auto it = retires_.begin(); it != retires_.end();) {
            if (*it == now_) {
                --flight_;
                it = retires_.erase(it);
            } else {
                ++it;
            }
        }
    }

    /// Words of the output buffer that the item's group needs.
    int outputs_of(const Item& item) const {
        const Descriptor& d = program_[item.entry];
        if (d.emit) {
            return item.group + 1 == d.groups ? d.emissions_last : d.emissions_full;
        }
        return item.riders ? d.rider_emissions : 0;
    }

    const Layout& layout_;
    Mode mode_;
    std::uint64_t steps_;
    std::vector<Descriptor> program_;
    std::vector<std::size_t> operations_;
    Walker walker_;
    Skid skid_;
    CycleCount count_;
    Cycle now_ = 0;

    // Issuer.
    bool valid_ = false;
    bool ready_ = false;
    bool stays_ = false;  ///< the item was here in the cycle before
    Item item_;
    std::size_t entry_ = 0;
    int left_ = 0;
    int gap_ = 0;
    bool output_free_ = false;

    // Activation memory: the step whose value each bank holds.
    std::vector<std::uint64_t> held_step_;
    int new_bank_ = -1;  ///< that got its value at the end of the cycle before

    // Input.
    int x_base_ = 0;
    int x_banks_ = 0;
    int offered_ = 0;
    std::uint64_t given_ = 0;
    int x_bank_ = 0;
    std::uint64_t x_step_ = 1;
    int held_ = 0;
    std::array<bool, kReleaseDelay> released_{};
    bool released_pending_ = false;

    // Drain and output.
    std::deque<Emission> emissions_;
    std::deque<Cycle> outputs_;
    std::deque<Cycle> retires_;
    Writer writer_;
    int credit_;
    bool returned_ = false;  ///< a word was taken in the cycle before, which gives credit now
    int flight_ = 0;
    int tail_ = 0;
    int outputs_per_step_ = 0;
    int outputs_seen_ = 0;
    std::uint64_t taken_ = 0;
};

}  // namespace

RunStatistics predict_cycles(const Layout& layout, Mode mode, std::uint64_t steps, std::uint64_t warm_up) {
    return CycleModel(layout, mode, steps, warm_up).run();
}

}  // namespace lacuna
