// The whole system through its pins, in raw frames: a model is loaded and stepped, and every value equals
// golden's.
#include <doctest/doctest.h>

#include "golden/random_model.hpp"
#include "golden/sampling.hpp"
#include "tests/link/raw_host.hpp"

namespace lacuna::link_test {
namespace {

constexpr std::uint64_t kId = 0x0123456789ABCDEF;

QuantisedModel language_model(const Geometry& geometry, Cell cell, std::uint64_t seed) {
    return random_model({.seed = seed,
                         .cell = cell,
                         .inputs = 20,
                         .units = {13, 17},
                         .head_rows = 23,
                         .vocabulary = true,
                         .accumulator_bits = geometry.activation_bits == 16 ? geometry.accumulator_bits : 24,
                         .activation_bits = geometry.activation_bits});
}

Bytes step_payload(protocol::StepMode mode, const std::vector<std::vector<std::int16_t>>& inputs, int bits) {
    Bytes payload{static_cast<std::uint8_t>(mode)};
    put(payload, inputs.size(), 2);
    for (const auto& x : inputs) {
        put_input(payload, x, bits);
    }
    return payload;
}

/// Random inputs in requests of 1 to 4 steps, both programs; outputs against golden.
void check_steps(RawHost& host, const QuantisedModel& model, const Layout& layout, GoldenModel& golden,
                 SplitMix64& prng, int requests, std::uint32_t steps) {
    for (int request = 0; request < requests; ++request) {
        const auto mode = prng.one_in(2) ? Mode::Score : Mode::Generate;
        std::vector<std::vector<std::int16_t>> inputs;
        std::vector<std::vector<std::int32_t>> expected;
        for (auto n = prng.between(1, 3); n > 0; --n) {
            inputs.push_back(random_input(prng, model.input_size(), false, model.activation_bits));
            golden.step(inputs.back());
            if (model.head) {
                expected.emplace_back(golden.logits().begin(), golden.logits().end());
            } else {
                const auto h = golden.h(model.layers.size() - 1);
                expected.emplace_back(h.begin(), h.end());
            }
        }
        steps += static_cast<std::uint32_t>(inputs.size());
        const Reply reply = host.ask(
            Opcode::Step,
            step_payload(mode == Mode::Score ? protocol::StepMode::Score : protocol::StepMode::Generate,
                         inputs, model.activation_bits));
        REQUIRE(reply.status == 0);
        CHECK(get(reply.payload, 0, 4) == steps);
        CHECK(get(reply.payload, 4, 4) > 0);
        CHECK(outputs_of(reply.payload, model, layout, mode, inputs.size()) == expected);
    }
}

}  // namespace

TEST_CASE("models are loaded, read back and stepped, equal to golden in every value") {
    for (const SystemParameters& parameters : built_systems()) {
        for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
            CAPTURE(parameters.to_string());
            SimulatedBoard board(parameters);
            RawHost host(board);
            const QuantisedModel model = language_model(parameters.geometry, cell, 3);
            const Layout layout = lay_out(model, parameters.geometry);
            const auto words = board_words(model, layout, kId, true);
            host.open(77);
            load(host, words, kId);
            for (const MemoryWord& word : words) {
                const auto got =
                    host.read(static_cast<std::uint8_t>(word.space), word.select, word.address, 1);
                REQUIRE(got.at(0) == word.data);
                if (&word - words.data() > 40) {
                    break;
                }
            }
            GoldenModel golden(model);
            SplitMix64 prng(5);
            check_steps(host, model, layout, golden, prng, 12, 0);
        }
    }
}

TEST_CASE("token mode: tokens in, tokens or logits out; generation feeds itself") {
    for (const SystemParameters& parameters : built_systems()) {
        CAPTURE(parameters.to_string());
        SimulatedBoard board(parameters);
        RawHost host(board);
        const QuantisedModel model = language_model(parameters.geometry, Cell::Lstm, 4);
        const Layout layout = lay_out(model, parameters.geometry);
        host.open(78);
        load(host, board_words(model, layout, kId, true), kId);
        GoldenModel golden(model);
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
                CHECK(outputs_of(reply.payload, model, layout, Mode::Generate, count) == expected);
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
