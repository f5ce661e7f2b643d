// The rules of the protocol on the whole system, in raw frames: exactly once, sessions, refusals, limits.
#include <doctest/doctest.h>

#include <charconv>
#include <sstream>

#include "common/file.hpp"
#include "tests/link/rig.hpp"

namespace lacuna::link_test {

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
        requests.reserve(window);
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

TEST_CASE("numbers ahead of the next, and before the first, are refused") {
    Rig rig;
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
    const auto nonce = rig.host.exchange({0, 0, static_cast<std::uint8_t>(Opcode::Open), {}});
    CHECK(nonce->status == code(Status::BadValue));
    CHECK(get(nonce->payload, 0, 4) == 0xFFFF);
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
    for (const auto& memory : words) {
        const auto space = memory.first;
        const auto count = memory.second;
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

}  // namespace lacuna::link_test
