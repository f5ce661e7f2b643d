// What a device does when things go wrong, or start: the watchdog, rates, the boot memory, and whatever a
// line can bring.
#include <doctest/doctest.h>

#include "tests/link/rig.hpp"

namespace lacuna::link_test {
namespace {

constexpr std::uint64_t kSilence = 40'000;  // cycles in which any reply would have come

std::uint64_t flags(const Reply& opened) {
    return get(opened.payload, protocol::open_reply::kFlags.offset, 1);
}

}  // namespace

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
    SUBCASE("load, CLEAR and COMMIT") {
        load(rig.host, rig.loaded.words, kId);
    }
    SUBCASE("COMMIT alone: the reset has cleared the state") {
        rig.host.write(6, 0, 0, input);
        CHECK(rig.host.ask(Opcode::Commit, number(kId, 8)).status == 0);
    }
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
        CHECK(flags(opened) == (protocol::kFlagModelValid | protocol::kFlagBaked));
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
    CHECK(flags(host.open(9)) == protocol::kFlagModelValid);
    // A reset does not write the baked program over the other's weights.
    board.reset();
    CHECK(flags(host.open(10)) == 0);
    expect(host, Opcode::Step, asked.payload, Status::NoModel, 0);
    load(host, other.words, kId);
    other.golden.reset();
    const auto again = other.random_steps(prng, 2);
    CHECK(other.right(host.ask(Opcode::Step, again.payload), again));
}

TEST_CASE("one word written by the host ends the baked model, over resets too, but not over power-on") {
    const SystemParameters parameters = built_systems().front();
    const LoadedModel loaded(language_model(parameters.geometry, Cell::Lstm, 25), parameters.geometry);
    const auto boot = boot_words(loaded.words);
    const MemoryWord word = loaded.words.front();
    for (int power_on = 0; power_on < 2; ++power_on) {
        SimulatedBoard board(parameters, {}, boot);
        RawHost host(board);
        CHECK(flags(host.open(7)) == (protocol::kFlagModelValid | protocol::kFlagBaked));
        host.write(static_cast<std::uint8_t>(word.space), word.select, word.address,
                   std::vector<std::uint64_t>{word.data});
        CHECK(flags(host.open(8)) == 0);
        for (int reset = 0; reset < 2; ++reset) {
            board.reset();
            CHECK(flags(host.open(9)) == 0);
        }
    }
}

TEST_CASE("a boot memory whose registers make no sense leaves the device without a model, and in service") {
    const SystemParameters parameters = built_systems().front();
    LoadedModel loaded(language_model(parameters.geometry, Cell::Lstm, 24), parameters.geometry);
    auto words = loaded.words;
    words.push_back({static_cast<Space>(protocol::MemorySpace::Model), 0, 0, 0});
    SimulatedBoard board(parameters, {}, boot_words(words));
    RawHost host(board);
    CHECK(flags(host.open(7)) == protocol::kFlagBaked);
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
        noise.reserve(300);
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
