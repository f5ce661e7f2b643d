// The one exception type of Lacuna.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace lacuna {

/// A failure that a person can act on. The text says what is wrong, where, what was found, what was
/// expected, and what to do now. Thrown by libraries, printed by `main` (exit code 1).
class Error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Collects all problems of one input, so that its user sees them at once instead of one per attempt.
class Problems {
  public:
    /// @param subject what is being checked, for instance `model file 'm.safetensors'`
    explicit Problems(std::string subject) : subject_(std::move(subject)) {}

    void add(std::string problem) { problems_.push_back(std::move(problem)); }
    bool empty() const { return problems_.empty(); }
    std::size_t size() const { return problems_.size(); }

    /// Throws one `Error` that lists every problem added so far; does nothing when there is none.
    /// @param advice what the user can do now; appended as the last line
    void throw_if_any(const std::string& advice = "") const;

  private:
    std::string subject_;
    std::vector<std::string> problems_;
};

}  // namespace lacuna
