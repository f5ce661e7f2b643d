// System on a Verilated class of any parameters. Included by the generated factory only.
#pragma once

#include <fmt/format.h>

#include "sim/system.hpp"
#include "sim/testbench.hpp"

namespace lacuna {

/// @tparam Model class made by Verilator from lacuna_system, the memories of lacuna_ebr public
template <class Model>
class VerilatedSystem final : public System {
  public:
    VerilatedSystem(const SystemParameters& parameters, const SystemOptions& options)
        : parameters_(parameters),
          bench_(options.seed, options.trace,
                 options.contents.empty() ? std::string() : "+contents=" + options.contents.string()) {
        bench_->rst_ni = 0;
        bench_->rx_i = 1;
    }

    const SystemParameters& parameters() const override { return parameters_; }
    std::uint64_t cycles() const override { return bench_.cycles(); }
    unsigned leds() const override { return bench_->led_o; }
    void set_reset(bool active) override { bench_->rst_ni = active ? 0 : 1; }

    bool tick(bool rx) override {
        bench_->rx_i = rx ? 1 : 0;
        bench_.tick();
        return bench_->tx_o != 0;
    }

    void load_boot_memory(const std::vector<std::uint64_t>& words) override {
        if (words.size() > static_cast<std::size_t>(parameters_.boot_depth)) {
            throw Error(
                fmt::format("boot memory: {} words needed, {} available; build the system with BootDepth={}",
                            words.size(), parameters_.boot_depth, words.size()));
        }
        fill_boot_memory(*bench_->rootp, words);
    }

    void upset_weight(std::size_t word, unsigned bit) override { upset(*bench_->rootp, word, bit); }

  private:
    template <class Root>
    static void upset([[maybe_unused]] Root& root, [[maybe_unused]] std::size_t word,
                      [[maybe_unused]] unsigned bit) {
        if constexpr (
            requires {
                root.lacuna_system__DOT__u_engine__DOT__gen_lane__BRA__0__KET____DOT__u_lane__DOT__gen_tile__BRA__0__KET____DOT__u_tile__DOT__u_weights__DOT__mem;
            }) {
            root.lacuna_system__DOT__u_engine__DOT__gen_lane__BRA__0__KET____DOT__u_lane__DOT__gen_tile__BRA__0__KET____DOT__u_tile__DOT__u_weights__DOT__mem
                [word] ^= std::uint64_t{1} << bit;
        } else {
            throw Error("upset_weight: this system keeps its weights in the vendor's primitives");
        }
    }
    template <class Root>
    static void fill_boot_memory(Root& root, const std::vector<std::uint64_t>& words) {
        if constexpr (
            requires {
                root.lacuna_system__DOT__u_link__DOT__u_memories__DOT__u_boot__DOT__gen_boot__DOT__u_memory__DOT__mem;
            }) {
            auto& memory =
                root.lacuna_system__DOT__u_link__DOT__u_memories__DOT__u_boot__DOT__gen_boot__DOT__u_memory__DOT__mem;
            for (std::size_t i = 0; i < words.size(); ++i) {
                memory[i] = words[i];
            }
        }
    }

    SystemParameters parameters_;
    mutable Testbench<Model> bench_;
};

}  // namespace lacuna
