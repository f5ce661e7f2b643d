// Descriptors: encoding and decoding, and the places of units in a group.
#include "pack/descriptor.hpp"

#include <doctest/doctest.h>

#include <set>

#include "golden/prng.hpp"
#include "pack/geometry.hpp"

namespace lacuna {
namespace {

TEST_CASE("a descriptor survives its encoding, whatever its bits") {
    SplitMix64 prng(7);
    for (int i = 0; i < 1000; ++i) {
        std::array<std::uint32_t, kDescriptorWords> words{};
        for (auto& word : words) {
            word = static_cast<std::uint32_t>(prng.next());
        }
        const Descriptor descriptor = Descriptor::decode(words);
        CHECK(Descriptor::decode(descriptor.encode()) == descriptor);
    }
}

TEST_CASE("every unit of a group has a PE and an emission of its own, highest first") {
    for (int tiles = 1; tiles <= 21; ++tiles) {
        for (int ports = 1; ports <= std::min(2, tiles); ++ports) {
            const Geometry geometry{.tiles = tiles, .ports = ports};
            for (int units = 1; units <= geometry.units_per_group(); ++units) {
                const auto places = group_places(geometry, units);
                REQUIRE(places.size() == static_cast<std::size_t>(units));
                std::set<std::pair<int, int>> pes;
                for (int u = 0; u < units; ++u) {
                    const Place& place = places[static_cast<std::size_t>(u)];
                    CHECK(place.tile >= 0);
                    CHECK(place.tile < tiles);
                    // The strand that carries the tile, and how far it is from the end of the lane.
                    CHECK(place.port == (tiles - 1 - place.tile) % ports);
                    CHECK(place.emission == 3 * ((tiles - 1 - place.tile) / ports) + 2 - place.pe);
                    pes.insert({place.tile, place.pe});
                    if (u > 0) {
                        CHECK(place.emission <= places[static_cast<std::size_t>(u) - 1].emission);
                    }
                }
                CHECK(pes.size() == places.size());
                CHECK(group_emissions(geometry, units) >= (units + ports - 1) / ports);
            }
        }
    }
}

}  // namespace
}  // namespace lacuna
