// The frame's way in and out: lacuna_crc32, lacuna_cobs_decoder, lacuna_frame_receiver and
// lacuna_reply_sender against the reference codec, with every kind of damage.
#include <doctest/doctest.h>

#include <deque>

#include "Vcobs_decoder.h"
#include "Vcrc32.h"
#include "Vframe_receiver.h"
#include "Vreply_sender.h"
#include "golden/prng.hpp"
#include "sim/testbench.hpp"
#include "tests/link/codec.hpp"

namespace lacuna::link_test {
namespace {

constexpr std::size_t kFrameBytes = 256;  // of Vframe_receiver and Vreply_sender
constexpr std::size_t kWindow = 4;
constexpr int kByteCycles = 40;  // of the fastest line

/// Bytes with zeros as often as asked for, and runs without, so that blocks of every length occur.
Bytes bytes_with_zeros(SplitMix64& prng, std::size_t size) {
    Bytes bytes(size);
    const auto zeros = prng.between(1, 400);
    for (auto& byte : bytes) {
        byte = prng.one_in(static_cast<std::uint64_t>(zeros))
                   ? 0
                   : static_cast<std::uint8_t>(prng.between(1, 255));
    }
    return bytes;
}

/// What a decoder gave for one frame.
struct Decoded {
    Bytes bytes;
    bool ok = false;
    bool damaged = false;
};

class Decoder {
  public:
    Decoder() : bench_(1) {
        bench_->valid_i = 0;
        bench_->damage_i = 0;
        bench_.reset(4);
    }

    void damage() {
        bench_->damage_i = 1;
        tick();
        bench_->damage_i = 0;
    }

    std::vector<Decoded> run(std::span<const std::uint8_t> bytes) {
        for (const std::uint8_t byte : bytes) {
            bench_->valid_i = 1;
            bench_->data_i = byte;
            tick();
            bench_->valid_i = 0;
            tick();
        }
        return std::exchange(frames_, {});
    }

  private:
    void tick() {
        bench_.tick();
        if (bench_->valid_o != 0) {
            now_.push_back(bench_->data_o);
        }
        if (bench_->end_o != 0) {
            CHECK(bench_->valid_o == 0);
            frames_.push_back({std::exchange(now_, {}), bench_->ok_o != 0, bench_->damaged_o != 0});
        }
    }

    Testbench<Vcobs_decoder> bench_;
    Bytes now_;
    std::vector<Decoded> frames_;
};

/// The receiver's bytes, and what it says of each frame.
class FrameReceiver {
  public:
    struct Counts {
        int good = 0, dropped = 0, crc = 0, length = 0, bad = 0;
        bool operator==(const Counts&) const = default;
    };

    FrameReceiver() : bench_(2) {
        bench_->valid_i = 0;
        bench_->end_i = 0;
        bench_->ok_i = 0;
        bench_->damaged_i = 0;
        bench_->request_done_i = 0;
        bench_->address_i = 0;
        bench_.reset(4);
    }

    void frame(std::span<const std::uint8_t> body, bool ok = true, bool damaged = false) {
        for (const std::uint8_t byte : body) {
            bench_->valid_i = 1;
            bench_->data_i = byte;
            tick();
            bench_->valid_i = 0;
            for (int i = 1; i < kByteCycles; ++i) {
                tick();
            }
        }
        bench_->end_i = 1;
        bench_->ok_i = ok;
        bench_->damaged_i = damaged;
        tick();
        bench_->end_i = 0;
        for (int i = 1; i < kByteCycles; ++i) {
            tick();
        }
    }

    bool waiting() { return bench_->request_valid_o != 0; }

    /// The oldest request, which is then done.
    Request take() {
        REQUIRE(bench_->request_valid_o != 0);
        Request request{bench_->request_session_o, bench_->request_sequence_o, bench_->request_opcode_o, {}};
        for (std::size_t i = 0; i < bench_->request_length_o; ++i) {
            bench_->address_i = static_cast<SData>(i);
            tick();
            tick();
            tick();
            request.payload.push_back(bench_->data_o);
        }
        bench_->request_done_i = 1;
        tick();
        bench_->request_done_i = 0;
        tick();
        return request;
    }

    Counts counts() { return std::exchange(counts_, {}); }

  private:
    void tick() {
        bench_.tick();
        counts_.good += bench_->good_o;
        counts_.dropped += bench_->dropped_o;
        counts_.crc += bench_->crc_error_o;
        counts_.length += bench_->length_error_o;
        counts_.bad += bench_->bad_o;
    }

