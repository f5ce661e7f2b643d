// The driver against the whole simulated board, bit by bit against golden.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "driver/errors.hpp"
#include "driver/self_test.hpp"
#include "tests/driver/fixture.hpp"

namespace lacuna {
namespace {

using protocol::Opcode;

/// Random vectors as a source that ends.
Board::Source vectors(const QuantisedModel& model, std::size_t count, std::uint64_t seed) {
    return [&model, count, prng = SplitMix64(seed)]() mutable -> std::optional<std::vector<std::int16_t>> {
        if (count == 0) {
            return std::nullopt;
        }
        --count;
        return random_input(prng, model.input_size(), false, model.activation_bits);
    };
}

constexpr auto kIgnore = [](std::span<const std::int32_t>) {};

}  // namespace

TEST_CASE("Every kind of model on every kind of system equals golden") {
    for (std::size_t system = 0; system < built_systems().size(); ++system) {
        Fixture fixture(system);
        for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
            for (const bool language : {true, false}) {
                CAPTURE(fixture.board.identity().geometry.to_string());
                CAPTURE(cell_name(cell));
                CAPTURE(language);
                const NamedModel named = small_model(fixture.board.identity().geometry, 3, cell, language);
                fixture.board.load(named);
                CHECK(fixture.board.identity().model_valid);
                CHECK(fixture.board.identity().model == named.id);
                const SelfTestReport report = self_test(fixture.board, named.model,
                                                        {.steps = 12, .seed = 5, .progress = {}, .stop = {}});
                INFO((report.first ? report.first->to_string() : ""));
                CHECK(report.differing == 0);
                CHECK(report.values > 12 * 4 * 7);
                CHECK(fixture.board.image().token_mode() == language);
            }
        }
        CHECK(fixture.board.device().statistics().resent == 0);
        CHECK(fixture.board.device().statistics().bad_frames == 0);
    }
}

TEST_CASE("A thousand steps in a pipeline keep the line busy") {
    Fixture fixture;
    const NamedModel named = small_model(fixture.board.identity().geometry, 4);
    fixture.board.load(named);
    GoldenModel golden(named.model);
    SplitMix64 prng(9);
    std::vector<std::vector<std::int16_t>> inputs;
    inputs.reserve(1000);
    for (int i = 0; i < 1000; ++i) {
        inputs.push_back(random_input(prng, named.model.input_size()));
    }
    std::size_t given = 0;
    std::size_t taken = 0;
    std::size_t differing = 0;
    const std::uint64_t before = fixture.simulation.cycles();
    const std::uint64_t received = fixture.board.device().statistics().bytes_received;
    const auto totals = fixture.board.run(
        Mode::Score,
        [&]() -> std::optional<std::vector<std::int16_t>> {
            return given < inputs.size() ? std::optional(inputs[given++]) : std::nullopt;
        },
        [&](std::span<const std::int32_t> outputs) {
            golden.step(inputs[taken++]);
            differing += std::ranges::equal(outputs, golden.logits()) ? 0 : 1;
        });
    CHECK(totals.steps == 1000);
    CHECK(taken == 1000);
    CHECK(differing == 0);
    CHECK(fixture.board.steps() == 1000);
    CHECK(fixture.board.read_state() == golden.state());
    // Replies are the larger half here; the line could carry one byte in ten bits.
    const auto bytes = static_cast<double>(fixture.board.device().statistics().bytes_received - received);
    const double line = static_cast<double>(fixture.simulation.cycles() - before) / 10 /
                        fixture.simulation.parameters().clocks_per_bit;
    MESSAGE(fmt::format("line use of 1000 steps: {:.1f} %", 100 * bytes / line));
    CHECK(bytes / line > 0.9);
}

TEST_CASE("A state can be set, read and gone on from") {
    Fixture fixture;
    const NamedModel named = small_model(fixture.board.identity().geometry, 5);
    fixture.board.load(named);
    SplitMix64 prng(1);
    const ModelState state = random_state(prng, named.model);
    fixture.board.write_state(state);
    CHECK(fixture.board.read_state() == state);
    CHECK(fixture.board.steps() == 0);
    GoldenModel golden(named.model);
    golden.set_state(state);
    const auto x = random_input(prng, named.model.input_size());
    golden.step(x);
    const auto outputs = fixture.board.step(x);
    CHECK(std::ranges::equal(outputs, golden.logits()));
    CHECK(fixture.board.read_state() == golden.state());
}

