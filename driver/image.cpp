#include "driver/image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/file.hpp"
#include "common/sha256.hpp"
#include "golden/model_file.hpp"
#include "golden/number_format.hpp"
#include "spec/protocol.hpp"

namespace lacuna {
namespace {

using protocol::MemorySpace;
using protocol::ModelRegister;

constexpr int kTableCopies = 5;  // of each port: four gates and the cell's tanh
constexpr std::size_t kIdBytes = 8;
constexpr std::uint64_t kLow32 = 0xFFFFFFFF;

std::size_t banks_of(std::size_t columns) {
    return (columns + PartWeights::kBankWidth - 1) / PartWeights::kBankWidth;
}

/// Whether the device can hold a model's embedding and serve its vocabulary.
bool serves_tokens(const QuantisedModel& model, const Identity& identity) {
    return model.language && model.head && model.vocab.size() <= protocol::kTokensMax &&
           model.vocab.size() * banks_of(model.input_size()) <=
               static_cast<std::size_t>(identity.embedding_banks);
}

}  // namespace

NamedModel read_named_model(const std::filesystem::path& path) {
    NamedModel named{load_quantised_model(path), 0};
    const std::string digest = sha256_hex(read_bytes(path));
    for (std::size_t byte = 0; byte < kIdBytes; ++byte) {
        unsigned value = 0;
        std::from_chars(digest.data() + 2 * byte, digest.data() + 2 * byte + 2, value, 16);
        named.id |= std::uint64_t{value} << (8 * byte);
    }
    return named;
}

std::vector<MemoryRun> memory_runs(std::vector<MemoryWord> words) {
    const auto place = [](const MemoryWord& word) {
        return static_cast<std::uint64_t>(word.space) << 40U | std::uint64_t{word.select} << 32U |
               word.address;
    };
    std::ranges::stable_sort(words, {}, place);
    std::vector<MemoryRun> runs;
    for (const MemoryWord& word : words) {
        const auto space = static_cast<std::uint8_t>(word.space);
        if (runs.empty() || runs.back().space != space || runs.back().select != word.select ||
            runs.back().address + runs.back().words.size() != word.address) {
            runs.push_back({space, word.select, word.address, {}, {word.select}});
        }
        runs.back().words.push_back(word.data);
    }
    return runs;
}

ModelImage::ModelImage(const NamedModel& named, const Identity& identity)
    : layout_(lay_out(named.model, identity.geometry)),
      id_(named.id),
      head_(named.model.head.has_value()),
      outputs_(head_ ? named.model.head->h.rows : named.model.layers.back().units),
      x_bytes_(named.model.input_size() * static_cast<std::size_t>(named.model.activation_bits) / 8),
      token_mode_(serves_tokens(named.model, identity)) {
    const NumberFormat format = number_format(named.model.activation_bits);
    value_bytes_ = static_cast<std::size_t>((head_ ? format.gate_bits : format.activation_bits) + 7) / 8;
    generate_ = map_outputs(Mode::Generate, true);
    score_ = map_outputs(Mode::Score, false);
    score_final_ = map_outputs(Mode::Score, true);
    const std::size_t reply =
        protocol::step_reply::kSize + std::max(output_bytes(Mode::Generate, 1), output_bytes(Mode::Score, 1));
    const std::size_t request = protocol::step_request::kSize + x_bytes_;
    if (std::max(reply, request) > identity.frame_bytes) {
        throw Error(
            fmt::format("model '{}' does not fit the device's frames of {} bytes: a step takes {} bytes in "
                        "and {} out; build "
                        "the device with larger frames (at most {})",
                        named.model.name, identity.frame_bytes, request, reply, protocol::kFrameBytesMax));
    }
    std::vector<MemoryWord> words = pack(named.model, layout_);
    if (token_mode_) {
        add_embedding(named.model, words);
    }
    add_registers(named.model, words);
    runs_ = memory_runs(std::move(words));
    for (MemoryRun& run : runs_) {
        if (run.space == static_cast<std::uint8_t>(MemorySpace::Table)) {
            run.copies.clear();
            for (int port = 0; port < layout_.geometry.ports; ++port) {
                for (int copy = 0; copy < kTableCopies; ++copy) {
                    run.copies.push_back(table_select(port, copy));
                }
            }
        }
    }
}

std::size_t ModelImage::words() const {
    std::size_t count = 0;
    for (const MemoryRun& run : runs_) {
        count += run.words.size();
    }
    return count;
}

void ModelImage::add_embedding(const QuantisedModel& model, std::vector<MemoryWord>& words) const {
    const std::size_t size = model.input_size();
    const int bits = model.activation_bits;
    const int values = 32 / bits;
    const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    for (std::size_t token = 0; token < model.vocab.size(); ++token) {
        const auto banks = pack_input(std::span(model.embedding).subspan(token * size, size));
        for (std::size_t bank = 0; bank < banks.size(); ++bank) {
            for (int part = 0; part < bank_parts(bits); ++part) {
                std::uint64_t data = 0;
                for (int i = 0; i < values; ++i) {
                    const int place = values * part + i;
                    const auto value = banks[bank][static_cast<std::size_t>(place)];
                    data |= (static_cast<std::uint64_t>(value) & mask) << (bits * i);
                }
                words.push_back({static_cast<Space>(MemorySpace::Embedding), static_cast<std::uint8_t>(part),
                                 static_cast<std::uint32_t>(token * banks.size() + bank), data});
            }
        }
    }
}

void ModelImage::add_registers(const QuantisedModel& model, std::vector<MemoryWord>& words) const {
    const auto set = [&](ModelRegister address, std::uint64_t value) {
        words.push_back(
            {static_cast<Space>(MemorySpace::Model), 0, static_cast<std::uint32_t>(address), value});
    };
    const Descriptor& last = layout_.operations.back().descriptor;
    const auto of_head = [&](int value) { return static_cast<std::uint64_t>(head_ ? value : 0); };
    set(ModelRegister::XBytes, x_bytes_);
    set(ModelRegister::YWordsGenerate, generate_.words);
    set(ModelRegister::YWordsScore, score_.words);
    set(ModelRegister::YWordsScoreFinal, score_final_.words);
    set(ModelRegister::YFormat, value_bytes_ << 1 | (head_ ? 1 : 0));
    set(ModelRegister::TokenCount, token_mode_ ? model.vocab.size() : 0);
    set(ModelRegister::EmbeddingBanks, token_mode_ ? banks_of(model.input_size()) : 0);
    set(ModelRegister::HeadRows, head_ ? model.head->h.rows : 0);
    set(ModelRegister::HeadGroups, of_head(last.groups));
    set(ModelRegister::HeadUnitsFull, of_head(last.units_full));
    set(ModelRegister::HeadUnitsLast, of_head(last.units_last));
    set(ModelRegister::ModelIdLow, id_ & kLow32);
    set(ModelRegister::ModelIdHigh, id_ >> 32);
    set(ModelRegister::Reserved, 0);
}

OutputMap ModelImage::map_outputs(Mode mode, bool final_step) const {
    const Operation& last = layout_.operations.back();
    const int lanes = head_ ? kLanes : 1;
    const auto ports = static_cast<std::size_t>(layout_.geometry.ports);
    OutputMap map;
    for (int group = 0; group < last.descriptor.groups; ++group) {
        const auto places = layout_.output_places(mode, final_step, group);
        const std::size_t first = map.words;
        map.words += static_cast<std::size_t>(places.front().emission) + 1;
        map.output.resize(map.words * ports * static_cast<std::size_t>(lanes), -1);
        for (std::size_t u = 0; u < places.size(); ++u) {
            const std::size_t word = first + static_cast<std::size_t>(places[u].emission);
            const int unit = last.first_unit(group) + static_cast<int>(u);
            for (int lane = 0; lane < lanes; ++lane) {
                const int output = head_ ? head_row(unit, lane) : unit;
                const std::size_t value = (word * ports + static_cast<std::size_t>(places[u].port)) *
                                              static_cast<std::size_t>(lanes) +
                                          static_cast<std::size_t>(lane);
                map.output[value] = output < static_cast<int>(outputs_) ? output : -1;
            }
        }
    }
    return map;
}

const OutputMap& ModelImage::output_map(Mode mode, bool final_step) const {
    if (mode == Mode::Generate) {
        return generate_;
    }
    return final_step ? score_final_ : score_;
}

std::size_t ModelImage::output_bytes(Mode mode, std::size_t steps) const {
    return ((steps - 1) * output_map(mode, false).output.size() + output_map(mode, true).output.size()) *
           value_bytes_;
}

}  // namespace lacuna
