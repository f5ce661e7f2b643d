// Testbench: owns a Verilated model, its context, its clock and, if wanted, its FST trace.
//
//     Testbench<Vscale_24> bench(seed);
//     bench.reset(3);            // only for modules with rst_ni
//     bench->sum_i = 5;          // inputs of the coming cycle
//     bench.tick();              // the rising edge; outputs now show the registers' new values
//
// Inputs change while the clock is low or high alike: every flip-flop of ours works on the rising edge only.
// settle() lets combinational outputs follow new inputs before the edge.
#pragma once

#include <verilated.h>
#include <verilated_fst_c.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <type_traits>

#include "common/error.hpp"

namespace lacuna {

/// `width` <= 64 bits from bit `low` of a Verilated port, whatever its type.
template <class Port>
std::uint64_t get_bits(const Port& port, int low, int width) {
    std::uint64_t value = 0;
    if constexpr (std::is_integral_v<Port>) {
        value = static_cast<std::uint64_t>(port) >> low;
    } else {
        for (int done = 0; done < width;) {
            const int at = low + done;
            value |= (static_cast<std::uint64_t>(port[at / 32]) >> (at % 32)) << done;
            done += 32 - at % 32;
        }
    }
    return width == 64 ? value : value & ((std::uint64_t{1} << width) - 1);
}

/// The same bits as a two's complement number.
template <class Port>
std::int64_t get_signed(const Port& port, int low, int width) {
    const std::uint64_t value = get_bits(port, low, width) << (64 - width);
    return static_cast<std::int64_t>(value) >> (64 - width);
}

/// Sets `width` <= 64 bits from bit `low` on; higher bits of `value` are ignored, the port's other bits stay.
template <class Port>
void set_bits(Port& port, int low, int width, std::uint64_t value) {
    if constexpr (std::is_integral_v<Port>) {
        const std::uint64_t mask = (width == 64 ? 0 : std::uint64_t{1} << width) - 1;
        port =
            static_cast<Port>((static_cast<std::uint64_t>(port) & ~(mask << low)) | ((value & mask) << low));
    } else {
        for (int i = 0; i < width; ++i) {
            const int at = low + i;
            const std::uint32_t bit = std::uint32_t{1} << (at % 32);
            if (((value >> i) & 1) != 0) {
                port[at / 32] |= bit;
            } else {
                port[at / 32] &= ~bit;
            }
        }
    }
}

/// @tparam Model class made by Verilator, of a module with the clock `clk_i` and perhaps the reset `rst_ni`
template <class Model>
class Testbench {
  public:
    /// @param seed of the random values that every register, memory and input holds before it is first
    /// written
    /// @param trace FST file to write; empty for none. Throws `Error` when the model was built without
    /// traces.
    /// @param plusarg `+name=value` for the model's $value$plusargs; empty for none
    explicit Testbench(std::uint64_t seed = 1, const std::filesystem::path& trace = {},
                       const std::string& plusarg = "") {
        if (!plusarg.empty()) {
            std::array<const char*, 2> arguments{"testbench", plusarg.c_str()};
            context_->commandArgs(static_cast<int>(arguments.size()), arguments.data());
        }
        context_->randReset(2);
        context_->randSeed(static_cast<int>(seed));
        if (!trace.empty()) {
            open_trace(trace);
        } else {
            model_ = std::make_unique<Model>(context_.get());
        }
        model_->clk_i = 0;
        settle();
    }

    ~Testbench() {
        model_->final();
        if constexpr (Model::traceCapable) {
            if (trace_) {
                trace_->close();
            }
        }
    }

    Testbench(const Testbench&) = delete;
    Testbench& operator=(const Testbench&) = delete;

    Model* operator->() { return model_.get(); }
    Model& operator*() { return *model_; }

    /// Lets combinational logic follow the inputs, without a clock edge.
    void settle() { model_->eval(); }

    /// One clock cycle: inputs settle, rising edge, falling edge is left to the next call.
    void tick() {
        model_->clk_i = 0;
        model_->eval();
        dump(2 * cycles_);
        model_->clk_i = 1;
        model_->eval();
        dump(2 * cycles_ + 1);
        ++cycles_;
    }

    /// Holds rst_ni low for `cycles` cycles.
    void reset(int cycles) {
        model_->rst_ni = 0;
        for (int i = 0; i < cycles; ++i) {
            tick();
        }
        model_->rst_ni = 1;
        settle();
    }

    /// Ticks so far, those of resets included.
    std::uint64_t cycles() const { return cycles_; }

  private:
    void open_trace(const std::filesystem::path& path) {
        if constexpr (Model::traceCapable) {
            context_->traceEverOn(true);
            model_ = std::make_unique<Model>(context_.get());
            trace_ = std::make_unique<VerilatedFstC>();
            model_->trace(trace_.get(), kTraceLevels);
            trace_->open(path.c_str());
        } else {
            throw Error("trace " + path.string() +
                        ": this model was built without traces; add TRACE to its lacuna_verilate()");
        }
    }

    void dump([[maybe_unused]] std::uint64_t time) {
        if constexpr (Model::traceCapable) {
            if (trace_) {
                trace_->dump(time);
            }
        }
    }

    static constexpr int kTraceLevels = 99;
    struct NoTrace {};
    using Trace = std::conditional_t<Model::traceCapable, VerilatedFstC, NoTrace>;

    // Order matters: the context outlives the model, the model the trace.
    std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
    std::unique_ptr<Model> model_;
    std::unique_ptr<Trace> trace_;
    std::uint64_t cycles_ = 0;
};

}  // namespace lacuna
