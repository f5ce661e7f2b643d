// The Verilated system (engine and link, rtl/lacuna_system.sv) behind its pins: one call per clock cycle.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pack/geometry.hpp"

namespace lacuna {

/// Parameters of rtl/lacuna_system.sv.
struct SystemParameters {
    Geometry geometry;
    int embedding_depth = 512;  ///< banks; 0: no token mode
    int frame_bytes = 512;
    int window = 4;
    int boot_depth = 512;  ///< words; 0: no boot memory
    int clocks_per_bit = 8;
    std::uint32_t watchdog_cycles = 1U << 20U;
    std::uint32_t trial_cycles = 250'000;

    static constexpr std::uint32_t kBaud = 1'000'000;  ///< of the default rate: cycles are what counts
    std::uint32_t clock_hz() const { return kBaud * static_cast<std::uint32_t>(clocks_per_bit); }
    std::string to_string() const;

    bool operator==(const SystemParameters&) const = default;
};

/// A system that can be clocked. Made by `make_system`.
class System {
  public:
    virtual ~System() = default;
    System() = default;
    System(const System&) = delete;
    System& operator=(const System&) = delete;

    virtual const SystemParameters& parameters() const = 0;
    /// One clock cycle with this level on rx; the level of tx after it.
    virtual bool tick(bool rx) = 0;
    virtual void set_reset(bool active) = 0;
    /// The LEDs, bit i is protocol::Led i.
    virtual unsigned leds() const = 0;
    /// Cycles so far.
    virtual std::uint64_t cycles() const = 0;
    /// Fills the boot memory from word 0 on, as a bitstream would; a reset replays it.
    /// Throws `Error` when the system has none or a smaller one.
    virtual void load_boot_memory(const std::vector<std::uint64_t>& words) = 0;
    /// Inverts a bit of a word in the weight memory of the first lane's first tile: a fault of the device.
    virtual void upset_weight(std::size_t word, unsigned bit) = 0;
};

struct SystemOptions {
    std::uint64_t seed = 1;       ///< of the registers' and memories' random values before reset
    std::filesystem::path trace;  ///< FST file; empty: no trace
    /// Folder with the initial contents of block RAMs, for systems built with ECP5 (sim/ecp5/DP16KD.sv);
    /// empty: none.
    std::filesystem::path contents = {};
};

/// Systems compiled into this program.
std::vector<SystemParameters> built_systems();
/// Throws `Error` listing the built systems when this one is not among them. The system is in reset.
std::unique_ptr<System> make_system(const SystemParameters& parameters, const SystemOptions& options = {});

}  // namespace lacuna
