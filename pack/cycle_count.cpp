#include "pack/cycle_count.hpp"

#include <algorithm>

namespace lacuna {

OperationCycles& OperationCycles::operator+=(const OperationCycles& more) {
    sweep += more.sweep;
    wait_bank += more.wait_bank;
    wait_port += more.wait_port;
    wait_output += more.wait_output;
    other += more.other;
    return *this;
}

OperationCycles& OperationCycles::operator-=(const OperationCycles& less) {
    sweep -= less.sweep;
    wait_bank -= less.wait_bank;
    wait_port -= less.wait_port;
    wait_output -= less.wait_output;
    other -= less.other;
    return *this;
}

double RunStatistics::cycles_per_step() const {
    if (steady_steps > 0) {
        return static_cast<double>(steady_cycles) / static_cast<double>(steady_steps);
    }
    return steps == 0 ? 0.0 : static_cast<double>(cycles) / static_cast<double>(steps);
}

CycleCount::CycleCount(const Layout& layout, Mode mode, std::uint64_t steps, std::uint64_t warm_up)
    : operation_of_(layout.program_operations(mode)), steps_(steps) {
    const auto program = layout.program(mode);
    stop_entry_ = program.size() - (program.back().final_only ? 2 : 1);
    stop_groups_ = program[stop_entry_].groups;
    // That operation runs `steps` times; its last `skew` runs only empty the pipeline of steps.
    const auto skew = static_cast<std::uint64_t>(program[stop_entry_].skew);
    const std::uint64_t whole = steps > skew ? steps - skew : 0;
    first_ = std::min(warm_up, whole > 1 ? whole - 1 : 0);
    end_ = whole;
    now_.operations.resize(layout.operations.size());
}

void CycleCount::cycle(const IssueCycle& issue) {
    ++now_.cycles;
    OperationCycles& operation = now_.operations[operation_of_.at(issue.entry)];
    if (issue.fire) {
        ++operation.sweep;
    } else if ((issue.wait & 1U) != 0) {
        ++operation.wait_bank;
    } else if ((issue.wait & 2U) != 0) {
        ++operation.wait_port;
    } else if ((issue.wait & 4U) != 0) {
        ++operation.wait_output;
    } else {
        ++operation.other;
    }
    if (issue.group && issue.entry == stop_entry_ && ++groups_ == stop_groups_) {
        groups_ = 0;
        ++iterations_;
        if (iterations_ == first_) {
            begin_ = now_;
        }
        if (iterations_ == end_) {
            stop_ = now_;
        }
    }
}

RunStatistics CycleCount::finish() const {
    RunStatistics result;
    result.steps = steps_;
    result.cycles = now_.cycles;
    if (first_ == 0 || end_ <= first_ || stop_.operations.empty()) {
        result.operations = now_.operations;
        return result;
    }
    result.steady_steps = end_ - first_;
    result.steady_cycles = stop_.cycles - begin_.cycles;
    result.operations = stop_.operations;
    for (std::size_t i = 0; i < result.operations.size(); ++i) {
        result.operations[i] -= begin_.operations[i];
    }
    return result;
}

}  // namespace lacuna
