// Device: finding it, sessions, rates.
#include "driver/device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "driver/errors.hpp"

namespace lacuna {
namespace {

using protocol::Opcode;

constexpr int kMostRaises = 3;     // attempts to get back to a rate that the line did not hold
constexpr int kTrialAttempts = 4;  // IDENTIFYs at a new rate
constexpr int kFindAttempts = 2;   // at a rate where the device may be
constexpr std::size_t kJunkBytes = 64;
constexpr auto kTrialMargin = std::chrono::milliseconds(50);

std::uint64_t seed_of(const DeviceOptions& options) {
    return options.seed != 0 ? options.seed
                             : std::uint64_t{std::random_device{}()} << 32 | std::random_device{}();
}

}  // namespace

Device::Device(Transport& transport, const DeviceOptions& options, Closed)
    : transport_(transport),
      options_(options),
      random_(seed_of(options)),
      default_baud_(transport.baud()),
      wanted_baud_(transport.baud()) {}

std::optional<Identity> Device::probe(Transport& transport, const DeviceOptions& options) {
    return Device(transport, options, Closed{}).try_identify(options.attempts);
}

Device::Device(Transport& transport, const DeviceOptions& options) : Device(transport, options, Closed{}) {
    if (!try_identify(kFindAttempts) && !recover()) {
        if (statistics_.bytes_received > 0) {
            throw NotLacuna(fmt::format(
                "something on '{}' sends bytes, but no frame of a Lacuna device could be read at {} baud: "
                "choose the device's own rate with --baud, or another port ('lacuna devices' lists them)",
                transport_.name(), transport_.baud()));
        }
        no_answer("it may have another rate (--baud), no power, no bitstream, or RX and TX swapped");
    }
    open();
}

const Identity& Device::identify() {
    if (!try_identify(options_.attempts)) {
        no_answer("check cable and power");
    }
    return identity_;
}

std::optional<Identity> Device::try_identify(int attempts) {
    Request request;
    request.sequence = ++control_tag_;
    request.opcode = static_cast<std::uint8_t>(Opcode::Identify);
    const auto reply = control(request, protocol::identify_reply::kSize, attempts);
    if (!reply) {
        return std::nullopt;
    }
    identity_ = parse_identity(reply->payload, transport_.name());
    return identity_;
}

void Device::open() {
    pending_.clear();
    // Twice: the first nonce may happen to be that of the session that is open, whose replies are still
    // stored.
    const std::uint16_t first = random_nonce();
    std::uint16_t second = first;
    while (second == first) {
        second = random_nonce();
    }
    open_with(first);
    open_with(second);
    session_ = second;
    next_ = 1;
    lost_ = false;
}

void Device::open_with(std::uint16_t nonce) {
    Request request;
    request.session = nonce;
    request.opcode = static_cast<std::uint8_t>(Opcode::Open);
    auto reply = control(request, protocol::open_reply::kSize, options_.attempts);
    if (!reply && recover()) {
        reply = control(request, protocol::open_reply::kSize, options_.attempts);
    }
    if (!reply) {
        no_answer("it answered before: check cable and power");
    }
    check(*reply, Opcode::Open);
    if (reply->payload.size() < protocol::open_reply::kSize) {
        throw NotLacuna(fmt::format("the reply of the device on '{}' to OPEN is {} bytes long, expected {}",
                                    transport_.name(), reply->payload.size(), protocol::open_reply::kSize));
    }
    ByteReader reader(reply->payload);
    reader.rest(protocol::open_reply::kFlags.offset);
    const std::uint8_t flags = reader.u8();
    identity_.model_valid = (flags & protocol::kFlagModelValid) != 0;
    identity_.baked = (flags & protocol::kFlagBaked) != 0;
    identity_.steps = reader.u32();
    identity_.model = reader.u64();
}

std::optional<Reply> Device::control(const Request& request, std::size_t reply_bytes, int attempts) {
    const Bytes frame = encode_frame(request);
    control_session_ = request.session;
    control_tag_ =
        request.opcode == static_cast<std::uint8_t>(Opcode::Identify) ? request.sequence : control_tag_;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        control_reply_.reset();
        delimit_ = true;
        send(frame);
        const bool trial = transport_.baud() != default_baud_;
        const Duration margin = trial ? std::min<Duration>(options_.margin, kTrialMargin) : options_.margin;
        const Duration wait = margin + line_time(frame.size() + line_bytes(reply_bytes));
        const Duration deadline =
            transport_.now() + backoff_ * wait + patience() - backoff_ * options_.margin;
        while (transport_.now() < deadline) {
            receive(deadline);
            if (control_reply_ && control_reply_->sequence == request.sequence) {
                return std::exchange(control_reply_, std::nullopt);
            }
        }
        note_timeout();
    }
    return std::nullopt;
}

