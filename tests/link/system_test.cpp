// The whole system through its pins, in raw frames: a model is loaded and stepped, and every value equals
// golden's.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "tests/link/models.hpp"

namespace lacuna::link_test {
namespace {

/// Random inputs in requests of 1 to 3 steps, both programs; outputs against golden.
void check_steps(RawHost& host, LoadedModel& loaded, SplitMix64& prng, int requests) {
    std::uint32_t steps = 0;
    for (int request = 0; request < requests; ++request) {
        const auto asked = loaded.random_steps(prng, static_cast<int>(prng.between(1, 3)));
        steps += static_cast<std::uint32_t>(asked.expected.size());
        const Reply reply = host.ask(Opcode::Step, asked.payload);
        CHECK(loaded.right(reply, asked));
        CHECK(get(reply.payload, 0, 4) == steps);
        CHECK(get(reply.payload, 4, 4) > 0);
    }
}

}  // namespace

TEST_CASE("models are loaded, read back and stepped, equal to golden in every value") {
    for (const SystemParameters& parameters : built_systems()) {
        for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
            CAPTURE(parameters.to_string());
            SimulatedBoard board(parameters);
            RawHost host(board);
            LoadedModel loaded(language_model(parameters.geometry, cell, 3), parameters.geometry);
            host.open(77);
            load(host, loaded.words, kId);
            for (std::size_t i = 0; i < loaded.words.size(); i += 17) {
                const MemoryWord& word = loaded.words[i];
                CAPTURE(static_cast<int>(word.space));
                REQUIRE(
                    host.read(static_cast<std::uint8_t>(word.space), word.select, word.address, 1).at(0) ==
                    word.data);
            }
            SplitMix64 prng(5);
            check_steps(host, loaded, prng, 12);
        }
    }
}

TEST_CASE("a model without a head gives h, of its own width") {
    for (const SystemParameters& parameters : built_systems()) {
        CAPTURE(parameters.to_string());
        SimulatedBoard board(parameters);
        RawHost host(board);
        QuantisedModel model = language_model(parameters.geometry, Cell::Gru, 9);
        model.head.reset();
        model.embedding.clear();
        model.vocab.clear();
        model.language = false;
        LoadedModel loaded(model, parameters.geometry);
        host.open(79);
        load(host, loaded.words, kId);
        SplitMix64 prng(10);
        check_steps(host, loaded, prng, 6);
        CHECK(host.ask(Opcode::Generate, {0, 1, 0}).status == static_cast<std::uint8_t>(Status::NoTokenMode));
    }
}

TEST_CASE("memories are hashed and read as they are, in every space") {
    const SystemParameters parameters = built_systems().front();
    SimulatedBoard board(parameters);
    RawHost host(board);
    LoadedModel loaded(language_model(parameters.geometry, Cell::Lstm, 3), parameters.geometry);
    host.open(80);
    load(host, loaded.words, kId);
    std::map<std::pair<Space, int>, std::map<std::uint32_t, std::uint64_t>> memories;
    for (const MemoryWord& word : loaded.words) {
        memories[{word.space, word.select}][word.address] = word.data;
    }
    int hashed = 0;
    for (const auto& [memory, cells] : memories) {
        // The stretch from the first word on.
        const std::uint32_t first = cells.begin()->first;
        Bytes bytes;
        std::vector<std::uint64_t> words;
        for (const auto& [address, data] : cells) {
            if (address != first + words.size()) {
                break;
            }
            words.push_back(data);
            put(bytes, data, 5);
        }
        const int space = static_cast<int>(memory.first);
        CAPTURE(space);
        CHECK(host.hash(static_cast<std::uint8_t>(memory.first), static_cast<std::uint8_t>(memory.second),
                        first, static_cast<std::uint32_t>(words.size())) == crc32(bytes));
        words.resize(std::min<std::size_t>(words.size(), 113));  // all that a frame of 512 bytes holds
        CHECK(host.read(static_cast<std::uint8_t>(memory.first), static_cast<std::uint8_t>(memory.second),
                        first, static_cast<std::uint16_t>(words.size())) == words);
        ++hashed;
    }
    CHECK(hashed > 10);

    // A hash tells a single changed bit.
    const auto before = host.hash(1, 0, 0, 3);
    auto word = host.read(1, 0, 1, 1);
    word[0] ^= std::uint64_t{1} << 35U;
    host.write(1, 0, 1, word);
    CHECK(host.hash(1, 0, 0, 3) != before);
}