TEST_CASE("A wrong word in a memory is found, by hash and by self-test") {
    Fixture fixture;
    const NamedModel named = small_model(fixture.board.identity().geometry, 6);
    fixture.board.load(named);
    const MemoryRun& run = fixture.board.image().runs().front();
    Bytes payload{run.space, run.select};
    put(payload, run.address + 3, 4);
    put(payload, run.words[3] ^ 0x30, 5);  // a value of the first slot
    fixture.board.device().request(Opcode::WriteMemory, payload, 0);
    CHECK_THROWS_WITH_AS(fixture.board.verify(), doctest::Contains("weights do not hold"), VerifyError);
    // Writing made the model invalid; take it for valid again.
    CHECK_THROWS_WITH_AS(fixture.board.step(std::vector<std::int16_t>(18)), doctest::Contains("NO_MODEL"),
                         DeviceError);
    Bytes id;
    put(id, named.id, 8);
    fixture.board.device().request(Opcode::Commit, id, 1);
    const SelfTestReport report =
        self_test(fixture.board, named.model, {.steps = 10, .seed = 5, .progress = {}, .stop = {}});
    CHECK(report.differing > 0);
    REQUIRE(report.first.has_value());
    CHECK(report.first->place.starts_with("layer 0"));  // located: weights of layer 0 were hit
    CHECK(report.first->expected != report.first->got);
}

TEST_CASE("A bit that flips in the device is found") {
    Fixture fixture;
    const NamedModel named = small_model(fixture.board.identity().geometry, 6);
    fixture.board.load(named);
    fixture.board.verify();
    fixture.simulation.upset_weight(3, 5);  // a value of the first slot
    CHECK_THROWS_WITH_AS(fixture.board.verify(), doctest::Contains("weights do not hold"), VerifyError);
    const SelfTestReport report =
        self_test(fixture.board, named.model, {.steps = 10, .seed = 5, .progress = {}, .stop = {}});
    CHECK(report.differing > 0);
    fixture.simulation.upset_weight(3, 5);
    fixture.board.verify();
}

TEST_CASE("Steps behind the driver's back do not go unnoticed") {
    Fixture fixture;
    const NamedModel named = small_model(fixture.board.identity().geometry, 7);
    fixture.board.load(named);
    fixture.board.run(Mode::Score, vectors(named.model, 5, 1), kIgnore);
    fixture.board.device().request(Opcode::Clear, {}, 4);
    CHECK_THROWS_AS(fixture.board.run(Mode::Score, vectors(named.model, 5, 1), kIgnore), StepCountError);
    // Known again: the device is asked.
    CHECK(fixture.board.steps() == 5);
    CHECK(fixture.board.run(Mode::Score, vectors(named.model, 2, 1), kIgnore).steps == 2);
}

TEST_CASE("A reset of the device is told, and a new session finds it as it is") {
    Fixture fixture;
    const NamedModel named = small_model(fixture.board.identity().geometry, 8);
    fixture.board.load(named);
    fixture.board.run(Mode::Score, vectors(named.model, 3, 1), kIgnore);
    fixture.simulation.reset();
    try {
        fixture.board.run(Mode::Score, vectors(named.model, 40, 1), kIgnore);
        FAIL("steps on a device without a model");
    } catch (const SessionLost& lost) {
        CHECK_FALSE(lost.model_valid());
        CHECK(lost.steps() == 0);
    }
    CHECK_THROWS_AS(fixture.board.clear(), SessionLost);
    fixture.board.reopen();
    CHECK_THROWS_WITH_AS(fixture.board.image(), doctest::Contains("no model"), Error);
    fixture.board.load(named);
    CHECK(fixture.board.run(Mode::Score, vectors(named.model, 3, 1), kIgnore).steps == 3);
}

TEST_CASE("A second host takes over; the first one is told") {
    Fixture fixture;
    const NamedModel named = small_model(fixture.board.identity().geometry, 9);
    fixture.board.load(named);
    fixture.board.run(Mode::Score, vectors(named.model, 3, 1), kIgnore);
    {
        Board second(fixture.line, simulated_options(99));
        CHECK(second.steps() == 3);
        CHECK(second.attach(named));
        second.run(Mode::Score, vectors(named.model, 4, 1), kIgnore);
    }
    CHECK_THROWS_AS(fixture.board.run(Mode::Score, vectors(named.model, 1, 1), kIgnore), SessionLost);
    fixture.board.reopen();
    CHECK(fixture.board.steps() == 7);
}

