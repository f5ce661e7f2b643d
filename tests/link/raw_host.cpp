#include "tests/link/raw_host.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "golden/number_format.hpp"

namespace lacuna::link_test {
namespace {

using protocol::MemorySpace;
using protocol::ModelRegister;

constexpr std::size_t kWordsAtOnce = 50;  // of a frame of 256 bytes

std::uint64_t words_of(const Layout& layout, Mode mode, bool final_step) {
    std::uint64_t words = 0;
    for (int group = 0; group < layout.operations.back().descriptor.groups; ++group) {
        words +=
            static_cast<std::uint64_t>(layout.output_places(mode, final_step, group).front().emission) + 1;
    }
    return words;
}

int value_bytes(const QuantisedModel& model) {
    const int bits = model.head ? number_format(model.activation_bits).gate_bits : model.activation_bits;
    return (bits + 7) / 8;
}

}  // namespace

std::optional<Reply> RawHost::reply() {
    std::optional<Reply> reply;
    board_.tick_until(
        [&] {
            reader_.push(board_.received());
            reply = reader_.take();
            return reply.has_value();
        },
        patience);
    return reply;
}

std::optional<Reply> RawHost::exchange(const Request& request) {
    board_.send(frame_of(request));
    return reply();
}

Reply RawHost::ask(Opcode opcode, const Bytes& payload) {
    const auto answer = exchange({session, sequence, static_cast<std::uint8_t>(opcode), payload});
    REQUIRE_MESSAGE(answer.has_value(), "no reply to ", protocol::name(opcode));
    REQUIRE(answer->session == session);
    REQUIRE(answer->sequence == sequence);
    ++sequence;
    return *answer;
}

Reply RawHost::open(std::uint16_t nonce) {
    const auto answer = exchange({nonce, 0, static_cast<std::uint8_t>(Opcode::Open), {}});
    REQUIRE(answer.has_value());
    REQUIRE(answer->status == static_cast<std::uint8_t>(Status::Ok));
    REQUIRE(answer->session == nonce);
    REQUIRE(answer->sequence == 0);
    session = nonce;
    sequence = 1;
    return *answer;
}

Reply RawHost::identify() {
    const auto answer = exchange({0x1234, 0x5678, static_cast<std::uint8_t>(Opcode::Identify), {}});
    REQUIRE(answer.has_value());
    REQUIRE(answer->session == 0x1234);
    REQUIRE(answer->sequence == 0x5678);
    return *answer;
}

Bytes place(std::uint8_t space, std::uint8_t select, std::uint32_t address) {
    Bytes payload{space, select};
    put(payload, address, 4);
    return payload;
}

void RawHost::write(std::uint8_t space, std::uint8_t select, std::uint32_t address,
                    std::span<const std::uint64_t> words) {
    Bytes payload = place(space, select, address);
    const Bytes packed = pack_words(words);
    payload.insert(payload.end(), packed.begin(), packed.end());
    const Reply answer = ask(Opcode::WriteMemory, payload);
    REQUIRE(answer.status == 0);
    REQUIRE(answer.payload.empty());
}

std::vector<std::uint64_t> RawHost::read(std::uint8_t space, std::uint8_t select, std::uint32_t address,
                                         std::uint16_t count) {
    Bytes payload = place(space, select, address);
    put(payload, count, 2);
    const Reply answer = ask(Opcode::ReadMemory, payload);
    REQUIRE(answer.status == 0);
    REQUIRE(answer.payload.size() == (9U * count + 1) / 2);
    return unpack_words(answer.payload);
}

std::uint32_t RawHost::hash(std::uint8_t space, std::uint8_t select, std::uint32_t address,
                            std::uint32_t count) {
    Bytes payload = place(space, select, address);
    put(payload, count, 4);
    const Reply answer = ask(Opcode::HashMemory, payload);
    REQUIRE(answer.status == 0);
    REQUIRE(answer.payload.size() == 4);
    return static_cast<std::uint32_t>(get(answer.payload, 0, 4));
}

std::uint32_t RawHost::counter(protocol::Counter counter) {
    const Reply answer = ask(Opcode::Counters);
    REQUIRE(answer.payload.size() == 4 * protocol::kCounters);
    return static_cast<std::uint32_t>(get(answer.payload, 4 * static_cast<std::size_t>(counter), 4));
}

std::vector<MemoryWord> board_words(const QuantisedModel& model, const Layout& layout, std::uint64_t id,
                                    bool tokens) {
    std::vector<MemoryWord> words = pack(model, layout);
    const auto bits = static_cast<std::size_t>(model.activation_bits);
    const std::size_t size = model.input_size();
    const std::size_t banks = (size + 15) / 16;
    const std::size_t count = tokens ? model.vocab.size() : 0;
    for (std::size_t token = 0; token < count; ++token) {
        for (std::size_t at = 0; at < 16 * banks * bits / 32; ++at) {
            std::uint64_t data = 0;
            for (std::size_t i = 0; i < 32 / bits; ++i) {
                const std::size_t column = at * 32 / bits + i;
                if (column < size) {
                    const auto value = static_cast<std::uint16_t>(model.embedding[token * size + column]);
                    data |= (value & ((std::uint64_t{1} << bits) - 1)) << (bits * i);
                }
            }
            const std::size_t parts = bits / 2;
            words.push_back({static_cast<Space>(MemorySpace::Embedding),
                             static_cast<std::uint8_t>(at % parts),
                             static_cast<std::uint32_t>(token * banks + at / parts), data});
        }
    }
    const auto set = [&](ModelRegister address, std::uint64_t value) {
        words.push_back(
            {static_cast<Space>(MemorySpace::Model), 0, static_cast<std::uint32_t>(address), value});
    };
    const Descriptor& last = layout.operations.back().descriptor;
    set(ModelRegister::XBytes, size * bits / 8);
    set(ModelRegister::YWordsGenerate, words_of(layout, Mode::Generate, true));
    set(ModelRegister::YWordsScore, words_of(layout, Mode::Score, false));
    set(ModelRegister::YWordsScoreFinal, words_of(layout, Mode::Score, true));
    set(ModelRegister::YFormat,
        static_cast<std::uint64_t>(value_bytes(model)) << 1U | (model.head ? 1U : 0U));
    set(ModelRegister::TokenCount, count);
    set(ModelRegister::EmbeddingBanks, banks);
    set(ModelRegister::HeadRows, model.head ? model.head->h.rows : 0);
    set(ModelRegister::HeadGroups, static_cast<std::uint64_t>(last.groups));
    set(ModelRegister::HeadUnitsFull, static_cast<std::uint64_t>(last.units_full));
    set(ModelRegister::HeadUnitsLast, static_cast<std::uint64_t>(last.units_last));
    set(ModelRegister::ModelIdLow, id & 0xFFFFFFFF);
    set(ModelRegister::ModelIdHigh, id >> 32U);
    set(ModelRegister::Reserved, 0);
    return words;
}

std::vector<std::uint64_t> boot_words(const std::vector<MemoryWord>& words) {
    std::vector<std::uint64_t> boot{protocol::kBootMagic, words.size()};
    for (const MemoryWord& word : words) {
        boot.push_back(static_cast<std::uint64_t>(word.space) << protocol::kBootSpaceShift |
                       static_cast<std::uint64_t>(word.select) << protocol::kBootSelectShift | word.address);
        boot.push_back(word.data);
    }
    return boot;
}

void load(RawHost& host, const std::vector<MemoryWord>& words, std::uint64_t id) {
    const Reply cleared = host.ask(Opcode::Clear);
    REQUIRE(cleared.status == 0);
    REQUIRE(get(cleared.payload, 0, 4) == 0);
    std::map<std::pair<int, int>, std::map<std::uint32_t, std::uint64_t>> memories;
    for (const MemoryWord& word : words) {
        memories[{static_cast<int>(word.space), word.select}][word.address] = word.data;
    }
    for (const auto& [place, cells] : memories) {
        const auto memory = place;  // a lambda cannot hold a structured binding in every C++20 compiler
        std::vector<std::uint64_t> run;
        std::uint32_t first = 0;
        const auto flush = [&] {
            if (!run.empty()) {
                host.write(static_cast<std::uint8_t>(memory.first), static_cast<std::uint8_t>(memory.second),
                           first, run);
                run.clear();
            }
        };
        for (const auto& [address, data] : cells) {
            if (run.size() == kWordsAtOnce || (!run.empty() && address != first + run.size())) {
                flush();
            }
            if (run.empty()) {
                first = address;
            }
            run.push_back(data);
        }
        flush();
    }
    Bytes payload;
    put(payload, id, 8);
    const Reply committed = host.ask(Opcode::Commit, payload);
    REQUIRE(committed.status == 0);
    REQUIRE((committed.payload.at(0) & protocol::kFlagModelValid) != 0);
}

std::vector<std::vector<std::int32_t>> outputs_of(const Bytes& payload, const QuantisedModel& model,
                                                  const Layout& layout, Mode mode, std::size_t steps) {
    const Operation& last = layout.operations.back();
    const auto bytes = static_cast<std::size_t>(value_bytes(model));
    const std::size_t lanes = model.head ? kLanes : 1;
    const auto ports = static_cast<std::size_t>(layout.geometry.ports);
    const std::size_t count = model.head ? model.head->h.rows : model.layers.back().units;
    std::vector<std::vector<std::int32_t>> outputs;
    std::size_t at = protocol::step_reply::kSize;
    for (std::size_t step = 0; step < steps; ++step) {
        std::vector<std::int32_t> values(count);
        for (int group = 0; group < last.descriptor.groups; ++group) {
            const auto places = layout.output_places(mode, step + 1 == steps, group);
            for (std::size_t u = 0; u < places.size(); ++u) {
                const int unit = last.first_unit(group) + static_cast<int>(u);
                for (std::size_t lane = 0; lane < lanes; ++lane) {
                    const auto output =
                        static_cast<std::size_t>(model.head ? head_row(unit, static_cast<int>(lane)) : unit);
                    const std::size_t value = (static_cast<std::size_t>(places[u].emission) * ports +
                                               static_cast<std::size_t>(places[u].port)) *
                                                  lanes +
                                              lane;
                    if (output < count) {
                        const std::uint64_t raw = get(payload, at + value * bytes, bytes);
                        values[output] = static_cast<std::int32_t>(
                            static_cast<std::int64_t>(raw << (64 - 8 * bytes)) >> (64 - 8 * bytes));
                    }
                }
            }
            at += (static_cast<std::size_t>(places.front().emission) + 1) * ports * lanes * bytes;
        }
        outputs.push_back(values);
    }
    REQUIRE(payload.size() == at);
    return outputs;
}

void put_input(Bytes& payload, std::span<const std::int16_t> x, int activation_bits) {
    for (const std::int16_t value : x) {
        put(payload, static_cast<std::uint16_t>(value), static_cast<std::size_t>(activation_bits) / 8);
    }
}

}  // namespace lacuna::link_test
