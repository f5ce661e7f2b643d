#include "pack/bitstream_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "common/error.hpp"

namespace lacuna {
namespace {

// rtl/lacuna_pkg.sv and rtl/ecp5/lacuna_block.sv
constexpr std::uint64_t kMagic = 0x1ACB0516E;
constexpr std::uint64_t kWordMask = 0xFFFFFFFFF;
constexpr int kShapeShift = 34;  // 0: 36 bits of a word, 1: 18, 2: 9
constexpr int kPartShift = 32;
constexpr int kSpaceShift = 28;
constexpr int kSelectShift = 20;
constexpr std::uint64_t kFirstMask = 0xFFFFF;
constexpr std::uint64_t kShapes = 3;
constexpr int kWordBits = 36;
constexpr std::uint8_t kBootSpace = 10;
// rtl/link/lacuna_boot.sv
constexpr std::uint64_t kBootMagic = 0x1ACB00001;
constexpr int kBootSpaceShift = 32;
constexpr int kBootSelectShift = 24;
constexpr std::size_t kBootHeader = 2;
constexpr std::size_t kBootUnit = 512;  // words that a further block brings

// A block is 2048 values of 9 bits as three hexadecimal digits, eight a line; four make a word of 36 bits,
// lowest first.
constexpr std::size_t kValues = 2048;
constexpr std::size_t kValuesPerWord = 4;
constexpr std::size_t kValuesPerLine = 8;
constexpr int kValueBits = 9;
constexpr std::uint64_t kValueMask = 0x1FF;
constexpr std::size_t kDigits = 3;
constexpr std::size_t kStride = kDigits + 1;  // and a blank or a new line
constexpr std::string_view kSection = "\n.bram_init ";

std::uint64_t value_at(std::string_view text, std::size_t begin, std::size_t index) {
    unsigned value = 0;
    const char* const at = text.data() + begin + index * kStride;
    std::from_chars(at, at + kDigits, value, 16);
    return value & kValueMask;
}

std::uint64_t word_at(std::string_view text, std::size_t begin, std::size_t word) {
    std::uint64_t value = 0;
    for (std::size_t part = 0; part < kValuesPerWord; ++part) {
        value |= value_at(text, begin, word * kValuesPerWord + part) << (kValueBits * static_cast<int>(part));
    }
    return value;
}

/// Whether 256 lines of eight values follow.
bool well_formed(std::string_view text, std::size_t begin) {
    if (text.size() < begin + kValues * kStride - 1) {
        return false;
    }
    for (std::size_t value = 0; value < kValues; ++value) {
        const std::string_view digits = text.substr(begin + value * kStride, kDigits);
        if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
            return false;
        }
        const char after = value + 1 < kValues ? text[begin + value * kStride + kDigits] : '\n';
        if (after != ((value + 1) % kValuesPerLine == 0 ? '\n' : ' ')) {
            return false;
        }
    }
    return true;
}

}  // namespace

BitstreamConfig::BitstreamConfig(std::string text, const std::string& name) : text_(std::move(text)) {
    if (!text_.starts_with(".device ")) {
        throw Error(fmt::format(
            "{}: no bitstream configuration; expected the textual one that nextpnr-ecp5 --textcfg writes",
            name));
    }
    for (std::size_t at = text_.find(kSection); at != std::string::npos; at = text_.find(kSection, at + 1)) {
        const std::size_t begin = text_.find('\n', at + 1) + 1;
        if (begin == 0 || !well_formed(text_, begin)) {
            throw Error(
                fmt::format("{}: the block RAM at byte {} is not {} values of three digits, eight a line",
                            name, at + 1, kValues));
        }
        const std::uint64_t place = word_at(text_, begin, 1);
        if (word_at(text_, begin, 0) == kMagic && word_at(text_, begin, 2) == (~place & kWordMask)) {
            const auto shape = place >> kShapeShift;
            if (shape >= kShapes) {
                throw Error(
                    fmt::format("{}: the block RAM at byte {} has the shape {}, expected 0 to {}; the "
                                "configuration is of a newer design",
                                name, at + 1, shape, kShapes - 1));
            }
            blocks_.push_back({static_cast<std::uint8_t>(place >> kSpaceShift & 0xF),
                               static_cast<std::uint8_t>(place >> kSelectShift & 0xFF),
                               static_cast<std::uint32_t>(place & kFirstMask), kWordBits >> shape,
                               static_cast<int>(place >> kPartShift & 3U), begin, begin + kValues * kStride});
        }
    }
    if (blocks_.empty()) {
        throw Error(
            fmt::format("{}: no block RAM says what belongs into it; was a model baked into it already? "
                        "Bake into the configuration that place and route wrote",
                        name));
    }
}