TEST_CASE("state is written and read back, and steps go on from it") {
    for (const SystemParameters& parameters : built_systems()) {
        CAPTURE(parameters.to_string());
        SimulatedBoard board(parameters);
        RawHost host(board);
        LoadedModel loaded(language_model(parameters.geometry, Cell::Lstm, 12), parameters.geometry);
        host.open(81);
        load(host, loaded.words, kId);
        SplitMix64 prng(13);
        const ModelState state = random_state(prng, loaded.model);
        for (const MemoryWord& word : pack_state(state, loaded.layout)) {
            host.write(static_cast<std::uint8_t>(word.space), word.select, word.address,
                       std::vector{word.data});
        }
        loaded.golden.set_state(state);
        check_steps(host, loaded, prng, 3);
        // The half of the banks that holds h is the parity of the steps since CLEAR.
        const Reply device = host.identify();
        const auto steps = get(device.payload, protocol::identify_reply::kSteps.offset, 4);
        const auto flags = get(device.payload, protocol::identify_reply::kFlags.offset, 1);
        CHECK(((flags & protocol::kFlagHalf) != 0) == (steps % 2 != 0));
        const Descriptor& d = loaded.layout.operations.front().descriptor;
        const auto bank = static_cast<std::uint32_t>(d.h_base + static_cast<int>(steps % 2) * d.h_banks);
        const auto word = host.read(3, 0, bank, 1).at(0);
        const int bits = parameters.geometry.activation_bits;
        CHECK((word & ((1U << bits) - 1)) ==
              (static_cast<std::uint16_t>(loaded.golden.h(0)[0]) & ((1U << bits) - 1)));
    }
}

TEST_CASE("token mode: tokens in, tokens or logits out; generation feeds itself") {
    for (const SystemParameters& parameters : built_systems()) {
        CAPTURE(parameters.to_string());
        SimulatedBoard board(parameters);
        RawHost host(board);
        LoadedModel loaded(language_model(parameters.geometry, Cell::Lstm, 4), parameters.geometry);
        const QuantisedModel& model = loaded.model;
        GoldenModel& golden = loaded.golden;
        host.open(78);
        load(host, loaded.words, kId);
        SplitMix64 prng(6);
        std::uint32_t steps = 0;
        for (int request = 0; request < 6; ++request) {
            const bool logits = prng.one_in(2);
            const auto count = static_cast<std::size_t>(prng.between(1, logits ? 3 : 30));
            Bytes payload{static_cast<std::uint8_t>(logits ? protocol::kTokenFlagLogits : 0)};
            put(payload, count, 2);
            Bytes tokens;
            std::vector<std::vector<std::int32_t>> expected;
            for (std::size_t i = 0; i < count; ++i) {
                const auto token =
                    static_cast<int>(prng.between(0, static_cast<std::int64_t>(model.vocab.size()) - 1));
                payload.push_back(static_cast<std::uint8_t>(token));
                golden.step_token(token);
                expected.emplace_back(golden.logits().begin(), golden.logits().end());
                tokens.push_back(static_cast<std::uint8_t>(argmax(golden.logits())));
            }
            steps += static_cast<std::uint32_t>(count);
            const Reply reply = host.ask(Opcode::Tokens, payload);
            REQUIRE(reply.status == 0);
            CHECK(get(reply.payload, 0, 4) == steps);
            if (logits) {
                CHECK(outputs_of(reply.payload, model, loaded.layout, Mode::Generate, count) == expected);
            } else {
                CHECK(Bytes(reply.payload.begin() + 8, reply.payload.end()) == tokens);
            }

            Bytes generate{static_cast<std::uint8_t>(prng.between(0, 5))};
            put(generate, 20, 2);
            const Reply generated = host.ask(Opcode::Generate, generate);
            REQUIRE(generated.status == 0);
            int token = generate[0];
            Bytes written;
            for (int i = 0; i < 20; ++i) {
                golden.step_token(token);
                token = argmax(golden.logits());
                written.push_back(static_cast<std::uint8_t>(token));
            }
            steps += 20;
            CHECK(get(generated.payload, 0, 4) == steps);
            CHECK(Bytes(generated.payload.begin() + 8, generated.payload.end()) == written);
        }
    }
}

}  // namespace lacuna::link_test
