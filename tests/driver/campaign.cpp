#include "tests/driver/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "driver/errors.hpp"
#include "golden/sampling.hpp"
#include "tests/driver/fixture.hpp"

namespace lacuna {
namespace {

constexpr double kMostReturn = 1.0;  // s of the line's time
constexpr int kMostAttempts = 200;   // of coming back
constexpr std::size_t kMostViolations = 10;

std::span<const std::int16_t> embedding(const QuantisedModel& model, int token) {
    const std::size_t size = model.input_size();
    return std::span(model.embedding).subspan(static_cast<std::size_t>(token) * size, size);
}

}  // namespace

void CampaignCounts::add(const CampaignCounts& other) {
    for (const auto count :
         {&CampaignCounts::requests, &CampaignCounts::steps, &CampaignCounts::values, &CampaignCounts::loads,
          &CampaignCounts::resent, &CampaignCounts::bad_frames, &CampaignCounts::timeouts,
          &CampaignCounts::sessions_lost, &CampaignCounts::gave_up, &CampaignCounts::hosts}) {
        this->*count += other.*count;
    }
    for (const auto count : {&FaultCounts::bytes, &FaultCounts::breaks, &FaultCounts::rates,
                             &FaultCounts::mutes, &FaultCounts::kills, &FaultCounts::resets}) {
        faults.*count += other.faults.*count;
    }
    longest_return = std::max(longest_return, other.longest_return);
    violations.insert(violations.end(), other.violations.begin(), other.violations.end());
}

Campaign::Campaign(std::uint64_t seed)
    : prng_(seed),
      simulation_(built_systems().front(), {seed, {}}),
      line_(simulation_, seed),
      named_(small_model(simulation_.parameters().geometry, seed)),
      golden_(named_.model) {
    start_host();
    load();
}

void Campaign::violation(const std::string& text) {
    if (counts_.violations.size() < kMostViolations) {
        counts_.violations.push_back(fmt::format("cycle {}: {}", simulation_.cycles(), text));
    }
}

void Campaign::collect_statistics() {
    if (board_) {
        const LinkStatistics& link = board_->device().statistics();
        counts_.requests += link.requests;
        counts_.resent += link.resent;
        counts_.bad_frames += link.bad_frames;
        counts_.timeouts += link.timeouts;
    }
}

const CampaignCounts& Campaign::counts() {
    collect_statistics();
    board_.reset();
    counts_.faults = line_.counts();
    return counts_;
}

void Campaign::start_host() {
    collect_statistics();
    board_.reset();
    line_.restart_host();
    ++counts_.hosts;
    board_ = std::make_unique<Board>(line_, simulated_options(prng_.next() | 1));
}

void Campaign::load() {
    state_known_ = false;
    board_->load(named_);
    ++counts_.loads;
    golden_.reset();
    steps_ = 0;
    state_known_ = true;
}

void Campaign::run(const LineFaults& faults, std::uint64_t requests) {
    line_.set_faults(faults);
    const auto done = [&] {
        return counts_.requests + (board_ ? board_->device().statistics().requests : 0);
    };
    const std::uint64_t end = done() + requests;
    while (done() < end && counts_.violations.size() < kMostViolations) {
        try {
            operation();
        } catch (const HostKilled&) {
            come_back(false);
        } catch (const SessionLost&) {
            ++counts_.sessions_lost;
            come_back(true);
        } catch (const NoAnswer&) {
            ++counts_.gave_up;
            come_back(false);
        } catch (const std::exception& error) {
            violation(fmt::format("unexpected error: {}", error.what()));
            come_back(false);
        }
    }
    line_.set_faults({});
    try {
        check_state();
    } catch (const SessionLost&) {
        come_back(true);
    }
}

void Campaign::come_back(bool session_lost) {
    const Transport::Duration start = line_.now();
    for (int attempt = 0;; ++attempt) {
        if (attempt == kMostAttempts) {
            throw Error("the campaign's board does not come back");
        }
        try {
            if (session_lost && attempt == 0) {
                board_->reopen();
            } else {
                start_host();
            }
            const double seconds = std::chrono::duration<double>(line_.now() - start).count();
            counts_.longest_return = std::max(counts_.longest_return, seconds);
            if (seconds > kMostReturn) {
                violation(fmt::format("back in service after {:.3f} s only", seconds));
            }
            account_for_steps();
            return;
        } catch (const HostKilled&) {
            continue;
        } catch (const NoAnswer&) {
            ++counts_.gave_up;
        } catch (const NotLacuna&) {  // of all replies only damaged ones came
            ++counts_.gave_up;
        } catch (const SessionLost&) {
            ++counts_.sessions_lost;
        }
    }
}

void Campaign::account_for_steps() {
    const bool reset = line_.was_reset();
    if (!board_->identity().model_valid) {
        if (state_known_ && !reset) {
            violation("the device lost its model without a reset");
        }
        under_way_.clear();
        results_.clear();
        load();
        return;
    }
    if (!board_->attach(named_)) {
        // Or it was reset between its two answers.
        if (board_->identity().model_valid || !line_.was_reset()) {
            violation("the device holds another model");
        }
        under_way_.clear();
        results_.clear();
        load();
        return;
    }
    if (reset) {
        // Loaded again before the reset was noticed: cannot be, since loading is noticed.
        violation("the device kept its model over a reset");
    }
    if (!state_known_) {
        under_way_.clear();
        results_.clear();
        set_state();
        return;
    }
    const std::uint32_t counted = board_->steps();
    if (counted < steps_ || counted > steps_ + under_way_.size()) {
        violation(fmt::format("the device made {} steps, expected {} to {}", counted, steps_,
                              steps_ + under_way_.size()));
        set_state();
        return;
    }
    advance(counted - steps_);
    under_way_.clear();
    results_.clear();
    check_state();
}

void Campaign::advance(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (std::exchange(sabotage_, false)) {
            ++steps_;
            continue;
        }
        golden_.step(under_way_[i]);
        ++steps_;
        if (i < results_.size() && !std::ranges::equal(results_[i], golden_.logits())) {
            violation(fmt::format("wrong outputs of step {}", steps_));
        }
    }
    counts_.steps += count;
    counts_.values += std::min(count, results_.size()) * golden_.logits().size();
}