    Testbench<Vframe_receiver> bench_;
    Counts counts_;
};

void check_equal(const Request& got, const Request& expected) {
    CHECK(got.session == expected.session);
    CHECK(got.sequence == expected.sequence);
    CHECK(got.opcode == expected.opcode);
    CHECK(got.payload == expected.payload);
}

Request random_request(SplitMix64& prng, std::size_t most = kFrameBytes) {
    return {
        static_cast<std::uint16_t>(prng.next()), static_cast<std::uint16_t>(prng.next()),
        static_cast<std::uint8_t>(prng.next()),
        bytes_with_zeros(prng, static_cast<std::size_t>(prng.between(0, static_cast<std::int64_t>(most))))};
}

/// The bytes that the sender makes of a reply; `stall` cycles for each of them.
Bytes send(Testbench<Vreply_sender>& bench, const Reply& reply, bool lead, int stall) {
    std::uint64_t header =
        reply.session | std::uint64_t{reply.sequence} << 16U | std::uint64_t{reply.status} << 32U;
    for (int i = 0; i < 3; ++i) {
        bench.tick();
    }
    REQUIRE(bench->ready_o != 0);
    bench->header_i = header;
    bench->length_i = static_cast<SData>(reply.payload.size());
    bench->lead_i = lead;
    bench->send_i = 1;
    std::deque<std::uint8_t> memory{0, 0, 0, 0};  // answers after four cycles
    Bytes line;
    int busy = 0;
    do {
        const std::size_t address = bench->payload_address_o;
        memory.push_back(address < reply.payload.size() ? reply.payload[address] : 0xEE);
        bench->out_ready_i = busy == 0 ? 1 : 0;
        bench.settle();
        if (bench->out_valid_o != 0 && bench->out_ready_i != 0) {
            line.push_back(bench->out_data_o);
            busy = stall;
        } else if (busy > 0) {
            --busy;
        }
        bench.tick();
        memory.pop_front();
        bench->payload_i = memory.front();
        bench->send_i = 0;
        REQUIRE(line.size() < 1000);
    } while (bench->ready_o == 0);
    return line;
}

}  // namespace

TEST_CASE("the CRC is that of the reference, and its residue tells a good body") {
    Testbench<Vcrc32> bench(1);
    SplitMix64 prng(1);
    for (int run = 0; run < 20; ++run) {
        const Bytes bytes = bytes_with_zeros(prng, static_cast<std::size_t>(prng.between(0, 70)));
        bench->start_i = 1;
        bench->valid_i = 0;
        bench.tick();
        bench->start_i = 0;
        Bytes body = bytes;
        put(body, crc32(bytes), 4);
        for (std::size_t i = 0; i < body.size(); ++i) {
            if (i == bytes.size()) {
                bench->valid_i = 0;
                bench.tick();
                CHECK(~bench->crc_o == crc32(bytes));
            }
            bench->valid_i = 1;
            bench->data_i = body[i];
            bench.tick();
        }
        bench->valid_i = 0;
        bench.tick();
        CHECK(bench->crc_o == 0xDEBB20E3);
    }
    CHECK(crc32(Bytes{'1', '2', '3', '4', '5', '6', '7', '8', '9'}) ==
          0xCBF43926);  // the catalogue's check value
}

TEST_CASE("the decoder gives back what was encoded, whatever stands between frames") {
    Decoder decoder;
    SplitMix64 prng(2);
    for (int run = 0; run < 60; ++run) {
        const std::size_t size =
            run < 10 ? 250 + static_cast<std::size_t>(run) : static_cast<std::size_t>(prng.between(1, 700));
        const Bytes body = bytes_with_zeros(prng, size);
        Bytes line(static_cast<std::size_t>(prng.between(0, 3)), 0);
        const Bytes encoded = cobs_encode(body);
        line.insert(line.end(), encoded.begin(), encoded.end());
        line.push_back(0);
        const auto frames = decoder.run(line);
        REQUIRE(frames.size() == 1);
        CHECK(frames[0].ok);
        CHECK(!frames[0].damaged);
        CHECK(frames[0].bytes == body);
    }
}

TEST_CASE("the decoder refuses a frame that ends inside a block, and one that was damaged") {
    Decoder decoder;
    const Bytes body{1, 2, 0, 3, 4, 5};
    Bytes encoded = cobs_encode(body);
    encoded.pop_back();
    encoded.push_back(0);
    const auto cut = decoder.run(encoded);
    REQUIRE(cut.size() == 1);
    CHECK(!cut[0].ok);
    CHECK(!cut[0].damaged);

    decoder.damage();
    const auto damaged = decoder.run(Bytes{3, 1, 2, 0, 3, 1, 2, 0});
    REQUIRE(damaged.size() == 2);
    CHECK(!damaged[0].ok);
    CHECK(damaged[0].damaged);
    CHECK(damaged[1].ok);
    CHECK(damaged[1].bytes == Bytes{1, 2});
}

TEST_CASE("the receiver shows whole requests only, in order, of any length") {
    FrameReceiver receiver;
    SplitMix64 prng(3);
    std::deque<Request> sent;
    for (int run = 0; run < 60; ++run) {
        sent.push_back(random_request(prng));
        if (run == 7 || run == 8) {
            sent.back().payload = bytes_with_zeros(prng, run == 7 ? 0 : kFrameBytes);
        }
        receiver.frame(body_of(sent.back()));
        CHECK(receiver.counts() == FrameReceiver::Counts{1, 0, 0, 0, 0});
        while (sent.size() == kWindow || (!sent.empty() && prng.one_in(2))) {
            check_equal(receiver.take(), sent.front());
            sent.pop_front();
        }
        CHECK(receiver.waiting() == !sent.empty());
    }
}

TEST_CASE("the receiver drops damaged frames, counts them by kind, and keeps what it holds") {
    FrameReceiver receiver;
    SplitMix64 prng(4);
    const Request kept = random_request(prng);
    receiver.frame(body_of(kept));
    CHECK(receiver.counts() == FrameReceiver::Counts{1, 0, 0, 0, 0});
    for (int run = 0; run < 40; ++run) {
        const Request request = random_request(prng, 60);
        Bytes body = body_of(request);
        const auto bit =
            static_cast<std::size_t>(prng.between(0, static_cast<std::int64_t>(8 * body.size()) - 1));
        body[bit / 8] = static_cast<std::uint8_t>(body[bit / 8] ^ 1U << bit % 8);
        receiver.frame(body);
        CHECK(receiver.counts() == FrameReceiver::Counts{0, 0, 1, 0, 1});
    }
    receiver.frame(body_of(random_request(prng, 60)), false);
    CHECK(receiver.counts() == FrameReceiver::Counts{0, 0, 0, 1, 1});
    receiver.frame(body_of(random_request(prng, 60)), false, true);
    CHECK(receiver.counts() == FrameReceiver::Counts{0, 0, 0, 0, 1});
    receiver.frame(Bytes{1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(receiver.counts() == FrameReceiver::Counts{0, 0, 0, 1, 1});
    Request longer = random_request(prng);
    longer.payload = bytes_with_zeros(prng, kFrameBytes + 1);
    receiver.frame(body_of(longer));
    CHECK(receiver.counts() == FrameReceiver::Counts{0, 0, 0, 1, 1});
    longer.payload = bytes_with_zeros(prng, 3 * kFrameBytes);
    receiver.frame(body_of(longer));
    CHECK(receiver.counts() == FrameReceiver::Counts{0, 0, 0, 1, 1});

    const Request next = random_request(prng);
    receiver.frame(body_of(next));
    check_equal(receiver.take(), kept);
    check_equal(receiver.take(), next);
    CHECK(!receiver.waiting());
}

TEST_CASE("a receiver that is full drops the next request, and nothing else") {
    FrameReceiver receiver;
    SplitMix64 prng(5);
    std::vector<Request> sent;
    sent.reserve(kWindow + 2);
    for (std::size_t i = 0; i < kWindow + 2; ++i) {
        sent.push_back(random_request(prng));
        receiver.frame(body_of(sent.back()));
        CHECK(receiver.counts() == FrameReceiver::Counts{1, i < kWindow ? 0 : 1, 0, 0, 0});
    }
    for (std::size_t i = 0; i < kWindow; ++i) {
        check_equal(receiver.take(), sent[i]);
    }
    CHECK(!receiver.waiting());
    receiver.frame(body_of(sent.back()));
    check_equal(receiver.take(), sent.back());
}

TEST_CASE("the sender's frames are what the reference decodes to the reply, at any pace") {
    Testbench<Vreply_sender> bench(6);
    bench->send_i = 0;
    bench->out_ready_i = 0;
    bench.reset(4);
    SplitMix64 prng(7);
    ReplyReader reader;
    for (int run = 0; run < 300; ++run) {
        const std::size_t size = run < 257 ? static_cast<std::size_t>(run)
                                           : static_cast<std::size_t>(prng.between(0, kFrameBytes));
        const Reply reply{static_cast<std::uint16_t>(prng.between(0, 300)),
                          static_cast<std::uint16_t>(prng.between(0, 300)),
                          static_cast<std::uint8_t>(prng.between(0, 3)), bytes_with_zeros(prng, size)};
        const bool lead = prng.one_in(2);
        const Bytes line = send(bench, reply, lead, static_cast<int>(prng.between(0, 1) * kByteCycles));
        CAPTURE(run);
        CHECK((line.front() == 0) == lead);
        CHECK(line.back() == 0);
        CHECK(line.size() <= size + 9 + 2 + 2 + (lead ? 1U : 0U));
        reader.push(line);
        const auto got = reader.take();
        REQUIRE(got.has_value());
        CHECK(*got == reply);
        CHECK(reader.bad() == 0);
    }
}

}  // namespace lacuna::link_test
