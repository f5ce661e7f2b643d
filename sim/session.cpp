#include "sim/session.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lacuna {
namespace {

/// Cycles without a slot, a result or a new input after which the engine counts as stuck.
constexpr std::uint64_t kStuckCycles = 100000;
constexpr std::uint64_t kMemoryTimeout = 100000;  // a clear takes one cycle a row

}  // namespace

std::string Mismatch::to_string() const {
    return fmt::format("step {}, {}, {} of unit {}: expected {}, got {}", step, layer, value, unit, expected,
                       got);
}

Session::Session(Engine& engine, const QuantisedModel& model, Load load)
    : engine_(engine), layout_(lay_out(model, engine.geometry())), golden_(model) {
    progress_.resize(layout_.operations.size());
    const std::uint64_t before = engine_.cycles();
    for (const MemoryWord& word : pack(model, layout_)) {
        if (load == Load::Port || !engine_.poke(word)) {
            write(word);
        }
    }
    load_cycles_ = engine_.cycles() - before;
    clear();
}

void Session::write(const MemoryWord& word) {
    EngineInputs in;
    in.mem_valid = true;
    in.mem_write = true;
    in.mem = word;
    for (std::uint64_t waited = 0; !engine_.tick(in).mem_ready; ++waited) {
        if (waited > kMemoryTimeout) {
            throw Error("engine takes no memory access; is a run under way?");
        }
    }
}

std::uint64_t Session::read(Space space, std::uint8_t select, std::uint32_t address) {
    EngineInputs in;
    in.mem_valid = true;
    in.mem = {space, select, address, 0};
    for (std::uint64_t waited = 0; waited < kMemoryTimeout; ++waited) {
        const EngineOutputs out = engine_.tick(in);
        if (out.mem_ready) {
            in.mem_valid = false;
        }
        if (out.mem_rvalid) {
            return out.mem_rdata;
        }
    }
    throw Error("engine does not answer a memory read");
}

void Session::wait_idle() {
    for (std::uint64_t waited = 0; engine_.tick({}).busy; ++waited) {
        if (waited > kMemoryTimeout) {
            throw Error("engine does not become idle; is a run stuck?");
        }
    }
}

void Session::clear() {
    wait_idle();
    EngineInputs in;
    in.clear = true;
    engine_.tick(in);
    wait_idle();
    golden_.reset();
}

void Session::set_state(const ModelState& state) {
    const auto words = pack_state(state, layout_);
    clear();
    for (const MemoryWord& word : words) {
        write(word);
    }
    golden_.set_state(state);
}

ModelState Session::read_state() {
    return unpack_state(layout_, engine_.tick({}).phase & 1,
                        [this](Space space, std::uint8_t select, std::uint32_t address) {
                            return read(space, select, address);
                        });
}

const Session::Expected* Session::expected(std::uint64_t step) const {
    if (step < first_expected_ || step - first_expected_ >= expected_.size()) {
        return nullptr;
    }
    return &expected_[step - first_expected_];
}

void Session::compare(std::uint64_t step, std::size_t operation, const char* value, int unit, long expected,
                      long got) {
    ++checked_;
    if (expected == got) {
        return;
    }
    ++mismatches_;
    if (!first_mismatch_) {
        const Operation& op = layout_.operations[operation];
        first_mismatch_ = {step, op.head ? "head" : fmt::format("layer {}", op.layer), value, unit, expected,
                           got};
    }
}

int Session::next_unit(std::size_t operation) const {
    const Operation& op = layout_.operations[operation];
    const int seen = progress_[operation].seen;
    const int group = seen / op.descriptor.units_full;
    return op.first_unit(group) + op.group_units(group) - 1 - (seen - op.first_unit(group));
}

void Session::finish_unit(std::size_t operation) {
    Progress& progress = progress_[operation];
    if (++progress.seen < layout_.operations[operation].units) {
        return;
    }
    progress = {progress.step + 1, 0};
    const auto slowest = std::min_element(progress_.begin(), progress_.end(),
                                          [](const auto& a, const auto& b) { return a.step < b.step; });
    while (first_expected_ < std::min(slowest->step, output_step_) && !expected_.empty()) {
        expected_.pop_front();
        ++first_expected_;
    }
}