void Campaign::finish_steps() {
    if (results_.size() != under_way_.size()) {
        violation(fmt::format("{} of {} steps came back", results_.size(), under_way_.size()));
    }
    advance(under_way_.size());
    under_way_.clear();
    results_.clear();
    if (board_->steps() != steps_) {
        violation(fmt::format("the driver counts {} steps, expected {}", board_->steps(), steps_));
    }
}

void Campaign::check_state() {
    if (board_->read_state() != golden_.state()) {
        violation(fmt::format("wrong state after step {}", steps_));
        set_state();
    }
}

void Campaign::set_state() {
    state_known_ = false;
    const ModelState state = random_state(prng_, named_.model);
    board_->write_state(state);
    golden_.set_state(state);
    steps_ = 0;
    state_known_ = true;
}

void Campaign::vectors(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        under_way_.push_back(random_input(prng_, named_.model.input_size(), prng_.one_in(4)));
    }
    std::size_t given = 0;
    board_->run(
        prng_.one_in(2) ? Mode::Score : Mode::Generate,
        [&]() -> std::optional<std::vector<std::int16_t>> {
            return given < under_way_.size() ? std::optional(under_way_[given++]) : std::nullopt;
        },
        [&](std::span<const std::int32_t> outputs) { results_.emplace_back(outputs.begin(), outputs.end()); },
        {}, static_cast<std::size_t>(prng_.between(1, 3)));
    finish_steps();
}

void Campaign::tokens(std::size_t count) {
    std::vector<int> tokens(count);
    for (int& token : tokens) {
        token = static_cast<int>(prng_.between(0, static_cast<std::int64_t>(named_.model.vocab.size()) - 1));
        const auto x = embedding(named_.model, token);
        under_way_.emplace_back(x.begin(), x.end());
    }
    std::size_t given = 0;
    board_->run_tokens(
        [&] { return given < count ? std::optional(tokens[given++]) : std::nullopt; },
        [&](std::span<const std::int32_t> outputs) { results_.emplace_back(outputs.begin(), outputs.end()); },
        {}, 2);
    finish_steps();
}

void Campaign::generation(std::size_t count) {
    GoldenModel ahead = golden_;
    int token = static_cast<int>(prng_.between(0, static_cast<std::int64_t>(named_.model.vocab.size()) - 1));
    const int first = token;
    std::vector<int> expected;
    std::vector<std::vector<std::int32_t>> logits;
    for (std::size_t i = 0; i < count; ++i) {
        const auto x = embedding(named_.model, token);
        under_way_.emplace_back(x.begin(), x.end());
        ahead.step_token(token);
        logits.emplace_back(ahead.logits().begin(), ahead.logits().end());
        token = argmax(ahead.logits());
        expected.push_back(token);
    }
    if (board_->generate(first, count) != expected) {
        violation(fmt::format("wrong tokens after step {}", steps_));
    }
    results_ = std::move(logits);  // no outputs came; the tokens stand for them
    finish_steps();
}

void Campaign::operation() {
    const auto count = static_cast<std::size_t>(prng_.between(1, 6));
    switch (prng_.between(0, 15)) {
        case 0:
            check_state();
            break;
        case 1:
            set_state();
            break;
        case 2:
            board_->counters();
            break;
        case 3:
            if (prng_.one_in(8)) {
                load();
            }
            break;
        case 4:
        case 5:
        case 6:
            tokens(count);
            break;
        case 7:
        case 8:
            generation(count);
            break;
        default:
            vectors(count);
    }
}

}  // namespace lacuna
