// lacuna_delay, lacuna_fifo, lacuna_readiness, lacuna_program and lacuna_counters against small models.
#include <doctest/doctest.h>

#include <array>
#include <deque>
#include <vector>

#include "Vcounters.h"
#include "Vdelays.h"
#include "Vfifo_16.h"
#include "Vfifo_2.h"
#include "Vprogram.h"
#include "Vreadiness_2.h"
#include "Vreadiness_64.h"
#include "Vreadiness_96.h"
#include "Vrelay.h"
#include "Vskid.h"
#include "golden/prng.hpp"
#include "sim/testbench.hpp"
#include "tests/rtl/checker.hpp"

namespace lacuna::rtl_test {
namespace {

Checker run_delays(Fault fault) {
    constexpr std::array<int, 8> kCycles{3, 4, 5, 8, 12, 14, 33, 64};  // as in delays.sv
    Checker checker("lacuna_delay");
    if (fault == Fault::kInjected) {
        checker.be_quiet();
    }
    Testbench<Vdelays> bench(1);
    SplitMix64 random(2);
    std::vector<int> given;
    for (int cycle = 0; cycle < 5'000; ++cycle) {
        const int value = static_cast<int>(random.next() & 0xFFFFU);
        given.push_back(value);
        bench->data_i = static_cast<SData>(fault == Fault::kInjected && cycle == 2'000 ? value ^ 1 : value);
        bench.tick();
        for (std::size_t d = 0; d < kCycles.size(); ++d) {
            int settled = 1;  // the header: undefined for Cycles + 2^ceil(log2(Cycles)) cycles
            while (settled < kCycles[d]) {
                settled *= 2;
            }
            if (cycle + 1 > kCycles[d] + settled) {
                checker.check(
                    "delay of " + std::to_string(kCycles[d]), cycle,
                    given[static_cast<std::size_t>(cycle + 1 - kCycles[d])],
                    static_cast<std::int64_t>(get_bits(bench->data_o, static_cast<int>(d) * 16, 16)));
            }
        }
    }
    return checker;
}

TEST_CASE("delays equal their lengths") {
    CHECK_CLEAN(run_delays(Fault::kNone));
}
TEST_CASE("delay: a flipped bit is reported") {
    CHECK(run_delays(Fault::kInjected).mismatches() > 0);
}

// kWaits: the giver must wait for in_ready_o.
template <class Model, std::size_t kDepth, bool kWaits = false>
Checker run_fifo(Fault fault) {
    Checker checker("lacuna_fifo of " + std::to_string(kDepth));
    if (fault == Fault::kInjected) {
        checker.be_quiet();
    }
    Testbench<Model> bench(3);
    SplitMix64 random(4);
    std::deque<int> queue;
    int full = 0;
    int empty = 0;
    for (int round = 0; round < 20; ++round) {
        bench.reset(2);
        queue.clear();
        // Phases in which either side is the slower one, so that it fills up and runs dry.
        for (int cycle = 0; cycle < 2'000; ++cycle) {
            const int give = (cycle / 200) % 3 == 0 ? 8 : 4;
            const int take = (cycle / 200) % 3 == 1 ? 8 : 4;
            const int value = static_cast<int>(random.next() & 0xFFU);
            bench->in_valid_i = random.between(0, 9) < give && (!kWaits || queue.size() < kDepth);
            bench->in_data_i =
                static_cast<CData>(fault == Fault::kInjected && cycle == 300 ? value ^ 16 : value);
            bench->out_ready_i = random.between(0, 9) < take;
            bench.settle();
            checker.check("in_ready", cycle, queue.size() < kDepth, bench->in_ready_o);
            checker.check("out_valid", cycle, !queue.empty(), bench->out_valid_o);
            if (!queue.empty()) {
                checker.check("out_data", cycle, queue.front(), bench->out_data_o);
            }
            full += queue.size() == kDepth ? 1 : 0;
            empty += queue.empty() ? 1 : 0;
            const bool push = bench->in_valid_i != 0 && queue.size() < kDepth;
            if (bench->out_ready_i != 0 && !queue.empty()) {
                queue.pop_front();
            }
            if (push) {
                queue.push_back(value);
            }
            bench.tick();
        }
    }
    CHECK(full > 100);
    CHECK(empty > 100);
    return checker;
}

TEST_CASE("FIFO of 16 equals a queue") {
    CHECK_CLEAN((run_fifo<Vfifo_16, 16, true>(Fault::kNone)));
}
TEST_CASE("FIFO of 2 equals a queue") {
    CHECK_CLEAN((run_fifo<Vfifo_2, 2, true>(Fault::kNone)));
}
TEST_CASE("skid register equals a queue of 2") {
    CHECK_CLEAN((run_fifo<Vskid, 2>(Fault::kNone)));
}
TEST_CASE("relay equals a queue of 1") {
    CHECK_CLEAN((run_fifo<Vrelay, 1>(Fault::kNone)));
}
TEST_CASE("FIFO: a flipped bit is reported") {
    CHECK((run_fifo<Vfifo_16, 16, true>(Fault::kInjected).mismatches() > 0));
}

template <class Model, int kDepth>
Checker run_readiness(Fault fault) {
    Checker checker("lacuna_readiness");
    if (fault == Fault::kInjected) {
        checker.be_quiet();
    }
    Testbench<Model> bench(5);
    SplitMix64 random(6);
    std::array<int, kDepth> tags{};  // of the memory; what was written in the cycle before is `fresh`
    struct Write {
        bool present;
        int address, tag;
    } fresh{};
    int second_before = -1;
    int second_tag = 0;
    int new_count = 0;
    for (int cycle = 0; cycle < 20'000; ++cycle) {
        const bool fill = cycle < kDepth;
        const int address = fill ? cycle : static_cast<int>(random.between(0, kDepth - 1));
        const int tag = static_cast<int>(random.between(0, 3));
        const bool write = fill || random.one_in(2);
        bench->we_i = write;
        bench->waddr_i = static_cast<CData>(address);
        bench->tag_i = static_cast<CData>(fault == Fault::kInjected && cycle == 40 ? tag ^ 2 : tag);
        const auto ask = [&] {
            return random.one_in(2) ? fresh.address : static_cast<int>(random.between(0, kDepth - 1));
        };
        const int first = ask();
        const int second = second_before >= 0 && random.one_in(2) ? second_before : ask();
        const int first_wanted = static_cast<int>(random.between(0, 3));
        const int second_wanted = static_cast<int>(random.between(0, 3));
        bench->first_bank_i = static_cast<CData>(first);
        bench->first_wanted_i = static_cast<CData>(first_wanted);
        bench->second_bank_i = static_cast<CData>(second);
        bench->second_wanted_i = static_cast<CData>(second_wanted);
        bench.settle();
        const auto is_new = [&](int bank, int wanted) {
            return fresh.present && fresh.address == bank && fresh.tag == wanted;
        };
        if (cycle > kDepth) {
            checker.check("first tag", first, tags[static_cast<std::size_t>(first)], bench->first_tag_o);
            checker.check("first new", first, is_new(first, first_wanted), bench->first_new_o);
            checker.check("second new", second, is_new(second, second_wanted), bench->second_new_o);
            checker.check("second held", second_before, second_tag == second_wanted, bench->second_held_o);
            new_count += bench->first_new_o + bench->second_new_o;
        }
        bench.tick();
        second_before = second;
        second_tag = tags[static_cast<std::size_t>(second)];
        if (fresh.present) {
            tags[static_cast<std::size_t>(fresh.address)] = fresh.tag;
        }
        fresh = {write, address, tag};
    }
    CHECK(new_count > 1'000);
    return checker;
}

TEST_CASE("readiness tags equal an array") {
    CHECK_CLEAN((run_readiness<Vreadiness_2, 2>(Fault::kNone)));
    CHECK_CLEAN((run_readiness<Vreadiness_64, 64>(Fault::kNone)));
    CHECK_CLEAN((run_readiness<Vreadiness_96, 96>(Fault::kNone)));
}
TEST_CASE("readiness: a flipped tag is reported") {
    CHECK((run_readiness<Vreadiness_64, 64>(Fault::kInjected)).mismatches() > 0);
}

Checker run_program(Fault fault) {
    constexpr int kEntries = 32;
    constexpr int kWords = 8;
    Checker checker("lacuna_program");
    if (fault == Fault::kInjected) {
        checker.be_quiet();
    }
    Testbench<Vprogram> bench(7);
    SplitMix64 random(8);
    std::array<std::array<std::uint32_t, kWords>, kEntries> memory{};
    std::array<std::uint32_t, kWords> shown{};  // descriptor_o
    for (int cycle = 0; cycle < 20'000; ++cycle) {
        const bool fill = cycle < kEntries * kWords;
        const int address = fill ? cycle : static_cast<int>(random.between(0, kEntries * kWords - 1));
        const auto entry = static_cast<std::size_t>(random.between(0, kEntries - 1));
        const auto select = static_cast<std::size_t>(address % kWords);  // of the word read
        const auto word = static_cast<std::uint32_t>(random.next());
        const bool write = fill || random.one_in(3);
        bench->we_i = write;
        bench->address_i = static_cast<CData>(address);
        bench->word_i = fault == Fault::kInjected && cycle == 100 ? word ^ 0x8000 : word;
        bench->entry_i = static_cast<CData>(entry);
        const auto row = memory[entry];
        bench.tick();
        for (std::size_t w = 0; w < kWords && !fill; ++w) {
            checker.check(
                "word " + std::to_string(w) + " of the descriptor", cycle, row[w],
                static_cast<std::int64_t>(get_bits(bench->descriptor_o, static_cast<int>(w) * 32, 32)));
        }
        if (cycle > kEntries * kWords) {
            checker.check("word read", static_cast<std::int64_t>(select), shown[select], bench->word_o);
        }
        shown = row;
        if (write) {
            memory[static_cast<std::size_t>(address / kWords)][static_cast<std::size_t>(address % kWords)] =
                word;
        }
    }
    return checker;
}

TEST_CASE("program memory equals an array") {
    CHECK_CLEAN(run_program(Fault::kNone));
}
TEST_CASE("program: a flipped bit is reported") {
    CHECK(run_program(Fault::kInjected).mismatches() > 0);
}

TEST_CASE("counters count their events") {
    Checker checker("lacuna_counters");
    Testbench<Vcounters> bench(9);
    SplitMix64 random(10);
    std::array<std::uint32_t, 5> counts{};
    unsigned before = 0;
    bench->event_i = 0;
    bench.reset(2);
    for (int cycle = 0; cycle < 10'000; ++cycle) {
        const auto events = static_cast<unsigned>(random.between(0, 31));
        const bool clear = random.one_in(500);
        bench->event_i = static_cast<CData>(events);
        bench->clear_i = clear;
        bench.tick();
        for (std::size_t c = 0; c < counts.size(); ++c) {
            counts[c] = clear ? 0 : counts[c] + (before >> c & 1U);
            checker.check("counter", static_cast<std::int64_t>(c), counts[c],
                          static_cast<std::int64_t>(get_bits(bench->count_o, static_cast<int>(c) * 32, 32)));
        }
        before = events;
    }
    CHECK_CLEAN(checker);
}

}  // namespace
}  // namespace lacuna::rtl_test