void Session::check_h(std::size_t operation, int unit, int h, int c) {
    const std::uint64_t step = progress_[operation].step;
    const Operation& op = layout_.operations[operation];
    const Expected* want = expected(step);
    if (want == nullptr || unit < 0 || unit >= op.units) {
        compare(step, operation, "order", unit, op.units, unit);
    } else {
        compare(step, operation, "order", unit, next_unit(operation), unit);
        const auto u = static_cast<std::size_t>(unit);
        compare(step, operation, "c", unit, want->state.c[op.layer][u], c);
        compare(step, operation, "h", unit, want->state.h[op.layer][u], h);
    }
    finish_unit(operation);
}

void Session::check_y(std::size_t operation, int unit, const std::array<std::int32_t, kLanes>& y) {
    const std::uint64_t step = progress_[operation].step;
    const Expected* want = expected(step);
    if (want == nullptr || unit < 0 || unit >= layout_.operations[operation].units) {
        compare(step, operation, "order", unit, layout_.operations[operation].units, unit);
    } else {
        compare(step, operation, "order", unit, next_unit(operation), unit);
        for (int lane = 0; lane < kLanes; ++lane) {
            const auto row = static_cast<std::size_t>(head_row(unit, lane));
            if (row < want->logits.size()) {
                compare(step, operation, "logit", static_cast<int>(row), want->logits[row],
                        y[static_cast<std::size_t>(lane)]);
            }
        }
    }
    finish_unit(operation);
}

void Session::check_taps(const EngineOutputs& out, const std::vector<std::size_t>& operation_of) {
    for (int port = 0; port < layout_.geometry.ports; ++port) {
        const auto p = static_cast<std::size_t>(port);
        if ((out.tap_h_valid >> port & 1U) != 0) {
            check_h(operation_of[static_cast<std::size_t>(out.tap_h_entry) % kProgramEntries],
                    out.tap_h_unit - port, out.tap_h[p], out.tap_c[p]);
        }
        if ((out.tap_y_valid >> port & 1U) != 0) {
            check_y(operation_of[static_cast<std::size_t>(out.tap_y_entry) % kProgramEntries],
                    out.tap_y_unit - port, out.tap_y[p]);
        }
    }
}

bool Session::collect(const EngineOutputs& out, Mode mode, bool final_step) {
    const std::size_t last = layout_.operations.size() - 1;
    const Operation& op = layout_.operations[last];
    // Which group and emission is this word?
    std::size_t word = output_word_;
    int group = 0;
    auto places = layout_.output_places(mode, final_step, group);
    const auto words = [&] { return static_cast<std::size_t>(places.front().emission) + 1; };
    while (word >= words()) {
        word -= words();
        places = layout_.output_places(mode, final_step, ++group);
    }
    const Expected* want = expected(output_step_);
    for (std::size_t u = 0; u < places.size(); ++u) {
        if (static_cast<std::size_t>(places[u].emission) != word) {
            continue;
        }
        const int unit = op.first_unit(group) + static_cast<int>(u);
        const auto& y = out.y[static_cast<std::size_t>(places[u].port)];
        for (int lane = 0; lane < (op.head ? kLanes : 1); ++lane) {
            const auto at = static_cast<std::size_t>(op.head ? head_row(unit, lane) : unit);
            if (at < outputs_.size()) {
                outputs_[at] = y[static_cast<std::size_t>(lane)];
                if (want == nullptr) {
                    compare(output_step_, last, "output without a step", static_cast<int>(at), 0, 1);
                    continue;
                }
                const long wanted = op.head ? want->logits[at] : want->state.h[op.layer][at];
                compare(output_step_, last, "output", static_cast<int>(at), wanted, outputs_[at]);
            }
        }
    }
    ++output_word_;
    const bool done = group + 1 == op.descriptor.groups && word + 1 == words();
    if (done) {
        output_word_ = 0;
        ++output_step_;
    }
    return done;
}

