// Session: a model loaded into a simulated engine, fed with inputs and checked bit by bit against golden.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "golden/golden_model.hpp"
#include "pack/cycle_count.hpp"
#include "pack/layout.hpp"
#include "sim/engine.hpp"

namespace lacuna {

/// The first value that differs from golden.
struct Mismatch {
    std::uint64_t step = 0;  ///< of the session, from 0
    std::string layer;       ///< `layer 1` or `head`
    std::string value;       ///< h, c, logit; or `order` when the engine gave units it should not have given
    int unit = 0;
    long expected = 0;
    long got = 0;

    std::string to_string() const;
};

/// How a model comes into the engine's memories.
enum class Load {
    Port,      ///< as on a board, through the host port: one cycle a word, of weights eight
    BackDoor,  ///< weights at once, by the simulator; the rest through the port
};

class Session {
  public:
    /// Loads the model and clears the state.
    Session(Engine& engine, const QuantisedModel& model, Load load = Load::Port);

    /// Gives input vectors one after the other; `std::nullopt`: none yet (Generate waits for the last
    /// outputs).
    using Source = std::function<std::optional<std::vector<std::int16_t>>(std::uint64_t step)>;
    /// Receives a step's outputs as they left the engine: the head's rows, or h of the top layer without a
    /// head.
    using Sink = std::function<void(std::uint64_t step, std::span<const std::int32_t> outputs)>;

    /// Runs `steps` > 0 steps from the current state. Checks h and c of every unit of every layer and every
    /// output. Throws `Error` when the engine makes no progress, naming what it waits for.
    RunStatistics run(Mode mode, std::uint64_t steps, const Source& source, const Sink& sink = {},
                      std::uint64_t warm_up = kWarmUpSteps);

    /// Ticks until the engine is idle; throws Error where it is not after the longest clear.
    void wait_idle();
    /// Zero state in engine and golden.
    void clear();
    void set_state(const ModelState& state);
    /// h and c as the engine's memories hold them.
    ModelState read_state();

    /// Memory access through the engine's host port; the engine must be idle.
    void write(const MemoryWord& word);
    std::uint64_t read(Space space, std::uint8_t select, std::uint32_t address);

    std::uint64_t mismatches() const { return mismatches_; }
    const std::optional<Mismatch>& first_mismatch() const { return first_mismatch_; }
    std::uint64_t values_checked() const { return checked_; }
    std::uint64_t load_cycles() const { return load_cycles_; }
    const Layout& layout() const { return layout_; }
    GoldenModel& golden() { return golden_; }
    Engine& engine() { return engine_; }

    /// Called after every cycle of a run; for fault injection and progress.
    std::function<void(std::uint64_t cycle)> on_cycle;
    /// Whether outputs are taken in the coming cycle; default: always. For tests of back-pressure.
    std::function<bool()> output_ready;
    /// May change the pins of the coming cycle of a run; for tests of what must not matter.
    std::function<void(EngineInputs&)> disturb;

  private:
    struct Expected {
        ModelState state;
        std::vector<std::int32_t> logits;
    };
    /// Position of an operation in the stream of its results.
    struct Progress {
        std::uint64_t step = 0;
        int seen = 0;  ///< units of the step so far
    };

    void check_taps(const EngineOutputs& out, const std::vector<std::size_t>& operation_of);
    void check_h(std::size_t operation, int unit, int h, int c);
    void check_y(std::size_t operation, int unit, const std::array<std::int32_t, kLanes>& y);
    void compare(std::uint64_t step, std::size_t operation, const char* value, int unit, long expected,
                 long got);
    /// The unit that an operation must give next: groups ascending, units of a group descending.
    int next_unit(std::size_t operation) const;
    void finish_unit(std::size_t operation);
    /// After a run: every operation has given all units of all steps, and every step has been put out.
    void check_complete();
    const Expected* expected(std::uint64_t step) const;
    /// Takes one word of the output stream apart; true when it completes a step's outputs.
    bool collect(const EngineOutputs& out, Mode mode, bool final_step);

    Engine& engine_;
    Layout layout_;
    GoldenModel golden_;
    std::uint64_t load_cycles_ = 0;

    std::uint64_t base_step_ = 0;  ///< steps of earlier runs
    std::uint64_t first_expected_ = 0;
    std::deque<Expected> expected_;
    std::vector<Progress> progress_;
    std::vector<std::int32_t> outputs_;
    std::size_t output_word_ = 0;
    std::uint64_t output_step_ = 0;

    std::uint64_t mismatches_ = 0;
    std::uint64_t checked_ = 0;
    std::optional<Mismatch> first_mismatch_;
};

}  // namespace lacuna
