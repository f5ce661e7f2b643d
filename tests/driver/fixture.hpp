// A driver on a simulated board, and small models for it.
#pragma once

#include "driver/board.hpp"
#include "golden/random_model.hpp"
#include "sim/simulation_transport.hpp"

namespace lacuna {

/// Waits suited to simulated time: nothing delays replies but the line itself.
inline DeviceOptions simulated_options(std::uint64_t seed) {
    return {.margin = std::chrono::milliseconds(2), .most_backoff = 2, .attempts = 8, .seed = seed};
}

/// A small model for a geometry. @param language with vocabulary, embedding and head
inline NamedModel small_model(const Geometry& geometry, std::uint64_t seed, Cell cell = Cell::Lstm,
                              bool language = true) {
    RandomModelOptions options;
    options.seed = seed;
    options.cell = cell;
    options.inputs = 18;
    options.units = {11, 7};
    options.k_x = {3};
    options.k_h = {2};
    options.head_rows = language ? 13 : 0;
    options.vocabulary = language;
    options.activation_bits = geometry.activation_bits;
    options.accumulator_bits = geometry.accumulator_bits;
    return {random_model(options), 0x1234567800000000 + seed};
}

struct Fixture {
    SimulatedBoard simulation;
    SimulationTransport line;
    Board board;

    explicit Fixture(std::size_t system = 0)
        : simulation(built_systems().at(system)), line(simulation), board(line, simulated_options(7)) {}
};

}  // namespace lacuna
