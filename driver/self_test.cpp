#include "driver/self_test.hpp"

#include <fmt/format.h>

#include <utility>

#include "golden/random_model.hpp"
#include "golden/sampling.hpp"

namespace lacuna {
namespace {

/// One part of the test: the same steps on the board and on golden.
class Part {
  public:
    Part(Board& board, const QuantisedModel& model, const SelfTestOptions& options, const char* name,
         SelfTestReport& report)
        : board_(board),
          options_(options),
          name_(name),
          report_(report),
          golden_(model),
          prng_(options.seed) {}

    void start(bool random_state) {
        golden_.reset();
        start_ = random_state ? std::optional(random_state_of()) : std::nullopt;
        set_start();
    }

    /// Steps on random vectors.
    void vectors(Mode mode) {
        for (std::size_t i = 0; i < options_.steps; ++i) {
            inputs_.push_back(random_input(prng_, golden_.model().input_size(), i % 4 == 3,
                                           golden_.model().activation_bits));
        }
        std::size_t given = 0;
        std::size_t taken = 0;
        const auto source = [&]() -> std::optional<std::vector<std::int16_t>> {
            return given < inputs_.size() ? std::optional(inputs_[given++]) : std::nullopt;
        };
        const auto sink = [&](std::span<const std::int32_t> outputs) {
            golden_.step(inputs_[taken]);
            check_outputs(taken++, outputs);
        };
        report_.cycles += board_.run(mode, source, sink, options_.stop).cycles;
        report_.steps += taken;
        check_state();
    }

    void tokens() {
        const auto most = static_cast<std::int64_t>(golden_.model().vocab.size()) - 1;
        std::vector<int> tokens;
        for (std::size_t i = 0; i < options_.steps; ++i) {
            tokens.push_back(static_cast<int>(prng_.between(0, most)));
        }
        std::size_t given = 0;
        std::size_t taken = 0;
        const auto source = [&] {
            return given < tokens.size() ? std::optional(tokens[given++]) : std::nullopt;
        };
        const auto sink = [&](std::span<const std::int32_t> outputs) {
            golden_.step_token(tokens[taken]);
            check_outputs(taken++, outputs);
        };
        report_.cycles += board_.run_tokens(source, sink, options_.stop).cycles;
        report_.steps += taken;
        check_state();
        const auto likeliest = board_.likeliest(tokens);
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            golden_.step_token(tokens[i]);
            compare(options_.steps + i, "token", 0, argmax(golden_.logits()), likeliest[i]);
        }
        report_.steps += tokens.size();
        check_state();
    }

    void generation() {
        const auto most = static_cast<std::int64_t>(golden_.model().vocab.size()) - 1;
        int token = static_cast<int>(prng_.between(0, most));
        const auto written = board_.generate(token, options_.steps, options_.stop);
        for (std::size_t i = 0; i < written.size(); ++i) {
            golden_.step_token(token);
            token = argmax(golden_.logits());
            compare(i, "token", 0, token, written[i]);
        }
        report_.steps += written.size();
        check_state();
    }

  private:
    ModelState random_state_of() { return random_state(prng_, golden_.model()); }

    void set_start() {
        if (start_) {
            board_.write_state(*start_);
            golden_.set_state(*start_);
        } else {
            board_.clear();
        }
    }

    void compare(std::uint64_t step, const std::string& place, std::size_t unit, long expected, long got) {
        ++report_.values;
        if (expected == got) {
            return;
        }
        ++report_.differing;
        if (!report_.first) {
            report_.first = {name_, step, place, unit, expected, got};
        }
    }

    void check_outputs(std::size_t step, std::span<const std::int32_t> outputs) {
        const bool head = golden_.model().head.has_value();
        const auto h = golden_.h(golden_.model().layers.size() - 1);
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            compare(step, "output", i, head ? golden_.logits()[i] : h[i], outputs[i]);
        }
        if (options_.progress) {
            options_.progress(name_, step + 1, options_.steps);
        }
    }

    /// Counts differing values; remembers the first one.
    void compare_states(std::uint64_t step, const ModelState& expected, const ModelState& got) {
        for (std::size_t layer = 0; layer < expected.h.size(); ++layer) {
            for (std::size_t unit = 0; unit < expected.h[layer].size(); ++unit) {
                compare(step, fmt::format("layer {} c", layer), unit, expected.c[layer][unit],
                        got.c[layer][unit]);
                compare(step, fmt::format("layer {} h", layer), unit, expected.h[layer][unit],
                        got.h[layer][unit]);
            }
        }
    }

    void check_state() {
        const std::uint64_t before = report_.differing;
        compare_states(options_.steps - 1, golden_.state(), board_.read_state());
        if (report_.differing != before && !inputs_.empty()) {
            locate();
        }
    }

    /// Runs the vectors again, one by one, up to the first step whose state differs.
    void locate() {
        GoldenModel golden(golden_.model());
        set_start();
        if (start_) {
            golden.set_state(*start_);
        }
        for (std::size_t step = 0; step < inputs_.size(); ++step) {
            board_.step(inputs_[step]);
            golden.step(inputs_[step]);
            const ModelState got = board_.read_state();
            if (got != golden.state()) {
                report_.first.reset();
                compare_states(step, golden.state(), got);
                return;
            }
        }
    }

    Board& board_;
    const SelfTestOptions& options_;
    const char* name_;
    SelfTestReport& report_;
    GoldenModel golden_;
    SplitMix64 prng_;
    std::optional<ModelState> start_;
    std::vector<std::vector<std::int16_t>> inputs_;
};

}  // namespace

std::string Difference::to_string() const {
    return fmt::format("{}: step {}, {}, unit {}: expected {}, got {}", part, step, place, unit, expected,
                       got);
}

SelfTestReport self_test(Board& board, const QuantisedModel& model, const SelfTestOptions& options) {
    SelfTestReport report;
    for (const auto& [name, mode, random_state] :
         {std::tuple("score", Mode::Score, false), std::tuple("generate", Mode::Generate, false),
          std::tuple("score from a random state", Mode::Score, true),
          std::tuple("generate from a random state", Mode::Generate, true)}) {
        Part part(board, model, options, name, report);
        part.start(random_state);
        part.vectors(mode);
    }
    if (board.image().token_mode()) {
        Part tokens(board, model, options, "tokens", report);
        tokens.start(false);
        tokens.tokens();
        Part generation(board, model, options, "self-feeding", report);
        generation.start(true);
        generation.generation();
    }
    board.clear();
    return report;
}

}  // namespace lacuna