TEST_CASE("A host that starts with the session's own nonce meets no stored reply") {
    Fixture fixture;
    const NamedModel named = small_model(fixture.board.identity().geometry, 10);
    fixture.board.load(named);
    Board same(fixture.line, simulated_options(7));  // the fixture's seed: the same nonces
    CHECK(same.attach(named));
    CHECK(same.run(Mode::Score, vectors(named.model, 2, 1), kIgnore).steps == 2);
    CHECK(same.device().statistics().resent == 0);
}

TEST_CASE("Loading can be cancelled, and leaves no model") {
    Fixture fixture;
    std::stop_source stop;
    LoadOptions options;
    options.stop = stop.get_token();
    options.progress = [&](const char*, std::size_t done, std::size_t) {
        if (done > 100) {
            stop.request_stop();
        }
    };
    const NamedModel named = small_model(fixture.board.identity().geometry, 11);
    CHECK_THROWS_AS(fixture.board.load(named, options), Cancelled);
    CHECK_FALSE(fixture.board.device().identify().model_valid);
    CHECK_FALSE(fixture.board.attach(named));
    fixture.board.load(named);
    CHECK(fixture.board.attach(named));
}

TEST_CASE("Rates change on both sides, and come back when one side forgets") {
    Fixture fixture;
    const NamedModel named = small_model(fixture.board.identity().geometry, 12);
    fixture.board.load(named);
    const unsigned fast = fixture.board.identity().fastest_baud();
    CHECK(fast == 2 * SystemParameters::kBaud);
    fixture.board.set_baud(fast);
    CHECK(fixture.board.device().identify().baud() == fast);
    CHECK(fixture.board.run(Mode::Score, vectors(named.model, 20, 1), kIgnore).steps == 20);
    CHECK_THROWS_WITH_AS(fixture.board.set_baud(fast + 1), doctest::Contains("at most"), LinkError);
    SUBCASE("a new host begins at the default rate") {
        fixture.line.set_baud(SystemParameters::kBaud);
        Board second(fixture.line, simulated_options(3));
        CHECK(second.steps() == 20);
        CHECK(second.device().statistics().recoveries > 0);
    }
    SUBCASE("the device was reset: it is found at its default rate") {
        fixture.simulation.reset();
        CHECK_THROWS_AS(fixture.board.clear(), SessionLost);
        fixture.board.reopen();
        fixture.board.load(named);
    }
}

TEST_CASE("A line that cannot hold a rate is told so, and goes on at the default") {
    Fixture fixture;
    const NamedModel named = small_model(fixture.board.identity().geometry, 13);
    fixture.board.load(named);
    SplitMix64 prng(1);
    fixture.line.to_board = [&](std::vector<std::uint8_t> bytes) {
        if (fixture.line.baud() > SystemParameters::kBaud) {
            for (std::uint8_t& byte : bytes) {
                byte = static_cast<std::uint8_t>(prng.next());
            }
        }
        return bytes;
    };
    CHECK_THROWS_WITH_AS(fixture.board.set_baud(2 * SystemParameters::kBaud), doctest::Contains("lower rate"),
                         LinkError);
    CHECK(fixture.line.baud() == SystemParameters::kBaud);
    CHECK(fixture.board.run(Mode::Score, vectors(named.model, 3, 1), kIgnore).steps == 3);
}

TEST_CASE("Models that do not fit are refused before a byte is sent") {
    Fixture fixture;
    const std::uint64_t before = fixture.board.device().statistics().requests;
    Geometry wide = fixture.board.identity().geometry;
    wide.activation_bits = 16;
    wide.accumulator_bits = 32;
    CHECK_THROWS_WITH_AS(fixture.board.load(small_model(wide, 1)), doctest::Contains("ACT=16"), Error);
    RandomModelOptions options;
    options.units = {300};
    options.head_rows = 40;
    CHECK_THROWS_WITH_AS(fixture.board.load({random_model(options), 1}), doctest::Contains("available"),
                         Error);
    CHECK(fixture.board.device().statistics().requests == before);
}

TEST_CASE("A line that goes dead is told, and told how much is unknown") {
    Fixture fixture;
    const NamedModel named = small_model(fixture.board.identity().geometry, 14);
    fixture.board.load(named);
    fixture.line.to_board = [](const std::vector<std::uint8_t>&) { return std::vector<std::uint8_t>{}; };
    CHECK_THROWS_WITH_AS(fixture.board.clear(), doctest::Contains("may have been executed or not"), NoAnswer);
    CHECK_THROWS_AS(Board(fixture.line, simulated_options(3)), NoAnswer);
    fixture.line.to_board = {};
    Board again(fixture.line, simulated_options(4));
    CHECK(again.attach(named));
}

}  // namespace lacuna
