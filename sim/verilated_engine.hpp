// Engine on a Verilated class of any geometry. Included by the generated factory of each geometry only.
#pragma once

#include <verilated.h>
#include <verilated_fst_c.h>

#include <memory>

#include "sim/engine.hpp"

namespace lacuna {
namespace verilated {

/// `width` <= 64 bits of a Verilated port, from bit `low` on.
template <class Port>
std::uint64_t bits(const Port& port, int low, int width) {
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

}  // namespace verilated

/// @tparam Model class made by Verilator; @tparam Root its root module, whose `fetch_wave_q` is public
template <class Model, class Root>
class VerilatedEngine final : public Engine {
  public:
    VerilatedEngine(const Geometry& geometry, const EngineOptions& options) : geometry_(geometry) {
        context_->randReset(2);
        context_->randSeed(static_cast<int>(options.seed));
        if (!options.trace.empty()) {
            context_->traceEverOn(true);
        }
        model_ = std::make_unique<Model>(context_.get());
        if (!options.trace.empty()) {
            trace_ = std::make_unique<VerilatedFstC>();
            model_->trace(trace_.get(), 99);
            trace_->open(options.trace.c_str());
        }
        EngineInputs inputs;
        inputs.rst_n = false;
        for (int i = 0; i < kResetCycles; ++i) {
            tick(inputs);
        }
    }

    ~VerilatedEngine() override {
        if (trace_) {
            trace_->close();
        }
        model_->final();
    }

    const Geometry& geometry() const override { return geometry_; }
    std::uint64_t cycles() const override { return cycles_; }

    EngineOutputs tick(const EngineInputs& inputs) override {
        drive(inputs);
        model_->clk_i = 0;
        model_->eval();
        dump();
        const EngineOutputs outputs = sample();
        model_->clk_i = 1;
        model_->eval();
        dump();
        ++cycles_;
        return outputs;
    }

    void drop_slot() override {
        auto& wave = static_cast<Root*>(model_->rootp)->lacuna_engine__DOT__fetch_wave_q;
        wave = static_cast<std::remove_reference_t<decltype(wave)>>(wave & ~kWaveValid);
    }

  private:
    static constexpr unsigned kWaveValid = 1U << 5;  // lacuna_pkg::wave_t

    void drive(const EngineInputs& in) {
        Model& m = *model_;
        m.rst_ni = in.rst_n;
        m.clear_i = in.clear;
        m.start_i = in.start;
        m.entry_i = static_cast<CData>(in.entry);
        m.steps_i = in.steps;
        m.mem_valid_i = in.mem_valid;
        m.mem_write_i = in.mem_write;
        m.mem_space_i = static_cast<CData>(in.mem.space);
        m.mem_select_i = in.mem.select;
        m.mem_address_i = in.mem.address;
        m.mem_data_i = in.mem.data;
        m.x_valid_i = in.x_valid;
        for (std::size_t word = 0; word < 4; ++word) {
            std::uint32_t data = 0;
            for (std::size_t byte = 0; byte < 4; ++byte) {
                data |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(in.x[4 * word + byte])) << (8 * byte);
            }
            m.x_data_i[word] = data;
        }
        m.y_ready_i = in.y_ready;
    }

    EngineOutputs sample() const {
        using verilated::bits;
        const Model& m = *model_;
        EngineOutputs out;
        out.busy = m.busy_o;
        out.phase = m.phase_o;
        out.fresh = m.fresh_o;
        for (std::size_t i = 0; i < out.count.size(); ++i) {
            out.count[i] = static_cast<std::uint32_t>(bits(m.count_o, static_cast<int>(32 * i), 32));
        }
        out.mem_ready = m.mem_ready_o;
        out.mem_rvalid = m.mem_rvalid_o;
        out.mem_rdata = m.mem_rdata_o;
        out.x_ready = m.x_ready_o;
        out.y_valid = m.y_valid_o;
        out.tap_h_valid = m.tap_h_valid_o;
        out.tap_y_valid = m.tap_y_valid_o;
        out.tap_h_entry = m.tap_h_entry_o;
        out.tap_y_entry = m.tap_y_entry_o;
        out.tap_h_unit = m.tap_h_unit_o;
        out.tap_y_unit = m.tap_y_unit_o;
        for (int port = 0; port < geometry_.ports; ++port) {
            const auto p = static_cast<std::size_t>(port);
            out.tap_h[p] = static_cast<std::int8_t>(bits(m.tap_h_o, 8 * port, 8));
            out.tap_c[p] = static_cast<std::int16_t>(bits(m.tap_c_o, 16 * port, 16));
            for (int lane = 0; lane < kLanes; ++lane) {
                const int low = 16 * (kLanes * port + lane);
                const auto l = static_cast<std::size_t>(lane);
                out.y[p][l] = static_cast<std::int16_t>(bits(m.y_data_o, low, 16));
                out.tap_y[p][l] = static_cast<std::int16_t>(bits(m.tap_y_o, low, 16));
            }
        }
        out.fire = m.stat_fire_o;
        out.group = m.stat_group_o;
        out.entry = m.stat_entry_o;
        out.wait = m.stat_wait_o;
        return out;
    }

    void dump() {
        if (trace_) {
            trace_->dump(time_);
        }
        ++time_;
    }

    Geometry geometry_;
    std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
    std::unique_ptr<Model> model_;
    std::unique_ptr<VerilatedFstC> trace_;
    std::uint64_t cycles_ = 0;
    std::uint64_t time_ = 0;
};

}  // namespace lacuna
