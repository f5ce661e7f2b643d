// The rules of the protocol on the whole system, in raw frames: exactly once, refusals, limits, the watchdog,
// rates, the boot memory, and whatever a line can bring.
#include <doctest/doctest.h>

#include <charconv>
#include <cmath>
#include <sstream>

#include "common/file.hpp"
#include "tests/link/models.hpp"

namespace lacuna::link_test {
namespace {

constexpr std::uint64_t kSilence = 40'000;  // cycles in which any reply would have come

std::uint8_t code(Status status) {
    return static_cast<std::uint8_t>(status);
}

std::uint32_t steps_of(RawHost& host) {
    return static_cast<std::uint32_t>(
        get(host.identify().payload, protocol::identify_reply::kSteps.offset, 4));
}

bool model_valid(RawHost& host) {
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

void expect(RawHost& host, Opcode opcode, const Bytes& payload, Status status, std::uint64_t detail) {
    CAPTURE(protocol::name(opcode));
    CAPTURE(payload.size());
    const Reply reply = host.ask(opcode, payload);
    CHECK(protocol::name(static_cast<Status>(reply.status)) == protocol::name(status));
    CHECK(get(reply.payload, 0, 4) == detail);
    CHECK(reply.payload.size() == 4);
}

Bytes joined(Bytes first, const Bytes& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

Bytes number(std::uint64_t value, std::size_t size) {
    Bytes bytes;
    put(bytes, value, size);
    return bytes;
}

std::uint32_t increment(double clocks_per_bit) {
    return static_cast<std::uint32_t>(std::llround(std::ldexp(1.0, 32) / clocks_per_bit));
}

}  // namespace

TEST_CASE("IDENTIFY and OPEN tell what the device is") {
    for (const SystemParameters& parameters : built_systems()) {
        SimulatedBoard board(parameters);
        RawHost host(board);
        namespace field = protocol::identify_reply;
        const Bytes identity = host.identify().payload;
        const auto value = [&](protocol::Field f) {
            return static_cast<std::int64_t>(get(identity, f.offset, f.size));
        };
        REQUIRE(identity.size() == field::kSize);
        const Geometry& geometry = parameters.geometry;
        CHECK(std::string(identity.begin(), identity.begin() + 4) == "LACU");
        CHECK(value(field::kProtocol) == protocol::kProtocol);
        CHECK(value(field::kDesign) == protocol::kDesign);
        CHECK(value(field::kClockHz) == parameters.clock_hz());
        CHECK(value(field::kBaud) == SystemParameters::kBaud);
        CHECK(value(field::kTiles) == geometry.tiles);
        CHECK(value(field::kPorts) == geometry.ports);
        CHECK(value(field::kAct) == geometry.activation_bits);
        CHECK(value(field::kAccumulatorBits) == geometry.accumulator_bits);
        CHECK(value(field::kWeightDepth) == geometry.weight_depth);
        CHECK(value(field::kBankDepth) == geometry.bank_depth);
        CHECK(value(field::kRowDepth) == geometry.row_depth);
        CHECK(value(field::kOutputDepth) == geometry.output_depth);
        CHECK(value(field::kEmbeddingDepth) == parameters.embedding_depth);
        CHECK(value(field::kFrameBytes) == parameters.frame_bytes);
        CHECK(value(field::kWindow) == parameters.window);
        CHECK(value(field::kFlags) == 0);
        CHECK(value(field::kIncrement) == increment(parameters.clocks_per_bit));
        const Bytes opened = host.open(9).payload;
        REQUIRE(opened.size() == protocol::open_reply::kSize);
        CHECK(get(opened, 0, 2) == protocol::kProtocol);
        CHECK(Bytes(opened.begin() + 2, opened.begin() + 10) ==
              Bytes(identity.begin() + 44, identity.begin() + 52));
    }
}

TEST_CASE("the exchange in docs/protocol.md is what the device does, byte by byte") {
    SimulatedBoard board(built_systems().front());
    RawHost host(board);
    host.open(1);
    host.write(9, 0, 11, std::vector<std::uint64_t>{kId & 0xFFFFFFFF, kId >> 32U});
    std::istringstream page(read_text(LACUNA_DOCS "/protocol.md"));
    int frames = 0;
    for (std::string line; std::getline(page, line);) {
        const bool from_host = line.starts_with("| host | ");
        if (!from_host && !line.starts_with("| device | ")) {
            continue;
        }
        CAPTURE(line);
        const std::size_t first = line.find('`') + 1;
        Bytes bytes;
        for (std::size_t at = first; line[at - 1] != '`' || at == first; at += 3) {
            std::from_chars(line.data() + at, line.data() + at + 2, bytes.emplace_back(), 16);
        }
        ++frames;
        if (from_host) {
            board.send(bytes);
            continue;
        }
        Bytes answer;
        board.tick_until(
            [&] {
                for (const std::uint8_t byte : board.received()) {
                    answer.push_back(byte);
                }
                return answer.size() >= bytes.size();
            },
            100'000);
        CHECK(answer == bytes);
        board.tick(1'000);
    }
    CHECK(frames == 12);
}

TEST_CASE("a request that is repeated is answered from the cache, and not executed again") {
    Rig rig;
    SplitMix64 prng(1);
    std::vector<std::pair<Request, Reply>> done;
    for (int i = 0; i < 7; ++i) {
        const auto asked = rig.loaded.random_steps(prng, 1);
        const Request request{rig.host.session, rig.host.sequence, static_cast<std::uint8_t>(Opcode::Step),
                              asked.payload};
        const Reply reply = rig.host.ask(Opcode::Step, asked.payload);
        CHECK(rig.loaded.right(reply, asked));
        done.emplace_back(request, reply);
        const auto window = static_cast<std::size_t>(rig.board.parameters().window);
        for (std::size_t back = 0; back < std::min(done.size(), window); ++back) {
            const auto& [again, stored] = done[done.size() - 1 - back];
            const auto repeated = rig.host.exchange(again);
            REQUIRE(repeated.has_value());
            CHECK(*repeated == stored);
        }
        if (done.size() > window) {
            const auto late = rig.host.exchange(done[done.size() - 1 - window].first);
            REQUIRE(late.has_value());
            CHECK(late->status == code(Status::WrongSequence));
            CHECK(get(late->payload, 0, 4) == rig.host.sequence);
        }
        CHECK(steps_of(rig.host) == static_cast<std::uint32_t>(i + 1));
    }
    CHECK(rig.host.counter(protocol::Counter::Replays) == 1 + 2 + 3 + 4 + 4 + 4 + 4);
    CHECK(rig.host.counter(protocol::Counter::Runs) == 7);
    CHECK(rig.host.counter(protocol::Counter::WrongSequence) == 3);
}

TEST_CASE("errors are kept and repeated like results; the window may be filled without waiting") {
    Rig rig;
    const auto window = static_cast<std::uint16_t>(rig.board.parameters().window);
    for (int round = 0; round < 3; ++round) {
        const std::uint16_t first = rig.host.sequence;
        std::vector<Request> requests;
        Bytes line;
        for (std::uint16_t i = 0; i < window; ++i) {
            requests.push_back({rig.host.session,
                                static_cast<std::uint16_t>(first + i),
                                static_cast<std::uint8_t>(i == 1 ? 99 : 11),
                                {}});
            line = joined(line, frame_of(requests.back()));
        }
        rig.board.send(line);
        std::vector<Reply> replies;
        for (std::uint16_t i = 0; i < window; ++i) {
            const auto reply = rig.host.reply();
            REQUIRE(reply.has_value());
            CHECK(reply->sequence == first + i);
            CHECK(reply->status == (i == 1 ? code(Status::UnknownOpcode) : 0));
            replies.push_back(*reply);
        }
        rig.host.sequence = static_cast<std::uint16_t>(first + window);
        rig.board.send(line);
        for (std::uint16_t i = 0; i < window; ++i) {
            const auto reply = rig.host.reply();
            REQUIRE(reply.has_value());
            CHECK(*reply == replies[i]);
        }
    }
}

TEST_CASE("sequence numbers wrap round") {
    Rig rig;
    rig.host.patience = 100'000;
    // 65,600 requests would take minutes: the numbers are only compared, so refused ones show what is
    // expected.
    const auto ahead = rig.host.exchange({rig.host.session, 0xFFFF, 11, {}});
    REQUIRE(ahead.has_value());
    CHECK(ahead->status == code(Status::WrongSequence));
    CHECK(get(ahead->payload, 0, 4) == rig.host.sequence);
    rig.host.open(501);
    const auto before = rig.host.exchange({501, 0, 11, {}});  // the one before the first: nothing is kept yet
    REQUIRE(before.has_value());
    CHECK(before->status == code(Status::WrongSequence));
    CHECK(get(before->payload, 0, 4) == 1);
}

TEST_CASE("sessions: OPEN is always heard, everything else wants the open one") {
    Rig rig;
    SplitMix64 prng(2);
    const Reply first = rig.step(prng);
    const Request last{rig.host.session,
                       static_cast<std::uint16_t>(rig.host.sequence - 1),
                       static_cast<std::uint8_t>(Opcode::Step),
                       {}};

    // The same nonce again changes nothing: the next request and the kept ones are as before.
    const std::uint16_t next = rig.host.sequence;
    rig.host.open(500);
    rig.host.sequence = next;
    CHECK(*rig.host.exchange(last) == first);
    rig.step(prng);

    // Another one empties the cache and starts at 1; engine and model stay.
    const auto reply = rig.host.open(501);
    CHECK(get(reply.payload, protocol::open_reply::kSteps.offset, 4) == 2);
    CHECK(get(reply.payload, protocol::open_reply::kModelId.offset, 8) == kId);
    CHECK((get(reply.payload, protocol::open_reply::kFlags.offset, 1) & protocol::kFlagModelValid) != 0);
    const auto old = rig.host.exchange(last);
    CHECK(old->status == code(Status::WrongSession));
    CHECK(old->session == 500);
    CHECK(get(old->payload, 0, 4) == 501);
    const auto stale = rig.host.exchange({501, last.sequence, static_cast<std::uint8_t>(Opcode::Step), {}});
    CHECK(stale->status == code(Status::WrongSequence));
    rig.step(prng);

    // Nonce 0 and payloads are refused.
    CHECK(rig.host.exchange({0, 0, static_cast<std::uint8_t>(Opcode::Open), {}})->status ==
          code(Status::BadValue));
    CHECK(rig.host.exchange({600, 0, static_cast<std::uint8_t>(Opcode::Open), {1}})->status ==
          code(Status::BadLength));
    CHECK(rig.host.exchange({600, 0, static_cast<std::uint8_t>(Opcode::Identify), {1}})->status ==
          code(Status::BadLength));
    rig.step(prng);

    // A reset forgets session and model.
    rig.board.reset();
    const auto lost = rig.host.exchange({501, rig.host.sequence, 11, {}});
    CHECK(lost->status == code(Status::WrongSession));
    CHECK(get(lost->payload, 0, 4) == 0);
    CHECK(rig.host.exchange({0, 1, 11, {}})->status == code(Status::WrongSession));
    CHECK(!model_valid(rig.host));
    CHECK(steps_of(rig.host) == 0);
}

TEST_CASE("every limit is checked before anything happens, and named") {
    Rig rig;
    RawHost& host = rig.host;
    const SystemParameters& p = rig.board.parameters();
    const auto room = static_cast<std::uint64_t>(p.frame_bytes);
    const std::uint64_t most = 2 * room / 9;
    const auto tokens = rig.loaded.model.vocab.size();
    const std::size_t x_bytes = rig.loaded.model.input_size();

    // Lengths.
    expect(host, Opcode::WriteMemory, Bytes(10), Status::BadLength, 11);
    expect(host, Opcode::WriteMemory, joined(place(1, 0, 0), Bytes(6)), Status::BadLength, 11);
    expect(host, Opcode::ReadMemory, Bytes(9), Status::BadLength, 8);
    expect(host, Opcode::HashMemory, Bytes(8), Status::BadLength, 10);
    expect(host, Opcode::Clear, Bytes(1), Status::BadLength, 0);
    expect(host, Opcode::Commit, Bytes(7), Status::BadLength, 8);
    expect(host, Opcode::Step, Bytes(3), Status::BadLength, 4);
    expect(host, Opcode::Step, joined({0, 2, 0}, Bytes(2 * x_bytes - 1)), Status::BadLength, 3 + 2 * x_bytes);
    expect(host, Opcode::Step, joined({0, 1, 0}, Bytes(2 * x_bytes)), Status::BadLength, 3 + x_bytes);
    expect(host, Opcode::Step, joined({0, 0xFF, 0xFF}, Bytes(x_bytes)), Status::BadLength,
           3 + 65535 * x_bytes);
    expect(host, Opcode::Tokens, {0, 3, 0, 1, 2}, Status::BadLength, 6);
    expect(host, Opcode::Generate, {0, 1}, Status::BadLength, 3);
    expect(host, Opcode::Counters, {0}, Status::BadLength, 0);
    expect(host, Opcode::SetBaud, {0}, Status::BadLength, 4);
    expect(host, static_cast<Opcode>(13), {}, Status::UnknownOpcode, 12);
    expect(host, static_cast<Opcode>(0), {}, Status::UnknownOpcode, 12);

    // Spaces, selects, addresses, counts.
    const auto read = [&](std::uint8_t space, std::uint8_t select, std::uint32_t address,
                          std::uint16_t count) {
        return joined(place(space, select, address), number(count, 2));
    };
    for (const std::uint8_t space : {7, 10, 255}) {
        expect(host, Opcode::ReadMemory, read(space, 0, 0, 1), Status::BadSpace, 9);
    }
    const std::vector<std::pair<std::uint8_t, std::uint8_t>> no_select{
        {0, 1}, {0, 63}, {1, 4}, {2, 1}, {3, 4}, {4, 1}, {5, 5}, {5, 8}, {6, 1}, {8, 4}, {9, 1}};
    for (const auto& [space, select] : no_select) {
        expect(host, Opcode::ReadMemory, read(space, select, 0, 1), Status::BadSpace, 9);
    }
    const std::vector<std::pair<std::uint8_t, std::uint32_t>> words{
        {0, 1024}, {1, 256}, {2, 256}, {3, 64}, {4, 256}, {5, 256}, {6, 1}, {8, 512}, {9, 14}};
    for (const auto& [space, count] : words) {
        CAPTURE(static_cast<int>(space));
        expect(host, Opcode::ReadMemory, read(space, 0, count, 1), Status::BadAddress, count);
        expect(host, Opcode::ReadMemory, read(space, 0, count - 1, 2), Status::BadAddress, count);
        expect(host, Opcode::ReadMemory, read(space, 0, 0x01000000, 1), Status::BadAddress, count);
        expect(host, Opcode::ReadMemory, read(space, 0, 0xFFFFFFFF, 1), Status::BadAddress, count);
        expect(host, Opcode::HashMemory, joined(place(space, 0, 1), number(count, 4)), Status::BadAddress,
               count);
        CHECK(host.ask(Opcode::ReadMemory, read(space, 0, count - 1, 1)).status == 0);
    }
    expect(host, Opcode::ReadMemory, read(1, 0, 0, 0), Status::BadCount, most);
    expect(host, Opcode::ReadMemory, read(1, 0, 0, static_cast<std::uint16_t>(most + 1)), Status::BadCount,
           most);
    expect(host, Opcode::HashMemory, joined(place(1, 0, 0), number(0, 4)), Status::BadCount, 65536);
    expect(host, Opcode::HashMemory, joined(place(1, 0, 0), number(65537, 4)), Status::BadCount, 65536);
    expect(host, Opcode::HashMemory, joined(place(1, 0, 0), number(0x10000001, 4)), Status::BadCount, 65536);

    // A write that is refused writes nothing.
    const auto before = host.read(1, 0, 254, 2);
    const std::vector<std::uint64_t> three{1, 2, 3};
    expect(host, Opcode::WriteMemory, joined(place(1, 0, 254), pack_words(three)), Status::BadAddress, 256);
    Bytes padded = pack_words(three);
    padded.back() |= 0x10;
    expect(host, Opcode::WriteMemory, joined(place(1, 0, 0), padded), Status::BadValue, 15);
    CHECK(host.read(1, 0, 254, 2) == before);

    // Runs. Nothing so far has touched the model.
    CHECK(model_valid(host));
    expect(host, Opcode::Step, joined({2, 1, 0}, Bytes(x_bytes)), Status::BadValue, 1);
    expect(host, Opcode::Step, joined({0, 0, 0}, Bytes(x_bytes)), Status::BadCount, room - 8);
    expect(host, Opcode::Tokens, {2, 1, 0, 0}, Status::BadValue, 1);
    expect(host, Opcode::Tokens, {0, 2, 0, 0, static_cast<std::uint8_t>(tokens)}, Status::BadToken, tokens);
    expect(host, Opcode::Tokens, {0, 1, 0, 255}, Status::BadToken, tokens);
    expect(host, Opcode::Generate, {static_cast<std::uint8_t>(tokens), 1, 0}, Status::BadToken, tokens);
    expect(host, Opcode::Generate, {0, 0, 0}, Status::BadCount, room - 8);
    expect(host, Opcode::Generate, joined({0}, number(room - 7, 2)), Status::ReplyTooLong, room);
    expect(host, Opcode::Generate, {0, 0xFF, 0xFF}, Status::ReplyTooLong, room);
    expect(host, Opcode::Tokens, joined({1, 40, 0}, Bytes(40)), Status::ReplyTooLong, room);
    expect(host, Opcode::Tokens, joined(joined({0}, number(room - 7, 2)), Bytes(room - 7)),
           Status::ReplyTooLong, room);
    CHECK(steps_of(host) == 0);
    CHECK(host.ask(Opcode::Generate, joined({0}, number(100, 2))).status == 0);
    CHECK(steps_of(host) == 100);

    // COMMIT.
    expect(host, Opcode::Commit, number(kId + 1, 8), Status::BadValue, 11);
    CHECK(model_valid(host));
    using protocol::ModelRegister;
    const std::vector<std::pair<ModelRegister, std::uint64_t>> wrong{
        {ModelRegister::XBytes, 0},          {ModelRegister::YWordsGenerate, 0},
        {ModelRegister::YWordsScore, 0},     {ModelRegister::YFormat, 1},
        {ModelRegister::YFormat, 9},         {ModelRegister::TokenCount, 257},
        {ModelRegister::HeadRows, 0},        {ModelRegister::HeadRows, 24},
        {ModelRegister::HeadGroups, 0},      {ModelRegister::EmbeddingBanks, 0},
        {ModelRegister::EmbeddingBanks, 23}, {ModelRegister::HeadUnitsLast, 0},
        {ModelRegister::YWordsScoreFinal, 0}};
    for (const auto& [address, value] : wrong) {
        const auto at = static_cast<std::uint32_t>(address);
        const auto right = host.read(9, 0, at, 1);
        host.write(9, 0, at, std::vector<std::uint64_t>{value});
        expect(host, Opcode::Commit, number(kId, 8), Status::BadValue, at);
        CHECK(!model_valid(host));
        host.write(9, 0, at, right);
    }
    expect(host, Opcode::Generate, {0, 1, 0}, Status::NoModel, 0);
    CHECK(host.ask(Opcode::Commit, number(kId, 8)).status == 0);
    CHECK(model_valid(host));

    // Rates.
    expect(host, Opcode::SetBaud, number(0x40000001, 4), Status::BadValue, 0x40000000);
    expect(host, Opcode::SetBaud, number(0, 4), Status::BadValue, 0x40000000);
}

TEST_CASE("writing the model takes its validity, writing the state does not") {
    Rig rig;
    for (const std::uint8_t space : {2, 3}) {
        rig.host.write(space, 0, 0, std::vector<std::uint64_t>{0});
        CHECK(model_valid(rig.host));
    }
    for (const std::uint8_t space : {0, 1, 4, 5, 6, 8, 9}) {
        const auto word = rig.host.read(space, 0, 0, 1);
        rig.host.write(space, 0, 0, word);
        CHECK(!model_valid(rig.host));
        CHECK(rig.host.ask(Opcode::Commit, number(kId, 8)).status == 0);
    }
    CHECK(rig.host.ask(Opcode::Clear).status == 0);
    SplitMix64 prng(3);
    rig.step(prng);
}

TEST_CASE("a run that stands still is given up, and the device serves on") {
    Rig rig;
    SplitMix64 prng(4);
    rig.step(prng);
    // The engine waits for one bank of each input more than the link has.
    const auto input = rig.host.read(6, 0, 0, 1);
    rig.host.write(6, 0, 0, std::vector<std::uint64_t>{input[0] + 0x10000});
    CHECK(rig.host.ask(Opcode::Commit, number(kId, 8)).status == 0);
    const auto asked = rig.loaded.random_steps(prng, 1);
    const Request request{rig.host.session, rig.host.sequence, static_cast<std::uint8_t>(Opcode::Step),
                          asked.payload};
    expect(rig.host, Opcode::Step, asked.payload, Status::EngineTimeout, 0);
    CHECK(rig.host.exchange(request)->status == code(Status::EngineTimeout));
    CHECK(!model_valid(rig.host));
    CHECK(steps_of(rig.host) == 0);
    CHECK(rig.host.counter(protocol::Counter::WatchdogResets) == 1);
    expect(rig.host, Opcode::Step, asked.payload, Status::NoModel, 0);
    load(rig.host, rig.loaded.words, kId);
    rig.loaded.golden.reset();
    for (int i = 0; i < 3; ++i) {
        rig.step(prng);
    }
}

TEST_CASE("a new rate is on trial; break, bad frames and silence bring the default back") {
    Rig rig;
    SimulatedBoard& board = rig.board;
    const double normal = board.parameters().clocks_per_bit;
    const auto rate_led = [&] {
        return (board.leds() >> static_cast<unsigned>(protocol::Led::Rate) & 1U) != 0;
    };
    const auto change = [&](double clocks) {
        const Reply reply = rig.host.ask(Opcode::SetBaud, number(increment(clocks), 4));
        CHECK(reply.status == 0);
        CHECK(get(reply.payload, 0, 4) == increment(clocks));
        board.tick(static_cast<std::uint64_t>(4 * clocks));
        board.peer().set_clocks_per_bit(clocks);
    };
    SplitMix64 prng(5);
    for (const double clocks : {4.0, 5.7, 20.0}) {
        CAPTURE(clocks);
        change(clocks);
        CHECK(rate_led());
        CHECK(get(rig.host.identify().payload, protocol::identify_reply::kIncrement.offset, 4) ==
              increment(clocks));
        rig.step(prng);
        board.tick(3 * board.parameters().trial_cycles);  // confirmed: it stays
        rig.step(prng);
        CHECK(rate_led());
        SUBCASE("break") {
            board.peer().send_break(25);
        }
        SUBCASE("bad frames") {
            for (int i = 0; i < 16; ++i) {
                board.send({0, 5, 1, 2, 0});
            }
        }
        board.tick_until([&] { return !board.peer().sending(); }, 100'000);
        board.tick(300);
        CHECK(!rate_led());
        board.peer().set_clocks_per_bit(normal);
        rig.step(prng);
    }
    // Silence: no good frame at the new rate in time.
    change(16);
    board.tick(board.parameters().trial_cycles / 2);
    CHECK(rate_led());
    board.tick(board.parameters().trial_cycles);
    CHECK(!rate_led());
    board.peer().set_clocks_per_bit(normal);
    rig.step(prng);
    // A repeated SET_BAUD is answered, not executed again.
    const Request again{rig.host.session, static_cast<std::uint16_t>(rig.host.sequence - 2), 12,
                        number(increment(16), 4)};
    CHECK(rig.host.exchange(again)->status == 0);
    board.tick(300);
    CHECK(!rate_led());
    rig.step(prng);
}

TEST_CASE("at the default rate a break only ends the frame") {
    Rig rig;
    SplitMix64 prng(6);
    const std::uint32_t before = rig.host.counter(protocol::Counter::Breaks);
    rig.board.send({0, 9, 1, 2, 3});
    rig.board.peer().send_break(30);
    rig.step(prng);
    CHECK(rig.host.counter(protocol::Counter::Breaks) == before + 1);
}

TEST_CASE("a board with a model in its boot memory steps it from power-on") {
    const SystemParameters parameters = built_systems().front();
    LoadedModel loaded(language_model(parameters.geometry, Cell::Gru, 22), parameters.geometry);
    SimulatedBoard board(parameters, {}, boot_words(loaded.words));
    RawHost host(board);
    for (int reset = 0; reset < 2; ++reset) {
        const Reply opened = host.open(7);  // waits until the model is in place
        CHECK(get(opened.payload, protocol::open_reply::kFlags.offset, 1) ==
              (protocol::kFlagModelValid | protocol::kFlagBaked));
        CHECK(get(opened.payload, protocol::open_reply::kModelId.offset, 8) == kId);
        CHECK((board.leds() >> static_cast<unsigned>(protocol::Led::Model) & 1U) == 1);
        SplitMix64 prng(8);
        loaded.golden.reset();
        for (int i = 0; i < 3; ++i) {
            const auto asked = loaded.random_steps(prng, 2);
            CHECK(loaded.right(host.ask(Opcode::Step, asked.payload), asked));
        }
        board.reset();
    }
    // Loading another one over the line works all the same.
    host.open(8);
    LoadedModel other(language_model(parameters.geometry, Cell::Lstm, 23), parameters.geometry);
    load(host, other.words, kId);
    SplitMix64 prng(9);
    const auto asked = other.random_steps(prng, 2);
    CHECK(other.right(host.ask(Opcode::Step, asked.payload), asked));
}

TEST_CASE("a boot memory whose registers make no sense leaves the device without a model, and in service") {
    const SystemParameters parameters = built_systems().front();
    LoadedModel loaded(language_model(parameters.geometry, Cell::Lstm, 24), parameters.geometry);
    auto words = loaded.words;
    words.push_back({static_cast<Space>(protocol::MemorySpace::Model), 0, 0, 0});
    SimulatedBoard board(parameters, {}, boot_words(words));
    RawHost host(board);
    CHECK(get(host.open(7).payload, protocol::open_reply::kFlags.offset, 1) == protocol::kFlagBaked);
    load(host, loaded.words, kId);
    SplitMix64 prng(9);
    const auto asked = loaded.random_steps(prng, 2);
    CHECK(loaded.right(host.ask(Opcode::Step, asked.payload), asked));
}

TEST_CASE("random bytes, and frames with a flipped bit, change nothing") {
    Rig rig;
    SplitMix64 prng(10);
    rig.step(prng);
    const Bytes before = rig.host.identify().payload;
    const auto memory = rig.host.hash(1, 0, 0, 256);
    rig.board.peer().received();
    for (int burst = 0; burst < 20; ++burst) {
        Bytes noise;
        for (int i = 0; i < 300; ++i) {
            noise.push_back(prng.one_in(12) ? 0 : static_cast<std::uint8_t>(prng.next()));
        }
        rig.board.send(noise);
        // A request that would step, if it were not for one bit.
        const auto asked = rig.loaded.random_steps(prng, 1);
        Bytes body = body_of(
            {rig.host.session, rig.host.sequence, static_cast<std::uint8_t>(Opcode::Step), asked.payload});
        const auto bit =
            static_cast<std::size_t>(prng.between(0, static_cast<std::int64_t>(8 * body.size()) - 1));
        body[bit / 8] = static_cast<std::uint8_t>(body[bit / 8] ^ 1U << bit % 8);
        rig.board.send(frame_of_body(body));
        if (prng.one_in(3)) {
            rig.board.peer().send_break(static_cast<double>(prng.between(5, 40)));
        }
    }
    rig.board.tick_until([&] { return !rig.board.peer().sending(); }, 10'000'000);
    rig.board.tick(kSilence);
    CHECK(rig.board.received().empty());  // nothing of that was answered
    CHECK(rig.host.identify().payload == before);
    CHECK(rig.host.hash(1, 0, 0, 256) == memory);
    CHECK(rig.host.counter(protocol::Counter::CrcErrors) >= 20);
    // golden has stepped 20 times in vain; the device has not.
    CHECK(steps_of(rig.host) == 1);
}

}  // namespace lacuna::link_test
