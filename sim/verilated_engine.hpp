// Engine on a Verilated class of any geometry. Included by the generated factory of each geometry only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/engine.hpp"
#include "sim/testbench.hpp"

namespace lacuna {

/// The weight memories of a model's tiles, lane by lane; the generated factory knows their names.
template <class Model>
std::vector<std::uint64_t*> weight_memories(Model& model);

/// @tparam Model class made by Verilator from lacuna_engine, whose `fetch_wave_q` and memories are public
template <class Model>
class VerilatedEngine final : public Engine {
  public:
    VerilatedEngine(const Geometry& geometry, const EngineOptions& options)
        : geometry_(geometry),
          format_(number_format(geometry.activation_bits)),
          bench_(options.seed, options.trace),
          weights_(weight_memories(*bench_)) {
        drive({});
        bench_.reset(kResetCycles);
    }

    const Geometry& geometry() const override { return geometry_; }
    std::uint64_t cycles() const override { return bench_.cycles(); }

    EngineOutputs tick(const EngineInputs& inputs) override {
        drive(inputs);
        bench_->clk_i = 0;
        bench_.settle();
        const EngineOutputs outputs = sample();
        bench_.tick();
        return outputs;
    }

    bool poke(const MemoryWord& word) override {
        if (word.space != Space::Weight) {
            return false;
        }
        const auto lane = static_cast<std::size_t>(word.select >> 6);
        const auto tile = static_cast<std::size_t>(word.select & 63);
        weights_[lane * static_cast<std::size_t>(geometry_.tiles) + tile][word.address] = word.data;
        return true;
    }

    bool drop_slot(bool group_end) override {
        auto& wave = bench_->rootp->lacuna_engine__DOT__fetch_wave_q;
        if ((wave & kWaveValid) == 0 || ((wave & kWaveLast) != 0) != group_end) {
            return false;
        }
        wave &= static_cast<CData>(~kWaveValid);
        return true;
    }

  private:
    static constexpr unsigned kWaveValid = 1U << 5;  // lacuna_pkg::wave_t
    static constexpr unsigned kWaveLast = 1U << 3;

    void drive(const EngineInputs& in) {
        Model& m = *bench_;
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
        const int bits = format_.activation_bits;
        for (std::size_t i = 0; i < in.x.size(); ++i) {
            set_bits(m.x_data_i, static_cast<int>(i) * bits, bits, static_cast<std::uint16_t>(in.x[i]));
        }
        m.y_ready_i = in.y_ready;
    }

    EngineOutputs sample() {
        const Model& m = *bench_;
        EngineOutputs out;
        out.busy = m.busy_o;
        out.phase = m.phase_o;
        out.fresh = m.fresh_o;
        for (std::size_t i = 0; i < out.count.size(); ++i) {
            out.count[i] = static_cast<std::uint32_t>(get_bits(m.count_o, static_cast<int>(32 * i), 32));
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
            if (out.tap_h_valid != 0) {
                out.tap_h[p] = static_cast<std::int16_t>(
                    get_signed(m.tap_h_o, format_.activation_bits * port, format_.activation_bits));
                out.tap_c[p] = static_cast<std::int16_t>(get_signed(m.tap_c_o, 16 * port, 16));
            }
            for (int lane = 0; lane < kLanes && (out.y_valid || out.tap_y_valid != 0); ++lane) {
                const int low = format_.gate_bits * (kLanes * port + lane);
                const auto l = static_cast<std::size_t>(lane);
                out.y[p][l] = static_cast<std::int32_t>(get_signed(m.y_data_o, low, format_.gate_bits));
                out.tap_y[p][l] = static_cast<std::int32_t>(get_signed(m.tap_y_o, low, format_.gate_bits));
            }
        }
        out.fire = m.stat_fire_o;
        out.group = m.stat_group_o;
        out.entry = m.stat_entry_o;
        out.wait = m.stat_wait_o;
        return out;
    }

    Geometry geometry_;
    NumberFormat format_;
    Testbench<Model> bench_;
    std::vector<std::uint64_t*> weights_;
};

}  // namespace lacuna
