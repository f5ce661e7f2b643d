// The sequencer's front in the cycle model: walker and the register behind it. Only for pack/cycle_model.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "pack/descriptor.hpp"

namespace lacuna::cycles {

inline constexpr int kToKnown = 2;        ///< from an entry's number to its descriptor (lacuna_walker)
inline constexpr int kAfterAdvance = -1;  ///< in the cycle before a new entry's number is set

/// One bank of one sweep (lacuna_pkg::item_t).
struct Item {
    int bank = 0;
    bool check = false;
    std::uint64_t step = 0;  ///< whose value the bank must hold
    int slots = 0;
    bool last = false;  ///< of the group
    bool releases_x = false;
    std::size_t entry = 0;
    int group = 0;
    std::uint64_t group_step = 0;
    bool riders = false;  ///< of the group
    bool seen = false;    ///< its bank was ready when the walker gave it
};

/// lacuna_walker: a program as a stream of items.
class Walker {
  public:
    Walker(const std::vector<Descriptor>& program, std::uint64_t steps) : program_(program), left_(steps) {}

    bool busy() const { return state_ != State::Idle; }
    bool valid() const { return state_ == State::Walk; }
    const Item& item() const { return item_; }

    /// The clock edge. @param taken the item was taken in this cycle
    void edge(bool taken) {
        const bool known = age_ == kToKnown && !ended_;
        const bool active = known && next_active();
        const bool finished = state_ == State::Walk && taken && last_of_all();
        const bool loaded = (state_ == State::Fetch || finished) && active;
        const bool over = ended_;
        age_ = std::min(age_ + 1, kToKnown);
        if (loaded) {
            load();
            state_ = State::Walk;
        } else if (state_ == State::Fetch && over) {
            state_ = State::Idle;
        } else if (finished) {
            state_ = State::Fetch;
        } else if (state_ == State::Walk && taken) {
            step_on();
        }
        if (advancing_) {
            advance();
        }
        advancing_ = loaded || (known && !active);
        if (advancing_) {
            age_ = kAfterAdvance;
        }
    }

  private:
    enum class State { Idle, Fetch, Walk };

    bool last_of_part() const { return bank_ + 1 == (in_h_ ? now().h_banks : now().x_banks); }
    bool last_of_group() const { return last_of_part() && (second_ || now().h_banks == 0); }
    bool last_of_all() const { return last_of_group() && group_ + 1 == now().groups; }
    const Descriptor& now() const { return program_[entry_]; }

    /// Whether the step of the next descriptor exists.
    bool next_active() const {
        const Descriptor& next = program_[next_];
        const auto skew = static_cast<std::uint64_t>(next.skew);
        return iteration_ >= skew && over_ <= skew && (!next.final_only || (left_ == 1 && over_ == skew));
    }

    /// Moves on to the next descriptor, one cycle after that was decided.
    void advance() {
        const Descriptor& next = program_[next_];
        const bool run_ends = next.stop && left_ == 1 && over_ == static_cast<std::uint64_t>(next.skew_max);
        next_ = next.stop ? 0 : next_ + 1;
        ended_ = run_ends;
        if (next.stop && !run_ends) {
            ++iteration_;
            if (left_ == 1) {
                ++over_;
            } else {
                --left_;
            }
        }
    }

    void load() {
        entry_ = next_;
        riders_ = iteration_ != static_cast<std::uint64_t>(now().skew);
        step_ = iteration_ - static_cast<std::uint64_t>(now().skew) + 1;  // of the run, from 1
        group_ = 0;
        begin_group();
    }

    void begin_group() {
        in_h_ = now().h_first;
        second_ = false;
        bank_ = 0;
        fill();
    }

    void step_on() {
        if (!last_of_part()) {
            ++bank_;
        } else if (!last_of_group()) {
            in_h_ = !in_h_;
            second_ = true;
            bank_ = 0;
        } else {
            ++group_;
            begin_group();
            return;
        }
        fill();
    }

    void fill() {
        const Descriptor& d = now();
        const std::uint64_t step = in_h_ ? step_ - 1 : step_;
        const int half = static_cast<int>(step % 2);
        item_.bank = (in_h_ ? d.h_base + half * d.h_banks : d.x_base + half * d.x_banks) + bank_;
        item_.check = step != 0;  // step 0 is the state before the run
        item_.step = step;
        if (in_h_) {
            item_.slots = last_of_part() ? d.k_h_last : d.k_h;
        } else {
            item_.slots = last_of_part() ? d.k_x_last : d.k_x;
        }
        item_.last = last_of_group();
        item_.releases_x = last_of_all() && d.reads_input;
        item_.entry = entry_;
        item_.group = group_;
        item_.group_step = step_;
        item_.riders = riders_ && group_ + 1 == d.groups && d.rider_units > 0;
    }

    const std::vector<Descriptor>& program_;
    State state_ = State::Fetch;
    std::size_t next_ = 0;
    int age_ = 0;  ///< cycles since next_ was set, kToKnown at most
    bool advancing_ = false;
    std::uint64_t left_;
    std::uint64_t iteration_ = 0;
    std::uint64_t over_ = 0;
    bool ended_ = false;

    std::size_t entry_ = 0;
    std::uint64_t step_ = 0;
    int group_ = 0;
    int bank_ = 0;
    bool in_h_ = false;
    bool second_ = false;
    bool riders_ = false;
    Item item_;
};

/// lacuna_skid between walker and issuer.
class Skid {
  public:
    const std::optional<Item>& out() const { return out_; }
    bool ready() const { return !wait_; }

    /// @param given what the walker offers and ready() lets in
    void edge(const std::optional<Item>& given, bool taken) {
        if (!out_ || taken) {
            out_ = wait_ ? wait_ : given;
            wait_.reset();
        } else if (given) {
            wait_ = given;
        }
    }

  private:
    std::optional<Item> out_, wait_;
};

}  // namespace lacuna::cycles
