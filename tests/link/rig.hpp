// A board with a small model, and what the tests of the protocol ask of it.
#pragma once

#include <doctest/doctest.h>

#include <cmath>

#include "tests/link/models.hpp"

namespace lacuna::link_test {

inline std::uint8_t code(Status status) {
    return static_cast<std::uint8_t>(status);
}

inline std::uint32_t steps_of(RawHost& host) {
    return static_cast<std::uint32_t>(
        get(host.identify().payload, protocol::identify_reply::kSteps.offset, 4));
}

inline bool model_valid(RawHost& host) {
    return (get(host.identify().payload, protocol::identify_reply::kFlags.offset, 1) &
            protocol::kFlagModelValid) != 0;
}

/// A board with a small model.
struct Rig {
    explicit Rig(const SystemParameters& parameters = built_systems().front())
        : board(parameters),
          host(board),
          loaded(language_model(parameters.geometry, Cell::Lstm, 21), parameters.geometry) {
        host.open(500);
        load(host, loaded.words, kId);
    }

    Reply step(SplitMix64& prng) {
        const auto asked = loaded.random_steps(prng, 1);
        Reply reply = host.ask(Opcode::Step, asked.payload);
        CHECK(loaded.right(reply, asked));
        return reply;
    }

    SimulatedBoard board;
    RawHost host;
    LoadedModel loaded;
};

inline void expect(RawHost& host, Opcode opcode, const Bytes& payload, Status status, std::uint64_t detail) {
    CAPTURE(protocol::name(opcode));
    CAPTURE(payload.size());
    const Reply reply = host.ask(opcode, payload);
    CHECK(protocol::name(static_cast<Status>(reply.status)) == protocol::name(status));
    CHECK(get(reply.payload, 0, 4) == detail);
    CHECK(reply.payload.size() == 4);
}

inline Bytes joined(Bytes first, const Bytes& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

inline Bytes number(std::uint64_t value, std::size_t size) {
    Bytes bytes;
    put(bytes, value, size);
    return bytes;
}

inline std::uint32_t increment(double clocks_per_bit) {
    return static_cast<std::uint32_t>(std::llround(std::ldexp(1.0, 32) / clocks_per_bit));
}

}  // namespace lacuna::link_test
