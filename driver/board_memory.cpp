// Board: loading, verifying and state.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <tuple>
#include <utility>

#include "driver/board.hpp"
#include "driver/errors.hpp"
#include "driver/memory_words.hpp"

namespace lacuna {
namespace {

using protocol::MemorySpace;
using protocol::Opcode;

constexpr std::uint64_t kCyclesPerWord = 128;  // of a hash or a read, more than any memory takes
constexpr std::uint64_t kClearCycles = 65536;  // more than any device has rows and banks

const char* space_name(std::uint8_t space) {
    switch (static_cast<MemorySpace>(space)) {
        case MemorySpace::Weight:
            return "weights";
        case MemorySpace::Row:
            return "row scales";
        case MemorySpace::Cell:
            return "cell states";
        case MemorySpace::Bank:
            return "activations";
        case MemorySpace::Program:
            return "program";
        case MemorySpace::Table:
            return "table";
        case MemorySpace::Input:
            return "input buffer";
        case MemorySpace::Embedding:
            return "embedding";
        case MemorySpace::Model:
            return "model registers";
    }
    return "memory";
}

Bytes address_of(std::uint8_t space, std::uint8_t select, std::size_t address) {
    Bytes payload{space, select};
    put(payload, address, 4);
    return payload;
}

}  // namespace

void Board::check_stop(const std::stop_token& stop, const char* what) const {
    if (stop.stop_requested()) {
        throw Cancelled(fmt::format("{} was cancelled", what));
    }
}

void Board::load(const NamedModel& named, const LoadOptions& options) {
    ModelImage image(named, identity());
    image_.reset();
    write_runs(image.runs(), options);
    image_ = std::move(image);
    model_ = named.model;
    if (options.verify) {
        verify_runs(options);
    }
    check_stop(options.stop, "loading");
    Bytes payload;
    put(payload, image_->id(), protocol::commit_request::kSize);
    device_.request(Opcode::Commit, std::move(payload), protocol::commit_reply::kSize);
    clear();
    device_.identify();
}

bool Board::attach(const NamedModel& named) {
    device_.identify();
    if (!identity().model_valid || identity().model != named.id) {
        return false;
    }
    image_.emplace(named, identity());
    model_ = named.model;
    steps_ = identity().steps;
    return true;
}

const ModelImage& Board::image() const {
    if (!image_) {
        throw Error("no model was loaded: call Board::load or Board::attach first ('lacuna load')");
    }
    return *image_;
}

void Board::write_runs(const std::vector<MemoryRun>& runs, const LoadOptions& options) {
    const std::size_t most = packed_words(identity().frame_bytes - protocol::write_memory_request::kSize);
    std::size_t total = 0;
    for (const MemoryRun& run : runs) {
        total += run.words.size();
    }
    std::size_t run = 0;
    std::size_t at = 0;
    std::deque<std::size_t> sizes;
    std::size_t written = 0;
    const auto next = [&]() -> std::optional<Job> {
        check_stop(options.stop, "loading");
        if (run == runs.size()) {
            return std::nullopt;
        }
        const MemoryRun& r = runs[run];
        const std::size_t count = std::min(most, r.words.size() - at);
        Job job{Opcode::WriteMemory, address_of(r.space, r.select, r.address + at), 0, count * kCyclesPerWord,
                0};
        pack_words(job.payload, std::span(r.words).subspan(at, count));
        sizes.push_back(count);
        at += count;
        if (at == r.words.size()) {
            ++run;
            at = 0;
        }
        return job;
    };
    pipeline(next, [&](const Job&, std::span<const std::uint8_t>) {
        written += sizes.front();
        sizes.pop_front();
        if (options.progress) {
            options.progress("writing", written, total);
        }
    });
}

void Board::verify(const LoadOptions& options) {
    image();
    verify_runs(options);
}

void Board::verify_runs(const LoadOptions& options) {
    struct Part {
        std::uint8_t space, select;
        std::size_t address, count;
        std::uint32_t hash;
    };
    std::vector<Part> parts;
    std::size_t total = 0;
    for (const MemoryRun& run : image_->runs()) {
        for (std::size_t at = 0; at < run.words.size(); at += protocol::kHashCountMax) {
            const std::size_t count = std::min<std::size_t>(protocol::kHashCountMax, run.words.size() - at);
            const std::uint32_t hash = hash_words(std::span(run.words).subspan(at, count));
            for (const std::uint8_t select : run.copies) {
                parts.push_back({run.space, select, run.address + at, count, hash});
                total += count;
            }
        }
    }
    std::size_t posted = 0;
    std::size_t answered = 0;
    std::size_t words = 0;
    const auto next = [&]() -> std::optional<Job> {
        check_stop(options.stop, "verifying");
        if (posted == parts.size()) {
            return std::nullopt;
        }
        const Part& part = parts[posted++];
        Job job{Opcode::HashMemory, address_of(part.space, part.select, part.address),
                protocol::hash_memory_reply::kSize, part.count * kCyclesPerWord, 0};
        put(job.payload, part.count, protocol::hash_memory_request::kCount.size);
        return job;
    };
    pipeline(next, [&](const Job&, std::span<const std::uint8_t> reply) {
        const Part& part = parts[answered++];
        const std::uint32_t got = ByteReader(reply).u32();
        if (got != part.hash) {
            throw VerifyError(
                fmt::format("the device's {} do not hold what was written: select {}, {} words from {}, hash "
                            "{:08x}, expected "
                            "{:08x}; load again, and if it stays so, the device or its bitstream is broken",
                            space_name(part.space), part.select, part.count, part.address, got, part.hash));
        }
        words += part.count;
        if (options.progress) {
            options.progress("verifying", words, total);
        }
    });
}

std::vector<std::uint64_t> Board::read_memory(std::uint8_t space, std::uint8_t select, std::uint32_t address,
                                              std::size_t count) {
    const std::size_t most = packed_words(identity().frame_bytes);
    std::size_t asked = 0;
    std::vector<std::uint64_t> words;
    const auto next = [&]() -> std::optional<Job> {
        if (asked == count) {
            return std::nullopt;
        }
        const std::size_t part = std::min(most, count - asked);
        Job job{Opcode::ReadMemory, address_of(space, select, address + asked), packed_bytes(part),
                part * kCyclesPerWord, 0};
        put(job.payload, part, protocol::read_memory_request::kCount.size);
        asked += part;
        return job;
    };
    pipeline(next, [&](const Job& job, std::span<const std::uint8_t> reply) {
        const auto part = unpack_words(reply, packed_words(job.reply_bytes));
        words.insert(words.end(), part.begin(), part.end());
    });
    return words;
}

void Board::clear() {
    const Bytes reply = device_.request(Opcode::Clear, {}, protocol::clear_reply::kSize, kClearCycles);
    steps_ = ByteReader(reply).u32();
}

ModelState Board::read_state() {
    const Layout& layout = image().layout();
    // Words of the state lie next to each other but for their double buffers: read runs, then pick.
    std::map<std::tuple<std::uint8_t, std::uint8_t, std::uint32_t>, std::uint64_t> held;
    const int half = static_cast<int>(steps() & 1U);
    for (const MemoryRun& run : memory_runs(state_words(layout, half))) {
        const auto words = read_memory(run.space, run.select, run.address, run.words.size());
        for (std::size_t i = 0; i < words.size(); ++i) {
            held[{run.space, run.select, run.address + static_cast<std::uint32_t>(i)}] = words[i];
        }
    }
    return unpack_state(layout, half, [&](Space space, std::uint8_t select, std::uint32_t address) {
        return held.at({static_cast<std::uint8_t>(space), select, address});
    });
}

void Board::write_state(const ModelState& state) {
    const auto runs = memory_runs(pack_state(state, image().layout()));
    clear();
    write_runs(runs, {});
}

std::uint32_t Board::steps() {
    if (!steps_) {
        steps_ = device_.identify().steps;
    }
    return *steps_;
}

std::array<std::uint32_t, protocol::kCounters> Board::counters() {
    std::array<std::uint32_t, protocol::kCounters> counters{};
    const Bytes reply = device_.request(Opcode::Counters, {}, 4 * protocol::kCounters);
    ByteReader reader(reply);
    for (std::uint32_t& counter : counters) {
        counter = reader.u32();
    }
    return counters;
}

}  // namespace lacuna
