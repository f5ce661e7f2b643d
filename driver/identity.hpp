// What a device says about itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "pack/geometry.hpp"

namespace lacuna {

/// The reply to IDENTIFY.
struct Identity {
    std::uint16_t protocol = 0;
    std::uint16_t design = 0;
    std::uint64_t build_hash = 0;
    std::uint32_t clock_hz = 0;
    std::uint32_t default_baud = 0;
    Geometry geometry;
    int embedding_banks = 0;  ///< depth of the embedding memory; 0: no token mode
    std::size_t frame_bytes = 0;
    std::size_t window = 0;
    bool model_valid = false;
    bool baked = false;           ///< the model came with the bitstream
    std::uint32_t steps = 0;      ///< since the state was cleared
    std::uint64_t model = 0;      ///< id of the model
    std::uint32_t increment = 0;  ///< the line's rate: baud / clock * 2^32

    /// The line's rate now, as near as the increment tells.
    unsigned baud() const;
    /// The increment for a rate.
    std::uint32_t increment_of(unsigned baud) const;
    /// The fastest rate that the device takes: 4 clocks a bit.
    unsigned fastest_baud() const { return clock_hz / 4; }
};

/// Throws `NotLacuna` for what is no such reply, `ProtocolMismatch` for one of another version.
Identity parse_identity(std::span<const std::uint8_t> payload, const std::string& line);

/// A model's id as people see it: the first 16 digits of `sha256sum` of its file.
std::string model_id_text(std::uint64_t id);

}  // namespace lacuna
