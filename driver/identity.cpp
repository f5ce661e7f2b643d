#include "driver/identity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "driver/bytes.hpp"
#include "driver/errors.hpp"
#include "spec/protocol.hpp"

namespace lacuna {
namespace {

constexpr double kPhaseRange = 4294967296.0;  // 2^32

}  // namespace

unsigned Identity::baud() const {
    return static_cast<unsigned>(std::lround(increment / kPhaseRange * clock_hz));
}

std::uint32_t Identity::increment_of(unsigned baud) const {
    return static_cast<std::uint32_t>(std::llround(static_cast<double>(baud) / clock_hz * kPhaseRange));
}

Identity parse_identity(std::span<const std::uint8_t> payload, const std::string& line) {
    namespace p = protocol;
    constexpr std::size_t kVersionEnd =
        p::identify_reply::kProtocol.offset + p::identify_reply::kProtocol.size;
    if (payload.size() < kVersionEnd || !std::equal(p::kMagic.begin(), p::kMagic.end(), payload.begin())) {
        throw NotLacuna(
            fmt::format("what answers on '{}' is no Lacuna device: flash its bitstream, or choose "
                        "another port ('lacuna devices' lists them)",
                        line));
    }
    ByteReader reader(payload.subspan(p::kMagic.size()));
    Identity id;
    id.protocol = reader.u16();
    if (id.protocol != p::kProtocol || payload.size() < p::identify_reply::kSize) {
        throw ProtocolMismatch(
            fmt::format("the device on '{}' speaks version {} of the protocol, expected {}; {}", line,
                        id.protocol, p::kProtocol,
                        id.protocol > p::kProtocol ? "it is newer than this program: update the program"
                                                   : "flash a bitstream of this version"));
    }
    id.design = reader.u16();
    id.build_hash = reader.u64();
    id.clock_hz = reader.u32();
    id.default_baud = reader.u32();
    id.geometry.tiles = reader.u8();
    id.geometry.ports = reader.u8();
    id.geometry.activation_bits = reader.u8();
    id.geometry.accumulator_bits = reader.u8();
    id.geometry.weight_depth = static_cast<int>(reader.u32());
    id.geometry.bank_depth = static_cast<int>(reader.u32());
    id.geometry.row_depth = static_cast<int>(reader.u32());
    id.geometry.output_depth = reader.u16();
    id.embedding_banks = reader.u16();
    id.frame_bytes = reader.u16();
    id.window = reader.u8();
    const std::uint8_t flags = reader.u8();
    id.model_valid = (flags & p::kFlagModelValid) != 0;
    id.baked = (flags & p::kFlagBaked) != 0;
    id.steps = reader.u32();
    id.model = reader.u64();
    id.increment = reader.u32();
    // What the driver computes with; a device that says otherwise would make it divide by zero or overflow.
    const bool plausible = id.clock_hz > 0 && id.frame_bytes >= p::kFrameBytesMin &&
                           id.frame_bytes <= p::kFrameBytesMax && id.window >= 1 &&
                           id.window <= p::kWindowMax && id.geometry.within_limits();
    if (!plausible) {
        throw NotLacuna(
            fmt::format("the device on '{}' describes itself as {}, clock {} Hz, frames of {} bytes, window "
                        "{}: that cannot "
                        "be; flash its bitstream again",
                        line, id.geometry.to_string(), id.clock_hz, id.frame_bytes, id.window));
    }
    return id;
}

std::string model_id_text(std::uint64_t id) {
    std::string text;
    for (int byte = 0; byte < 8; ++byte) {
        text += fmt::format("{:02x}", id >> (8 * byte) & 0xFFU);
    }
    return text;
}

}  // namespace lacuna
