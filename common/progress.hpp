// A progress line on standard error: rewritten in place on a terminal, one line every while in a log.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace lacuna {

class Progress {
  public:
    enum class Output { StandardError, None };

    /// @param label what is being done; @param total steps in all; @param done steps done by an earlier run
    Progress(std::string label, std::size_t total, std::size_t done = 0,
             Output output = Output::StandardError);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Reports that `done` steps are complete; shows at most four lines a second (a terminal) or two a
    /// minute.
    /// @param detail shown after the counts
    void update(std::size_t done, const std::string& detail);

    /// Prints a line of its own, without tearing the progress line.
    void note(const std::string& line);

  private:
    void clear_line();

    using Clock = std::chrono::steady_clock;
    std::string label_;
    std::size_t total_;
    std::size_t first_;
    Output output_;
    bool terminal_;
    bool line_open_ = false;
    Clock::time_point start_ = Clock::now();
    Clock::time_point shown_ = start_;
};

/// Seconds as a person says them: 7s, 3m05s, 2h14m.
std::string duration_text(double seconds);

}  // namespace lacuna
