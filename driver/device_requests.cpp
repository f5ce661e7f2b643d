// Device: requests, their replies, and what is sent again.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "driver/device.hpp"
#include "driver/errors.hpp"

namespace lacuna {
namespace {

using protocol::Opcode;
using protocol::Status;

constexpr int kBitsPerByte = 10;   // with start and stop bit
constexpr int kMostRefusals = 64;  // resends that the device asked for, without a reply in between
constexpr int kCalmReplies = 256;  // without a timeout, until waits shrink again

/// Whether `sequence` lies in [first, first + count), modulo 2^16.
bool in_window(std::uint16_t sequence, std::uint16_t first, std::size_t count) {
    return static_cast<std::uint16_t>(sequence - first) < count;
}

}  // namespace

void Device::send(std::span<const std::uint8_t> frame) {
    if (std::exchange(delimit_, false)) {
        constexpr std::array<std::uint8_t, 1> kDelimiter{0};
        transport_.write(kDelimiter);
        ++statistics_.bytes_sent;
    }
    transport_.write(frame);
    statistics_.bytes_sent += frame.size();
}

void Device::post(Opcode opcode, Bytes payload, std::size_t reply_bytes, std::uint64_t cycles) {
    if (lost_) {
        session_lost();
    }
    if (pending_.empty() && opcode != Opcode::SetBaud && raise_due()) {
        ++raises_;
        try_baud(wanted_baud_);
    }
    if (pending_.size() >= identity_.window) {
        throw Error("Device::post: the window is full; take a reply first");
    }
    Request request{session_, next_++, static_cast<std::uint8_t>(opcode), std::move(payload)};
    Pending entry;
    entry.sequence = request.sequence;
    entry.opcode = opcode;
    entry.frame = encode_frame(request);
    entry.reply_bytes = line_bytes(reply_bytes);
    entry.work = std::chrono::nanoseconds(std::chrono::seconds(1)) / identity_.clock_hz * cycles;
    delimit_ = delimit_ || pending_.empty();
    pending_.push_back(std::move(entry));
    ++statistics_.requests;
    send(pending_.back().frame);
}

void Device::send_pending(std::size_t first) {
    delimit_ = true;
    for (std::size_t i = first; i < pending_.size(); ++i) {
        if (!pending_[i].reply) {
            send(pending_[i].frame);
            ++statistics_.resent;
        }
    }
}

Reply Device::take() {
    if (pending_.empty()) {
        throw Error("Device::take: no request is pending");
    }
    Duration deadline = transport_.now() + patience();
    bool recovered = false;
    int attempts = 1;
    int refusals = 0;
    while (!pending_.front().reply) {
        receive(deadline);
        if (lost_) {
            session_lost();
        }
        if (const auto expected = std::exchange(expected_, std::nullopt)) {
            const std::uint16_t first = pending_.front().sequence;
            if (!in_window(*expected, first, pending_.size()) || ++refusals > kMostRefusals) {
                session_lost();
            }
            send_pending(static_cast<std::uint16_t>(*expected - first));
            deadline = transport_.now() + patience();
        } else if (std::exchange(gap_, false) && !std::exchange(pending_.front().hurried, true)) {
            send_pending(0);
            deadline = transport_.now() + patience();
        } else if (transport_.now() >= deadline) {
            note_timeout();
            if (attempts >= options_.attempts) {
                if (std::exchange(recovered, true) || !recover()) {
                    no_answer(
                        fmt::format("{} requests were under way and may have been executed or not; when it "
                                    "is back, start again: it reports how many steps it has made",
                                    pending_.size()));
                }
                attempts = 0;
            }
            ++attempts;
            pending_.front().hurried = false;
            send_pending(0);
            deadline = transport_.now() + patience();
        }
    }
    if (++calm_ == kCalmReplies) {
        calm_ = 0;
        backoff_ = std::max(1, backoff_ / 2);
    }
    Reply reply = std::move(*pending_.front().reply);
    pending_.pop_front();
    return reply;
}

void Device::note_timeout() {
    ++statistics_.timeouts;
    calm_ = 0;
    backoff_ = std::min(2 * backoff_, options_.most_backoff);
}

void Device::drain() noexcept {
    try {
        while (!pending_.empty()) {
            take();
        }
    } catch (...) {
        // What stays unknown shows in the next request: its sequence is not the one that the device expects.
        pending_.clear();
    }
}

Bytes Device::request(Opcode opcode, Bytes payload, std::size_t reply_bytes, std::uint64_t cycles) {
    post(opcode, std::move(payload), reply_bytes, cycles);
    Reply reply = take();
    check(reply, opcode);
    if (reply.payload.size() < reply_bytes) {
        throw LinkError(fmt::format("the device's reply to {} is {} bytes long, expected {}", name(opcode),
                                    reply.payload.size(), reply_bytes));
    }
    return std::move(reply.payload);
}

void Device::check(const Reply& reply, Opcode opcode) {
    if (reply.status == static_cast<std::uint8_t>(Status::Ok)) {
        return;
    }
    const auto status = static_cast<Status>(reply.status);
    const std::uint32_t detail = reply.payload.size() < 4 ? 0 : ByteReader(reply.payload).u32();
    throw DeviceError(fmt::format("the device refuses {}: {} ({}; {}: {})", name(opcode), describe(status),
                                  name(status), describe_detail(status), detail),
                      reply.status, detail);
}

void Device::receive(Duration deadline) {
    std::array<std::uint8_t, 4096> buffer;
    const std::size_t count = transport_.read(buffer, deadline);
    statistics_.bytes_received += count;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t bad = reader_.bad();
        if (auto reply = reader_.push(buffer[i])) {
            handle(std::move(*reply));
        } else if (reader_.bad() != bad) {
            ++statistics_.bad_frames;
            gap_ = true;
        }
    }
}

void Device::handle(Reply reply) {
    // OPEN has sequence 0, and nothing else is pending while it is under way; IDENTIFY has session 0.
    if (reply.session == control_session_ && (reply.session == 0 || pending_.empty())) {
        control_reply_ = std::move(reply);
        return;
    }
    const std::uint16_t first = pending_.empty() ? 0 : pending_.front().sequence;
    if (pending_.empty() || reply.session != session_ || !in_window(reply.sequence, first, pending_.size())) {
        ++statistics_.stray_replies;
        return;
    }
    const std::size_t index = static_cast<std::uint16_t>(reply.sequence - first);
    if (pending_[index].reply) {
        ++statistics_.stray_replies;
        return;
    }
    if (reply.status == static_cast<std::uint8_t>(Status::WrongSession)) {
        lost_ = true;
        return;
    }
    if (reply.status == static_cast<std::uint8_t>(Status::WrongSequence)) {
        // Those behind the newest are refused one after the other; only then is the line free of them.
        if (index + 1 == pending_.size() && reply.payload.size() >= 2) {
            expected_ = ByteReader(reply.payload).u16();
        }
        return;
    }
    pending_[index].reply = std::move(reply);
    // Replies leave in order: what should have come before was lost.
    gap_ = gap_ || !pending_.front().reply;
}

Transport::Duration Device::line_time(std::size_t bytes) const {
    return std::chrono::nanoseconds(std::chrono::seconds(1)) / std::max(1U, transport_.baud()) *
           static_cast<Duration::rep>(kBitsPerByte * bytes);
}

Transport::Duration Device::patience() const {
    Duration time = options_.margin;
    for (const Pending& entry : pending_) {
        time += entry.work + line_time(entry.frame.size() + entry.reply_bytes);
    }
    return backoff_ * time;
}

}  // namespace lacuna
