// Device: requests and replies, exactly once, over a line that may damage, lose or repeat anything.
//
// Requests carry a session and a sequence number; the device executes each once and keeps its reply, so
// sending one again is safe. Device sends again until the reply is there or nothing answers any more. When
// the device was reset, or another host took over, every call throws `SessionLost` until the owner calls
// `open`.
//
// Not safe to be used by two threads at once; one Device per Transport.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "driver/frame.hpp"
#include "driver/identity.hpp"
#include "driver/transport.hpp"
#include "golden/prng.hpp"
#include "spec/protocol.hpp"

namespace lacuna {

struct DeviceOptions {
    /// Waited for a reply beside the time that the line and the engine take.
    Transport::Duration margin = std::chrono::milliseconds(300);
    /// Waits grow by this factor at most while replies stay away: a simulated board is slower than its line.
    int most_backoff = 16;
    int attempts = 6;        ///< times a request is sent before the device counts as gone
    std::uint64_t seed = 0;  ///< of the session's nonce; 0: the system's random numbers
};

/// What the line cost, since the Device was made.
struct LinkStatistics {
    std::uint64_t requests = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t resent = 0;         ///< requests sent once more
    std::uint64_t bad_frames = 0;     ///< received with a damage
    std::uint64_t stray_replies = 0;  ///< replies that nobody waited for (any more)
    std::uint64_t recoveries = 0;     ///< times that the default rate was gone back to
};

class Device {
  public:
    /// Finds the device and opens a session. Throws `NoAnswer`, `NotLacuna`, `ProtocolMismatch`, `PortError`.
    explicit Device(Transport& transport, const DeviceOptions& options = {});

    /// Asks what is there, without opening a session: another program's goes on. Nothing when nothing
    /// answers.
    static std::optional<Identity> probe(Transport& transport, const DeviceOptions& options = {});

    /// What the device said when the session was opened; `identify` asks again.
    const Identity& identity() const { return identity_; }
    const Identity& identify();

    /// Sends a request without waiting for its reply; waits only for room in the device's window.
    /// @param reply_bytes payload of the reply, at most
    /// @param cycles that the device works on it, about
    void post(protocol::Opcode opcode, Bytes payload, std::size_t reply_bytes, std::uint64_t cycles = 0);
    /// Requests posted whose reply was not taken.
    std::size_t pending() const { return pending_.size(); }
    /// No room for another request; or the line must become quiet first, to get back to the rate it should
    /// have.
    bool window_full() const {
        return pending_.size() >= identity_.window || (!pending_.empty() && raise_due());
    }
    /// The reply to the oldest request, whatever its status.
    Reply take();
    /// Forgets the replies to come (they are still waited for).
    void drain() noexcept;

    /// One request, whose reply has so many bytes; throws `DeviceError` when it is refused, `LinkError` when
    /// the reply is shorter. Nothing may be pending.
    Bytes request(protocol::Opcode opcode, Bytes payload, std::size_t reply_bytes, std::uint64_t cycles = 0);
    /// Throws the `DeviceError` of a refusal.
    static void check(const Reply& reply, protocol::Opcode opcode);

    /// Changes the line's rate on both sides; when the device cannot be heard at the new one, goes back to
    /// the default. Throws `LinkError` then. Nothing may be pending.
    void set_baud(unsigned baud);

    /// A new session; what was pending is forgotten.
    void open();

    Transport& transport() { return transport_; }
    const LinkStatistics& statistics() const { return statistics_; }

  private:
    using Duration = Transport::Duration;
    struct Closed {};
    Device(Transport& transport, const DeviceOptions& options, Closed);

    struct Pending {
        std::uint16_t sequence = 0;
        protocol::Opcode opcode{};
        Bytes frame;
        std::size_t reply_bytes = 0;
        Duration work{};
        std::optional<Reply> reply;
        bool hurried = false;  ///< was sent again at once
    };

    /// A request outside of any session (or that opens one), and its reply; nothing within the attempts.
    std::optional<Reply> control(const Request& request, std::size_t reply_bytes, int attempts);
    std::optional<Identity> try_identify(int attempts);
    void open_with(std::uint16_t nonce);
    void send(std::span<const std::uint8_t> frame);
    void send_pending(std::size_t first);
    /// Reads once, and handles the replies that came.
    void receive(Duration deadline);
    void handle(Reply reply);
    /// Goes back to the default rate, where the device is to be found when it lost ours; true if it is.
    bool recover();
    void note_timeout();
    [[noreturn]] void session_lost();
    [[noreturn]] void no_answer(const std::string& what) const;
    Duration line_time(std::size_t bytes) const;
    /// What all pending requests may take.
    Duration patience() const;
    std::uint16_t random_nonce();

    bool raise_due() const;
    /// Asks for the rate and tries it; false when the device is back at the default rate, and we as well.
    bool try_baud(unsigned baud);

    Transport& transport_;
    DeviceOptions options_;
    Identity identity_;
    LinkStatistics statistics_;
    FrameReader reader_;
    SplitMix64 random_;
    std::uint16_t session_ = 0;
    std::uint16_t next_ = 1;
    std::uint16_t control_tag_ = 0;
    std::optional<Reply> control_reply_;
    std::uint16_t control_session_ = 0;
    std::deque<Pending> pending_;
    unsigned default_baud_ = 0;  ///< the line's when we came
    unsigned wanted_baud_ = 0;
    int raises_ = 0;   ///< attempts to get back to the wanted rate
    int backoff_ = 1;  ///< factor on all waits; grows with every timeout
    int calm_ = 0;     ///< replies in a row without one
    bool lost_ = false;
    bool gap_ = false;  ///< a reply was damaged, or a later one came first: worth sending again at once
    std::optional<std::uint16_t> expected_;  ///< by the device, which refused the newest request
    bool delimit_ = true;                    ///< the line may hold half a frame: begin with a delimiter
};

}  // namespace lacuna