void Session::check_complete() {
    for (std::size_t i = 0; i < progress_.size(); ++i) {
        compare(progress_[i].step, i, "steps computed", 0, static_cast<long>(base_step_),
                static_cast<long>(progress_[i].step));
        compare(progress_[i].step, i, "units of an unfinished step", 0, 0, progress_[i].seen);
    }
    const std::size_t last = progress_.size() - 1;
    compare(output_step_, last, "steps put out", 0, static_cast<long>(base_step_),
            static_cast<long>(output_step_));
    compare(output_step_, last, "words of an unfinished step", 0, 0, static_cast<long>(output_word_));
}

RunStatistics Session::run(Mode mode, std::uint64_t steps, const Source& source, const Sink& sink,
                           std::uint64_t warm_up) {
    if (steps == 0) {
        throw Error("a run has at least one step; got 0");
    }
    const auto program = layout_.program(mode);
    const auto order = layout_.program_operations(mode);
    std::vector<std::size_t> operation_of(kProgramEntries, 0);
    for (std::size_t i = 0; i < order.size(); ++i) {
        operation_of[static_cast<std::size_t>(Layout::entry(mode)) + i] = order[i];
    }
    const QuantisedModel& model = golden_.model();
    outputs_.assign(model.head ? model.head->h.rows : model.layers.back().units, 0);

    CycleCount count(layout_, mode, steps, warm_up);
    std::uint64_t given = 0;
    std::uint64_t taken = 0;
    std::uint64_t idle = 0;
    std::deque<std::array<std::int16_t, PartWeights::kBankWidth>> banks;
    EngineInputs in;
    in.start = true;
    in.entry = Layout::entry(mode);
    in.steps = static_cast<std::uint32_t>(steps);
    for (bool started = false;;) {
        if (banks.empty() && given < steps) {
            if (auto x = source(given)) {
                for (const auto& bank : pack_input(*x)) {
                    banks.push_back(bank);
                }
                golden_.step(*x);
                expected_.push_back({golden_.state(), {golden_.logits().begin(), golden_.logits().end()}});
                ++given;
            }
        }
        in.x_valid = !banks.empty();
        if (in.x_valid) {
            in.x = banks.front();
        }
        in.y_ready = !output_ready || output_ready();
        EngineInputs pins = in;
        if (disturb) {
            disturb(pins);
        }
        const EngineOutputs out = engine_.tick(pins);
        const bool y_taken = in.y_ready && out.y_valid;
        const bool x_taken = in.x_valid && out.x_ready;
        if (x_taken) {
            banks.pop_front();
        }
        if (started) {
            const int entry =
                std::clamp(out.entry - Layout::entry(mode), 0, static_cast<int>(order.size()) - 1);
            count.cycle({out.fire, out.group, out.wait, static_cast<std::size_t>(entry)});
        }
        check_taps(out, operation_of);
        if (y_taken && collect(out, mode, taken + 1 == steps)) {
            if (sink) {
                sink(base_step_ + taken, outputs_);
            }
            ++taken;
        }
        if (on_cycle) {
            on_cycle(engine_.cycles());
        }
        if (started && !out.busy && !out.y_valid) {
            break;
        }
        if (!out.busy) {
            started = true;
            in.start = false;
        }
        const bool active = out.fire || out.tap_h_valid != 0 || out.tap_y_valid != 0 || y_taken || x_taken;
        idle = active ? 0 : idle + 1;
        if (idle > kStuckCycles) {
            throw Error(fmt::format(
                "engine is stuck at cycle {}: operation {} waits for {}; {} of {} steps done",
                engine_.cycles(), operation_of[static_cast<std::size_t>(out.entry)],
                (out.wait & 1U) != 0 ? "a bank of its input" : "the drain ports or the output buffer", taken,
                steps));
        }
    }
    base_step_ += steps;
    check_complete();
    return count.finish();
}

}  // namespace lacuna
