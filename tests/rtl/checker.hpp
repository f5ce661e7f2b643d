// What a test of a module compares, and the fault it can be given to prove that it would notice one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iostream>
#include <optional>
#include <string>

namespace lacuna::rtl_test {

/// Compares values, counts the differences and prints the first few: what, index, expected, got.
class Checker {
  public:
    explicit Checker(std::string subject) : subject_(std::move(subject)) {}

    void check(const std::string& what, std::int64_t index, std::int64_t expected, std::int64_t got) {
        ++compared_;
        if (expected == got) {
            return;
        }
        if (++mismatches_ <= kPrinted && !quiet_) {
            std::cerr << subject_ << ": " << what << " [" << index << "] expected " << expected << ", got "
                      << got << '\n';
        }
    }

    /// For runs with an injected fault: mismatches are wanted, so they are not printed.
    void be_quiet() { quiet_ = true; }

    std::int64_t mismatches() const { return mismatches_; }
    std::int64_t compared() const { return compared_; }

  private:
    static constexpr std::int64_t kPrinted = 8;
    std::string subject_;
    bool quiet_ = false;
    std::int64_t mismatches_ = 0;
    std::int64_t compared_ = 0;
};

/// Whether a run damages what it gives to the module (never what it expects), to show that the checker
/// reports it.
enum class Fault { kNone, kInjected };

/// Values that a module answers a fixed number of cycles later: next(v) returns the value given `latency`
/// calls ago.
template <class Value>
class DelayLine {
  public:
    explicit DelayLine(std::size_t latency) : latency_(latency) {}

    std::optional<Value> next(Value value) {
        values_.push_back(value);
        if (values_.size() <= latency_) {
            return std::nullopt;
        }
        const Value old = values_.front();
        values_.pop_front();
        return old;
    }

  private:
    std::size_t latency_;
    std::deque<Value> values_;
};

}  // namespace lacuna::rtl_test

/// The run must compare something and find no difference.
#define CHECK_CLEAN(checker)             \
    do {                                 \
        const auto& result = (checker);  \
        CHECK(result.mismatches() == 0); \
        CHECK(result.compared() > 0);    \
    } while (false)
