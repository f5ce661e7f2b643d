#include "pack/geometry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/error.hpp"
#include "golden/number_format.hpp"

namespace lacuna {

std::string Geometry::to_string() const {
    return fmt::format(
        "tiles={} ports={} weight_depth={} bank_depth={} row_depth={} accumulator_bits={} act={}", tiles,
        ports, weight_depth, bank_depth, row_depth, accumulator_bits, activation_bits);
}

bool Geometry::within_limits() const {
    if (tiles < 1 || tiles > kMaxTiles || ports < 1 || ports > 2 || ports > tiles) {
        return false;
    }
    const int strand = kPesPerTile * ((tiles + ports - 1) / ports);
    return weight_depth >= 2 && weight_depth <= 1048576 && bank_depth >= 2 && bank_depth <= 4096 &&
           row_depth >= 2 && row_depth <= 16384 && output_depth >= strand && output_depth <= 64 &&
           NumberFormat::supports(activation_bits) && accumulator_bits >= 16 &&
           accumulator_bits <= number_format(activation_bits).max_accumulator_bits;
}

int places_left(const Geometry& geometry, int first) {
    int places = 0;
    for (int port = 0; port < geometry.ports; ++port) {
        const int strand = kPesPerTile * ((geometry.tiles - port + geometry.ports - 1) / geometry.ports);
        places += std::max(0, strand - first);
    }
    return places;
}

std::vector<Place> group_places(const Geometry& geometry, int units, int first) {
    if (units > places_left(geometry, first)) {
        throw Error(fmt::format("a group of {} units after {} emissions has no place in {} tiles", units,
                                first, geometry.tiles));
    }
    std::vector<Place> places(static_cast<std::size_t>(units));
    int next = units - 1;
    for (int emission = first; next >= 0; ++emission) {
        for (int port = 0; port < geometry.ports && next >= 0; ++port) {
            // Strand `port` carries tiles T-1-port, T-1-port-P, ..., three results each.
            const int tile = geometry.tiles - 1 - (geometry.ports * (emission / kPesPerTile) + port);
            if (tile < 0) {
                continue;
            }
            places[static_cast<std::size_t>(next)] = {emission, port, tile,
                                                      kPesPerTile - 1 - emission % kPesPerTile};
            --next;
        }
    }
    return places;
}

int group_emissions(const Geometry& geometry, int units) {
    return group_places(geometry, units).front().emission + 1;
}

}  // namespace lacuna
