// The FPGA parts that boards carry, and the engine that each is meant for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pack/geometry.hpp"
#include "pack/layout.hpp"

namespace lacuna {

/// A Lattice ECP5 die (data sheet FPGA-DS-02012, table 1.1), as in pack/devices.json.
struct FpgaDevice {
    std::string name;
    int block_rams = 0;   ///< EBR of 18 kbit, 512 x 36
    int multipliers = 0;  ///< 18 x 18
    Geometry geometry;    ///< the engine that fills it sensibly
};

const std::vector<FpgaDevice>& devices();
/// Throws `Error` listing the known names.
const FpgaDevice& find_device(std::string_view name);

/// Block RAMs of an engine: weights, row scales, cell states, activations, tables (docs/engine.md).
int block_rams(const Geometry& geometry);
/// Block RAMs of an engine that is just deep enough for a layout.
int block_rams(const Layout& layout);

}  // namespace lacuna
