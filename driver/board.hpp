// Board: a model on a device. The high-level face of the driver.
//
//     SerialTransport port("/dev/ttyUSB0", 1000000);
//     Board board(port);
//     board.load(read_named_model("kjv-8x.safetensors"));
//     board.run(Mode::Score, source, sink);
//
// Every step is counted on both sides: a step that was lost or done twice ends in an exception, never in a
// wrong result. Not safe to be used by two threads at once; `std::stop_token`s may be triggered from any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "driver/device.hpp"
#include "driver/image.hpp"
#include "golden/golden_model.hpp"

namespace lacuna {

struct LoadOptions {
    bool verify = true;  ///< compare what the memories hold with what was written
    /// Receives what is being done, how much of it is done, and of how much.
    std::function<void(const char* what, std::size_t done, std::size_t total)> progress;
    std::stop_token stop;
};

/// What a run took.
struct RunTotals {
    std::uint64_t steps = 0;
    std::uint64_t cycles = 0;  ///< of the engine, all requests together
};

class Board {
  public:
    /// Finds the device and opens a session (`Device`).
    explicit Board(Transport& transport, const DeviceOptions& options = {});

    const Identity& identity() const { return device_.identity(); }
    Device& device() { return device_; }

    /// Writes a model, checks it by what the memories hold, and clears the state. Throws `Error` when it does
    /// not fit, `VerifyError`, `Cancelled` (the device then has no model), or another `LinkError`.
    void load(const NamedModel& named, const LoadOptions& options = {});
    /// Takes a model for the one that the device holds already; false when it holds another, or none.
    bool attach(const NamedModel& named);
    /// Compares what the memories hold with the model attached or loaded. Throws `VerifyError`.
    void verify(const LoadOptions& options = {});
    /// Throws `Error` when no model was loaded or attached.
    const ModelImage& image() const;

    /// Zero state.
    void clear();
    ModelState read_state();
    void write_state(const ModelState& state);
    /// Steps since the state was cleared or written.
    std::uint32_t steps();

    /// Gives input vectors one after the other; `std::nullopt` ends the run.
    using Source = std::function<std::optional<std::vector<std::int16_t>>()>;
    /// Receives each step's outputs: the head's rows, or h of the top layer without a head.
    using Sink = std::function<void(std::span<const std::int32_t> outputs)>;
    /// Runs steps from the current state, as many at once as frames hold.
    /// @param batch steps of a request at most; 0: as many as fit
    RunTotals run(Mode mode, const Source& source, const Sink& sink, std::stop_token stop = {},
                  std::size_t batch = 0);
    /// One step.
    std::vector<std::int32_t> step(std::span<const std::int16_t> x);

    using TokenSource = std::function<std::optional<int>()>;
    /// Steps on the embeddings of tokens: looked up by the device if it can, else by the host.
    RunTotals run_tokens(const TokenSource& source, const Sink& sink, std::stop_token stop = {},
                         std::size_t batch = 0);
    /// The likeliest token after each of these; only the tokens come back. Needs `image().token_mode()`.
    std::vector<int> likeliest(std::span<const int> tokens);
    /// Feeds a token, then each likeliest one again: `count` tokens. Needs `image().token_mode()`.
    std::vector<int> generate(int first, std::size_t count, const std::stop_token& stop = {});

    std::array<std::uint32_t, protocol::kCounters> counters();
    void set_baud(unsigned baud) { device_.set_baud(baud); }

    /// Words of any memory.
    std::vector<std::uint64_t> read_memory(std::uint8_t space, std::uint8_t select, std::uint32_t address,
                                           std::size_t count);

    /// After `SessionLost`: a new session with whatever model and state the device has now.
    void reopen();

  private:
    struct Job {
        protocol::Opcode opcode{};
        Bytes payload;
        std::size_t reply_bytes = 0;
        std::uint64_t cycles = 0;
        std::size_t steps = 0;  ///< that the device counts when it is done
    };
    /// Keeps the window full of what `next` gives, and hands every reply to `done`. Waits for all replies
    /// before it throws what a refusal or `done` threw.
    void pipeline(const std::function<std::optional<Job>()>& next,
                  const std::function<void(const Job&, std::span<const std::uint8_t>)>& done);
    void write_runs(const std::vector<MemoryRun>& runs, const LoadOptions& options);
    void verify_runs(const LoadOptions& options);
    /// Checks the step counter of a reply, and takes its cycles.
    std::uint32_t count_steps(const Job& job, ByteReader& reply);
    /// Takes the outputs of a reply apart.
    void give_outputs(Mode mode, std::size_t steps, ByteReader& reply, const Sink& sink) const;
    /// Most steps of a request.
    std::size_t batch_of(Mode mode, std::size_t input_bytes, std::size_t asked) const;
    std::uint64_t work(Mode mode, std::size_t steps) const;
    void need_tokens(const char* what) const;
    /// A token as the line carries it. Throws `Error` when the model has no such token.
    std::uint8_t token_byte(int token) const;
    void check_stop(const std::stop_token& stop, const char* what) const;

    Device device_;
    std::optional<ModelImage> image_;
    std::optional<QuantisedModel> model_;
    std::optional<std::uint32_t> steps_;  ///< what the device must count; nothing: ask it
};

}  // namespace lacuna
