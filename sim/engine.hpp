// The Verilated engine behind a plain interface: one call per clock cycle, whatever the geometry.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "pack/geometry.hpp"
#include "pack/pack.hpp"

namespace lacuna {

inline constexpr int kMaxPorts = 2;

/// Pins driven into the engine during a cycle; names as in rtl/lacuna_engine.sv.
struct EngineInputs {
    bool rst_n = true;
    bool clear = false;
    bool start = false;
    int entry = 0;
    std::uint32_t steps = 0;
    bool mem_valid = false;
    bool mem_write = false;
    MemoryWord mem;
    bool x_valid = false;
    std::array<std::int16_t, PartWeights::kBankWidth> x{};
    bool y_ready = false;
};

/// Pins of the engine in the same cycle, before its closing clock edge.
struct EngineOutputs {
    bool busy = false;
    int phase = 0;
    bool fresh = false;
    std::array<std::uint32_t, 5> count{};
    bool mem_ready = false;
    bool mem_rvalid = false;
    std::uint64_t mem_rdata = 0;
    bool x_ready = false;
    bool y_valid = false;
    std::array<std::array<std::int32_t, kLanes>, kMaxPorts> y{};
    unsigned tap_h_valid = 0;  ///< one bit per port
    unsigned tap_y_valid = 0;
    int tap_h_entry = 0, tap_y_entry = 0;
    int tap_h_unit = 0, tap_y_unit = 0;  ///< unit on port 0; port 1 has the next lower one
    std::array<std::int16_t, kMaxPorts> tap_h{};
    std::array<std::int16_t, kMaxPorts> tap_c{};
    std::array<std::array<std::int32_t, kLanes>, kMaxPorts> tap_y{};
    bool fire = false;   ///< a slot was issued
    bool group = false;  ///< it was the last of a group
    int entry = 0;       ///< program entry at work
    unsigned wait = 0;   ///< why not: bit 0 bank not ready, 1 drain port, 2 output buffer
};

class Engine {
  public:
    virtual ~Engine() = default;
    Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    virtual const Geometry& geometry() const = 0;
    /// One clock cycle.
    virtual EngineOutputs tick(const EngineInputs& inputs) = 0;
    /// Cycles ticked so far.
    virtual std::uint64_t cycles() const = 0;
    /// Writes a word by the back door, in no time: true for weights, whose many words take most of a load;
    /// other memories only have the port. The engine must be idle.
    virtual bool poke(const MemoryWord& word) = 0;
    /// Fault injection: the slot issued in the cycle before loses its `valid`, if there was one and it was
    /// (`group_end`) or was not the last of a group. True when it was dropped.
    virtual bool drop_slot(bool group_end) = 0;
};

struct EngineOptions {
    std::uint64_t seed = 1;       ///< of the registers' random values before reset
    std::filesystem::path trace;  ///< FST file; empty: no trace
};

/// Geometries compiled into this program.
std::vector<Geometry> built_geometries();
/// Throws `Error` listing the built geometries when this one is not among them. The engine is out of reset.
std::unique_ptr<Engine> make_engine(const Geometry& geometry, const EngineOptions& options = {});

/// Cycles for which reset must be held (rtl/lacuna_engine.sv).
inline constexpr int kResetCycles = 128;

}  // namespace lacuna
