#include "sim/statistics.hpp"

#include <algorithm>

namespace lacuna {
double RunStatistics::cycles_per_step() const {
    if (steady_steps > 0) {
        return static_cast<double>(steady_cycles) / static_cast<double>(steady_steps);
    }
    return steps == 0 ? 0.0 : static_cast<double>(cycles) / static_cast<double>(steps);
}

Statistics::Statistics(const Layout& layout, Mode mode, std::uint64_t steps, std::uint64_t warm_up)
    : steps_(steps) {
    const auto program = layout.program(mode);
    stop_entry_ = Layout::entry(mode) + static_cast<int>(program.size()) - 1;
    stop_groups_ = program.back().groups;
    // The last operation runs `steps` times; its last `skew` runs only empty the pipeline of steps.
    const auto skew = static_cast<std::uint64_t>(program.back().skew);
    const std::uint64_t whole = steps > skew ? steps - skew : 0;
    first_ = std::min(warm_up, whole > 1 ? whole - 1 : 0);
    end_ = whole;
    now_.operations.resize(layout.operations.size());
}

void Statistics::cycle(const EngineOutputs& out, const std::vector<std::size_t>& operation_of) {
    ++now_.cycles;
    OperationCycles& operation = now_.operations[operation_of[static_cast<std::size_t>(out.entry)]];
    if (out.fire) {
        ++operation.sweep;
    } else if ((out.wait & 1U) != 0) {
        ++operation.wait_bank;
    } else if ((out.wait & 2U) != 0) {
        ++operation.wait_port;
    } else if ((out.wait & 4U) != 0) {
        ++operation.wait_output;
    } else {
        ++operation.other;
    }
    if (out.group && out.entry == stop_entry_ && ++groups_ == stop_groups_) {
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

RunStatistics Statistics::finish() const {
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
        OperationCycles& operation = result.operations[i];
        operation.sweep -= begin_.operations[i].sweep;
        operation.wait_bank -= begin_.operations[i].wait_bank;
        operation.wait_port -= begin_.operations[i].wait_port;
        operation.wait_output -= begin_.operations[i].wait_output;
        operation.other -= begin_.operations[i].other;
    }
    return result;
}

}  // namespace lacuna