std::vector<std::uint64_t> BitstreamConfig::words(const SignedBlock& block) const {
    std::vector<std::uint64_t> result(block.words());
    const std::size_t values = kValues / result.size();
    for (std::size_t value = 0; value < kValues; ++value) {
        result[value / values] |= value_at(text_, block.begin, value)
                                  << (kValueBits * static_cast<int>(value % values));
    }
    return result;
}

void BitstreamConfig::set_words(const SignedBlock& block, std::span<const std::uint64_t> words) {
    if (words.size() != block.words()) {
        throw Error(fmt::format("block RAM: got {} words, expected {}", words.size(), block.words()));
    }
    const std::size_t values = kValues / words.size();
    for (std::size_t value = 0; value < kValues; ++value) {
        const auto shift = block.width * block.part + kValueBits * static_cast<int>(value % values);
        const std::uint64_t bits = words[value / values] >> shift & kValueMask;
        fmt::format_to_n(text_.begin() + static_cast<std::ptrdiff_t>(block.begin + value * kStride), kDigits,
                         "{:03x}", bits);
    }
}

namespace {

using MemoryKey = std::pair<std::uint8_t, std::uint8_t>;             // space, select
using Chunks = std::map<std::uint32_t, std::vector<std::uint64_t>>;  // whole words by the first one's address

MemoryKey key_of(std::uint8_t space, std::uint8_t select) {
    // A table's write reaches every copy.
    const bool any_select = space == static_cast<std::uint8_t>(Space::Table);
    return {space, any_select ? std::uint8_t{0} : select};
}

/// The word at @p address, or nothing where no block has it.
std::uint64_t* word_in(Chunks& chunks, std::uint32_t address) {
    auto chunk = chunks.upper_bound(address);
    if (chunk == chunks.begin()) {
        return nullptr;
    }
    --chunk;
    const std::size_t offset = address - chunk->first;
    return offset < chunk->second.size() ? &chunk->second[offset] : nullptr;
}

/// The engine of the configuration must be the geometry's, by the memories that it has.
void check_geometry(const BitstreamConfig& config, const Geometry& geometry) {
    std::map<std::uint8_t, std::set<std::uint8_t>> selects;
    for (const SignedBlock& block : config.blocks()) {
        selects[block.space].insert(block.select);
    }
    const auto weights = selects[static_cast<std::uint8_t>(Space::Weight)].size();
    const auto rows = selects[static_cast<std::uint8_t>(Space::Row)].size();
    if (weights != static_cast<std::size_t>(kLanes) * static_cast<std::size_t>(geometry.tiles) ||
        rows != static_cast<std::size_t>(kLanes) * static_cast<std::size_t>(geometry.ports)) {
        throw Error(fmt::format(
            "the configuration is of an engine with {} tiles a lane and {} ports, expected {} and "
            "{}; build it with the geometry that is baked for",
            weights / kLanes, rows / kLanes, geometry.tiles, geometry.ports));
    }
}

}  // namespace

BakeSummary bake(BitstreamConfig& config, std::span<const MemoryWord> words, const Geometry& geometry) {
    check_geometry(config, geometry);
    std::map<MemoryKey, Chunks> contents;
    BakeSummary summary;
    for (const SignedBlock& block : config.blocks()) {
        contents[key_of(block.space, block.select)][block.first].assign(block.words(), 0);
        if (block.space == kBootSpace) {
            summary.boot_depth = std::max(summary.boot_depth, block.first + block.words());
        }
    }
    std::vector<std::uint64_t> boot = {kBootMagic, 0};
    for (const MemoryWord& word : words) {
        const auto space = static_cast<std::uint8_t>(word.space);
        const auto memory = contents.find(key_of(space, word.select));
        std::uint64_t* const at =
            memory != contents.end() && space != kBootSpace ? word_in(memory->second, word.address) : nullptr;
        if (at != nullptr) {
            *at = word.data;
            ++summary.words;
            continue;
        }
        boot.push_back(std::uint64_t{space} << kBootSpaceShift |
                       std::uint64_t{word.select} << kBootSelectShift | word.address);
        boot.push_back(word.data);
    }
    boot[1] = (boot.size() - kBootHeader) / 2;
    summary.boot_words = boot[1];
    if (boot.size() > summary.boot_depth) {
        throw Error(fmt::format(
            "the boot memory holds {} words and the model needs {}: build with BootDepth {}",
            summary.boot_depth, boot.size(), (boot.size() + kBootUnit - 1) / kBootUnit * kBootUnit));
    }
    boot.resize(summary.boot_depth, 0);
    for (const SignedBlock& block : config.blocks()) {
        if (block.space == kBootSpace) {
            config.set_words(block, std::span(boot).subspan(block.first, block.words()));
        } else {
            config.set_words(block, contents.at(key_of(block.space, block.select)).at(block.first));
        }
    }
    summary.blocks = config.blocks().size();
    return summary;
}

}  // namespace lacuna
