#include "common/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace lacuna {

namespace {

constexpr double kTerminalInterval = 0.25;
constexpr double kLogInterval = 30.0;

}  // namespace

std::string duration_text(double seconds) {
    const auto whole = std::lround(seconds);
    if (whole < 60) {
        return fmt::format("{}s", whole);
    }
    if (whole < 3600) {
        return fmt::format("{}m{:02}s", whole / 60, whole % 60);
    }
    return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

Progress::Progress(std::string label, std::size_t total, std::size_t done, Output output)
    : label_(std::move(label)),
      total_(total),
      first_(done),
      output_(output),
      terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
    if (line_open_) {
        std::fputc('\n', stderr);
    }
}

void Progress::update(std::size_t done, const std::string& detail) {
    const auto now = Clock::now();
    const double since = std::chrono::duration<double>(now - shown_).count();
    const double interval = terminal_ ? kTerminalInterval : kLogInterval;
    if (output_ == Output::None || (since < interval && done != total_)) {
        return;
    }
    shown_ = now;
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    const double left =
        done > first_ ? elapsed * static_cast<double>(total_ - done) / static_cast<double>(done - first_)
                      : 0.0;
    clear_line();
    fmt::print(stderr, "{}: {}/{} ({:.0f} %) {}, {} gone, {} left{}", label_, done, total_,
               100.0 * static_cast<double>(done) / static_cast<double>(total_), detail,
               duration_text(elapsed), duration_text(left), terminal_ ? "" : "\n");
    std::fflush(stderr);
    line_open_ = terminal_;
}

void Progress::note(const std::string& line) {
    if (output_ == Output::None) {
        return;
    }
    clear_line();
    fmt::print(stderr, "{}\n", line);
    std::fflush(stderr);
}

void Progress::clear_line() {
    if (line_open_) {
        fmt::print(stderr, "\r\x1b[K");
        line_open_ = false;
    }
}

}  // namespace lacuna