bool Device::raise_due() const {
    return transport_.baud() != wanted_baud_ && raises_ < kMostRaises;
}

bool Device::recover() {
    ++statistics_.recoveries;
    transport_.set_baud(default_baud_);
    transport_.send_break();
    // On lines that know no break: bytes that are framing errors, or breaks, at any faster rate.
    transport_.write(Bytes(kJunkBytes));
    return try_identify(kFindAttempts).has_value();
}

bool Device::try_baud(unsigned baud) {
    const std::uint32_t increment = identity_.increment_of(baud);
    Bytes payload;
    put(payload, increment, protocol::set_baud_request::kSize);
    const Bytes reply = request(Opcode::SetBaud, std::move(payload), protocol::set_baud_reply::kSize);
    transport_.set_baud(baud);
    if (try_identify(kTrialAttempts)) {
        return true;
    }
    // The device goes back by itself when it hears nothing for a while.
    if (!recover() && !recover()) {
        no_answer(fmt::format("it was asked to change to {} baud, and is heard neither there nor at {}", baud,
                              default_baud_));
    }
    return false;
}

void Device::set_baud(unsigned baud) {
    if (!pending_.empty()) {
        throw Error("Device::set_baud: take the replies under way first");
    }
    if (baud == 0 || baud > identity_.fastest_baud()) {
        throw LinkError(fmt::format("{} baud: the device takes at most {} (its clock / 4)", baud,
                                    identity_.fastest_baud()));
    }
    const unsigned before = wanted_baud_;
    wanted_baud_ = transport_.baud();  // no attempt to get back to it on the way
    for (int attempt = 0; attempt < kMostRaises; ++attempt) {
        if (try_baud(baud)) {
            wanted_baud_ = baud;
            raises_ = 0;
            return;
        }
    }
    wanted_baud_ = transport_.baud();
    throw LinkError(fmt::format(
        "the device cannot be heard at {} baud (it could at {}); the line is at {} now: choose a lower rate",
        baud, before, transport_.baud()));
}

void Device::session_lost() {
    lost_ = true;
    pending_.clear();
    const bool known = try_identify(options_.attempts).has_value() || recover();
    if (!known) {
        no_answer("its session was lost before");
    }
    throw SessionLost(
        fmt::format(
            "the device on '{}' was reset, or another program took it over: it has {} model{} and counts "
            "{} steps; what was under way may have been executed or not: {} and set its state again",
            transport_.name(), identity_.model_valid ? "a" : "no",
            identity_.model_valid ? " (" + model_id_text(identity_.model) + ")" : "", identity_.steps,
            identity_.model_valid ? "open a new session" : "open a new session, load the model"),
        identity_.model_valid, identity_.steps);
}

void Device::no_answer(const std::string& what) const {
    throw NoAnswer(
        fmt::format("nothing answers on '{}' at {} baud: {}", transport_.name(), transport_.baud(), what));
}

std::uint16_t Device::random_nonce() {
    return static_cast<std::uint16_t>(random_.between(1, 0xFFFF));
}

}  // namespace lacuna
