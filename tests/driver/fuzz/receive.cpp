// Fuzzes the driver's receive side: whatever comes over the line, Device and Board end with a result or an
// `Error`, in bounded time. The line answers each request with what the input says: raw bytes, or a frame
// that is right in form (session, sequence, CRC) and arbitrary in content, so that the code behind the CRC is
// reached as well.
//
// With clang: a libFuzzer target (`make fuzz`). With LACUNA_FUZZ_STANDALONE: a program that makes inputs by
// itself.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "driver/board.hpp"
#include "driver/cobs.hpp"
#include "driver/errors.hpp"
#include "golden/random_model.hpp"

namespace lacuna {
namespace {

constexpr std::size_t kMostWrites = 400;  // after which the line is dead: inputs are short
constexpr std::uint8_t kSteps = 1, kRate = 2, kLoad = 4, kAllParts = 7;

/// The reply of a device on which everything is in order, with this payload.
Bytes frame_of(std::uint16_t session, std::uint16_t sequence, std::uint8_t status, const Bytes& payload) {
    return encode_frame({session, sequence, status, payload});  // requests and replies have one form
}

Bytes identity_payload() {
    Bytes payload{'L', 'A', 'C', 'U'};
    put(payload, 1, 2);  // protocol
    put(payload, 1, 2);  // design
    put(payload, 0, 8);  // build
    put(payload, 8000000, 4);
    put(payload, 1000000, 4);
    payload.insert(payload.end(), {1, 1, 8, 24});
    put(payload, 1024, 4);
    put(payload, 64, 4);
    put(payload, 256, 4);
    put(payload, 64, 2);
    put(payload, 512, 2);
    put(payload, 512, 2);
    payload.insert(payload.end(), {4, 1});
    put(payload, 0, 4);
    put(payload, 77, 8);
    put(payload, 0x20000000, 4);
    return payload;
}

/// Answers each frame as the input says; time passes with every read.
class FuzzLine : public Transport {
  public:
    explicit FuzzLine(std::span<const std::uint8_t> input) : input_(input) {}

    Duration now() override { return now_; }
    void write(std::span<const std::uint8_t> bytes) override {
        now_ += std::chrono::microseconds(1);
        if (bytes.size() < kFrameHeaderBytes + kFrameCrcBytes || ++writes_ > kMostWrites) {
            return;
        }
        const auto body = cobs_decode(bytes.first(bytes.size() - 1));
        if (body) {
            answer(*body);
        }
    }
    std::size_t read(std::span<std::uint8_t> buffer, Duration deadline) override {
        if (waiting_.empty()) {
            now_ = std::max(now_, deadline);
            return 0;
        }
        now_ += std::chrono::microseconds(10);
        const std::size_t count = std::min({buffer.size(), waiting_.size(), std::size_t{64}});
        std::copy_n(waiting_.begin(), count, buffer.begin());
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
        return count;
    }
    void set_baud(unsigned baud) override { baud_ = baud; }
    unsigned baud() const override { return baud_; }
    void send_break() override {}
    std::string name() const override { return "fuzz"; }

  private:
    std::uint8_t next() {
        if (input_.empty()) {
            return 0;
        }
        const std::uint8_t byte = input_.front();
        input_ = input_.subspan(1);
        return byte;
    }
    Bytes some() {
        const std::size_t size = std::min<std::size_t>(next(), input_.size());
        Bytes bytes(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(size));
        input_ = input_.subspan(size);
        return bytes;
    }
    void answer(const Bytes& body) {
        ByteReader request(body);
        const std::uint16_t session = request.u16();
        const std::uint16_t sequence = request.u16();
        const std::uint8_t opcode = request.u8();
        Bytes reply;
        switch (next() % 8) {
            case 0:  // as it should be, with lengths that fit a small model
                reply = frame_of(session, sequence, 0,
                                 opcode == 2 ? identity_payload() : Bytes(opcode == 1 ? 18 : 4));
                break;
            case 1:  // any content
                reply = frame_of(session, sequence, 0, some());
                break;
            case 2:  // a refusal
                reply = frame_of(session, sequence, next(), some());
                break;
            case 3:  // a reply to something else
                reply = frame_of(static_cast<std::uint16_t>(session ^ (next() & 1U)),
                                 static_cast<std::uint16_t>(sequence + next()), next() % 16, some());
                break;
            case 4:  // noise
                reply = some();
                break;
            case 5:  // an identity with a hole
                reply = identity_payload();
                reply[next() % reply.size()] = next();
                reply = frame_of(session, sequence, 0, reply);
                break;
            case 6:  // a damaged frame
                reply = frame_of(session, sequence, 0, some());
                reply[next() % reply.size()] ^= next();
                break;
            default:  // nothing
                break;
        }
        waiting_.insert(waiting_.end(), reply.begin(), reply.end());
    }

    std::span<const std::uint8_t> input_;
    Bytes waiting_;
    Duration now_{};
    unsigned baud_ = 1000000;
    std::size_t writes_ = 0;
};

const NamedModel& model() {
    static const NamedModel named = [] {
        RandomModelOptions options;
        options.inputs = 4;
        options.units = {3};
        options.head_rows = 5;
        options.vocabulary = true;
        return NamedModel{random_model(options), 77};
    }();
    return named;
}

/// The first byte of an input says what to do with the board, the others are the line's.
void exercise(std::span<const std::uint8_t> input) {
    const std::uint8_t parts = input.empty() ? kAllParts : input.front();
    FuzzLine line(input.subspan(std::min<std::size_t>(input.size(), 1)));
    try {
        Board board(line,
                    {.margin = std::chrono::milliseconds(1), .most_backoff = 2, .attempts = 2, .seed = 1});
        if ((parts & kSteps) != 0 && board.attach(model())) {
            board.step(std::vector<std::int16_t>(4));
            const std::vector<int> tokens{1, 2, 3};
            board.likeliest(tokens);
            board.generate(1, 5);
            board.read_state();
        }
        if ((parts & kRate) != 0) {
            board.counters();
            board.set_baud(2000000);
        }
        if ((parts & kLoad) != 0) {
            board.load(model());
        }
    } catch (const Error&) {
        return;  // any other exception is a finding
    }
}

}  // namespace
}  // namespace lacuna

// libFuzzer's own name. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lacuna::exercise({data, size});
    return 0;
}

#ifdef LACUNA_FUZZ_STANDALONE
int main(int argc, char** argv) {
    const long runs = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 20000;
    lacuna::SplitMix64 prng(1);
    for (long run = 0; run < runs; ++run) {
        std::vector<std::uint8_t> input(static_cast<std::size_t>(prng.between(0, 300)));
        // Mostly good answers: only they lead far.
        for (std::uint8_t& byte : input) {
            byte = prng.one_in(4) ? static_cast<std::uint8_t>(prng.next()) : std::uint8_t{0};
        }
        if (!input.empty()) {
            input.front() = static_cast<std::uint8_t>(prng.between(0, lacuna::kAllParts));
        }
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    std::printf("%ld passed, 0 failed\n", runs);
    return 0;
}
#endif
