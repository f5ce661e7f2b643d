// What an engine was built with: the parameters of rtl/lacuna_engine.sv, and what follows from them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lacuna {

inline constexpr int kLanes = 4;
inline constexpr int kPesPerTile = 3;
inline constexpr int kMaxTiles = 21;

/// Engine parameters. Fields have the names and units of the RTL's.
struct Geometry {
    int tiles = 13;           ///< T: tiles per lane
    int ports = 2;            ///< P: drain ports per lane
    int weight_depth = 1536;  ///< words of three slots per tile
    int bank_depth = 512;     ///< activation memory, banks of 16
    int row_depth = 512;      ///< scales (and cell states) per port and lane
    int output_depth = 64;    ///< output buffer, emissions
    int accumulator_bits = 24;
    int activation_bits = 8;  ///< ACT: 8 or 16
    int bank_columns = -1;    ///< columns of the activation memory in block RAM; -1: all

    /// Units (of a recurrent layer) or rows per lane (head) that one sweep computes at most: 3T.
    int units_per_group() const { return kPesPerTile * tiles; }
    int pes() const { return kLanes * units_per_group(); }
    /// Whether rtl/lacuna_engine.sv can be built like this.
    bool within_limits() const;
    /// `tiles=13 ports=2 weight_depth=1536 ...`
    std::string to_string() const;

    bool operator==(const Geometry&) const = default;
};

/// P as the engine is built by default: two ports from T = 9 up, where one would bound short sweeps.
inline int default_ports(int tiles) {
    return tiles >= 9 ? 2 : 1;
}

/// Where a unit of a group is computed and when it leaves: emission e on port p.
struct Place {
    int emission = 0;
    int port = 0;
    int tile = 0;
    int pe = 0;
};

/// Places of the units of a group of n units; element u is the place of the group's unit u.
/// Units leave highest first and sit in the tiles nearest the end of the lanes (rtl/compute/lacuna_lane.sv).
/// @param units 1 .. 3T
/// @param first emissions that are taken already; throws `Error` when too few places are left
std::vector<Place> group_places(const Geometry& geometry, int units, int first = 0);
/// Places of a group from an emission on.
int places_left(const Geometry& geometry, int first);

/// Cycles for which a group of n units occupies the drain ports.
int group_emissions(const Geometry& geometry, int units);

}  // namespace lacuna
