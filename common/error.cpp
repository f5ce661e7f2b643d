#include "common/error.hpp"

#include <fmt/format.h>

namespace lacuna {

void Problems::throw_if_any(const std::string& advice) const {
    if (problems_.empty()) {
        return;
    }
    std::string text = subject_ + ": ";
    if (problems_.size() == 1) {
        text += problems_.front();
    } else {
        text += fmt::format("{} problems", problems_.size());
        for (const auto& problem : problems_) {
            text += "\n  - " + problem;
        }
    }
    if (!advice.empty()) {
        text += "\n  " + advice;
    }
    throw Error(text);
}

}  // namespace lacuna
