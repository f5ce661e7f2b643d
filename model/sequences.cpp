#include "model/sequences.hpp"

#include <fmt/format.h>

namespace lacuna {

Sequences Sequences::chosen(const std::vector<long>& sequences) const {
    Sequences result;
    result.last_step = last_step;
    long positions = 0;
    for (const long s : sequences) {
        positions += length(s);
        result.starts.push_back(positions);
        if (!labels.empty()) {
            result.labels.push_back(labels[static_cast<std::size_t>(s)]);
        }
    }
    result.inputs.resize(inputs.rows(), positions);
    result.targets.resize(targets.rows(), targets.size() == 0 ? 0
                                          : last_step         ? static_cast<long>(sequences.size())
                                                              : positions);
    for (std::size_t i = 0; i < sequences.size(); ++i) {
        const long from = starts[static_cast<std::size_t>(sequences[i])];
        const long count = length(sequences[i]);
        result.inputs.middleCols(result.starts[i], count) = inputs.middleCols(from, count);
        if (targets.size() > 0 && last_step) {
            result.targets.col(static_cast<long>(i)) = targets.col(sequences[i]);
        } else if (targets.size() > 0) {
            result.targets.middleCols(result.starts[i], count) = targets.middleCols(from, count);
        }
    }
    return result;
}

Sequences Sequences::cut(long first, long end) const {
    Sequences result;
    result.last_step = last_step;
    result.starts = {0, end - first};
    result.inputs = inputs.middleCols(first, end - first);
    result.targets = targets.middleCols(first, end - first);
    return result;
}

ProblemList::~ProblemList() {
    if (count_ > kShown) {
        problems_.add(fmt::format("{} more {}", count_ - kShown, kind_));
    }
}

void ProblemList::add(const std::string& problem) {
    if (count_++ < kShown) {
        problems_.add(problem);
    }
}

}  // namespace lacuna
