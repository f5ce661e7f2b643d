// The primitives against arithmetic and memory models: rtl/generic and rtl/ecp5 (with the cell models of
// sim/ecp5) both answer exactly as docs and headers say, so they equal each other.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "Vtwins_ecp5.h"
#include "Vtwins_generic.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/records.hpp"
#include "tests/rtl/width.hpp"

namespace lacuna::rtl_test {
namespace {

struct Multiplier {
    int a, b, latency;
    bool positive_b = false;  ///< the top bit of b is 0
    bool half = false;        ///< and 2^(b - 2)

    std::int64_t product(std::int64_t x, std::int64_t y) const;
};
// As in twins.sv.
constexpr std::array<Multiplier, 21> kMults{{{24, 16, 3},
                                             {16, 16, 3},
                                             {12, 9, 2, true},
                                             {2, 2, 2},
                                             {36, 18, 3},
                                             {5, 3, 3},
                                             {36, 13, 3},
                                             {11, 10, 2, true},
                                             {19, 16, 3},
                                             {16, 16, 3},
                                             {9, 12, 2},
                                             {19, 16, 3},
                                             {12, 9, 2, true},
                                             {16, 16, 3},
                                             {2, 2, 2},
                                             {20, 4, 3, false, true},
                                             {16, 16, 3, false, true},
                                             {16, 16, 3, false, true},
                                             {24, 16, 3, true},
                                             {36, 13, 3, true},
                                             {2, 10, 3, true}}};
constexpr std::array<Multiplier, 4> kPeMults{{{15, 8, 2}, {18, 18, 2}, {2, 2, 2}, {15, 16, 2}}};
constexpr std::array<int, 4> kSums{24, 25, 36, 2};
constexpr std::array<int, 3> kSelects{8, 16, 1};
struct Memory {
    int width, depth;
    bool in_parts = false;  ///< written nine bits at a time
};
// The last three are lacuna_byte_ram, the others lacuna_ebr.
constexpr std::size_t kByteRams = 3;
constexpr std::array<Memory, 13> kEbrs{{{36, 512},
                                        {36, 1536, true},
                                        {26, 256},
                                        {16, 528},
                                        {36, 8192},
                                        {1, 2},
                                        {16, 512},
                                        {25, 512},
                                        {36, 2560, true},
                                        {36, 1052, true},
                                        {8, 2048},
                                        {8, 8192},
                                        {8, 16}}};
constexpr std::array<int, 3> kBankDepths{512, 1024, 64};

std::int64_t low_signed(std::int64_t value, int width) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << (64 - width)) >> (64 - width);
}

std::int64_t Multiplier::product(std::int64_t x, std::int64_t y) const {
    const std::int64_t low = low_signed(y, b);
    return low_signed(x, a) * (positive_b && low < 0 ? low + (std::int64_t{1} << (b - 1)) : low) +
           (half ? std::int64_t{1} << (b - 2) : 0);
}

/// Random operands with the corners of every width mixed in: 0, 1, -1, the largest and the smallest.
std::int64_t operand(SplitMix64& random, int width) {
    if (random.one_in(3)) {
        const int w = static_cast<int>(random.between(2, width));
        const std::array<std::int64_t, 5> corners{0, 1, -1, (std::int64_t{1} << (w - 1)) - 1,
                                                  -(std::int64_t{1} << (w - 1))};
        return corners[static_cast<std::size_t>(random.between(0, 4))];
    }
    return low_signed(static_cast<std::int64_t>(random.next()), width);
}

template <class Model>
Checker run_multipliers(const char* subject, Fault fault) {
    Checker checker(subject);
    Testbench<Model> bench(11);
    SplitMix64 random(1);
    struct Product {
        std::int64_t a, b;
    };
    std::vector<DelayLine<Product>> lines;
    lines.reserve(std::size(kMults) + std::size(kPeMults));
    for (const Multiplier& m : kMults) {
        lines.emplace_back(m.latency - 1);
    }
    for (const Multiplier& m : kPeMults) {
        lines.emplace_back(m.latency - 1);
    }
    if (fault == Fault::kInjected) {
        checker.be_quiet();
    }
    for (int cycle = 0; cycle < 40'000; ++cycle) {
        const std::int64_t a = operand(random, 36);
        const std::int64_t b = operand(random, 18);
        const bool flip = fault == Fault::kInjected && cycle >= 777 && cycle < 800;
        give_port(bench->a_i, flip ? a ^ 1 : a, 36);
        give_port(bench->b_i, b, 18);
        bench.tick();
        for (std::size_t m = 0; m < kMults.size(); ++m) {
            if (const auto p = lines[m].next({a, b})) {
                checker.check("product of lacuna_mult " + std::to_string(m), cycle,
                              kMults[m].product(p->a, p->b),
                              get_signed(bench->product_o, static_cast<int>(m) * 54, 54));
            }
        }
        for (std::size_t m = 0; m < kPeMults.size(); ++m) {
            if (const auto p = lines[kMults.size() + m].next({a, b})) {
                checker.check("product of lacuna_pe_mult " + std::to_string(m), cycle,
                              kPeMults[m].product(p->a, p->b),
                              get_signed(bench->pe_product_o, static_cast<int>(m) * 36, 36));
            }
        }
    }
    return checker;
}

/// Accumulators with restarts, and selectors with random words.
template <class Model>
Checker run_sums(const char* subject, Fault fault) {
    Checker checker(subject);
    if (fault == Fault::kInjected) {
        checker.be_quiet();
    }
    Testbench<Model> bench(7);
    SplitMix64 random(3);
    std::array<std::int64_t, kSums.size()> sums{};
    for (int cycle = 0; cycle < 40'000; ++cycle) {
        const std::int64_t addend = operand(random, 36);
        const bool first = cycle == 0 || random.one_in(20);
        const bool flip = fault == Fault::kInjected && cycle == 777;
        give_port(bench->a_i, flip ? addend ^ 1 : addend, 36);
        bench->first_i = first;
        std::array<std::uint32_t, 8> words{};
        for (std::size_t w = 0; w < static_cast<std::size_t>(kAct) / 2; ++w) {
            words[w] = static_cast<std::uint32_t>(random.next());
            set_bits(bench->bank_wdata_i, static_cast<int>(w) * 32, 32, words[w]);
        }
        const int index = static_cast<int>(random.between(0, 15));
        bench->index_i = static_cast<CData>(flip ? index ^ 8 : index);
        bench.tick();
        for (std::size_t m = 0; m < kSums.size(); ++m) {
            sums[m] = low_signed((first ? 0 : sums[m]) + low_signed(addend, kSums[m]), kSums[m]);
            checker.check("sum of lacuna_accumulate " + std::to_string(m), cycle, sums[m],
                          get_signed(bench->sum_o, static_cast<int>(m) * 36, 36));
        }
        for (std::size_t m = 0; m < kSelects.size(); ++m) {
            std::uint64_t expected = 0;
            for (int bit = 0; bit < kSelects[m]; ++bit) {
                const int at = index * kSelects[m] + bit;
                expected |=
                    std::uint64_t{words[static_cast<std::size_t>(at) / 32 % words.size()] >> (at % 32) & 1U}
                    << bit;
            }
            checker.check(
                "element of lacuna_select " + std::to_string(m), cycle, static_cast<std::int64_t>(expected),
                static_cast<std::int64_t>(get_bits(bench->selected_o, static_cast<int>(m) * 32, 32)));
        }
    }
    return checker;
}

/// True when the read would meet the write in one of the memories; then its answer is undefined.
bool collides(int waddr, int raddr) {
    for (const Memory& m : kEbrs) {
        if (waddr % m.depth == raddr % m.depth) {
            return true;
        }
    }
    for (const int depth : kBankDepths) {
        if (waddr % depth == raddr % depth) {
            return true;
        }
    }
    return false;
}

template <class Model>
class MemoryRun {
  public:
    MemoryRun(const char* subject, Fault fault) : checker_(subject), fault_(fault), bench_(5) {
        if (fault == Fault::kInjected) {
            checker_.be_quiet();
        }
        for (const Memory& m : kEbrs) {
            words_.emplace_back(m.depth);
        }
        for (const int depth : kBankDepths) {
            banks_.emplace_back(static_cast<std::size_t>(depth) * 16);
        }
    }

    Checker run() {
        // Every word once, so that contents are known; then at random, near by and all over.
        for (int address = 0; address < 8192; ++address) {
            cycle(true, 0xF, address, (address + 8191) % 8192, 0xFFFF);
        }
        for (int i = 0; i < 60'000; ++i) {
            const auto range = random_.one_in(2) ? 8191 : 63;
            cycle(random_.one_in(2), static_cast<unsigned>(random_.between(0, 0xF)),
                  static_cast<int>(random_.between(0, range)), static_cast<int>(random_.between(0, range)),
                  static_cast<unsigned>(random_.next() & 0xFFFFU));
        }
        return checker_;
    }

  private:
    static constexpr std::uint64_t kPartMask = (1U << Load::kPartBits) - 1;
    using Word = std::optional<std::uint64_t>;
    using Activation = std::optional<std::uint16_t>;
    struct Late {
        int address;
        std::uint64_t data;
    };
    struct Answer {
        std::vector<Word> words;
        std::vector<Activation> activations;  ///< of all bank memories
    };

    void cycle(bool write, unsigned part_we, int waddr, int raddr, unsigned bank_we) {
        ++cycle_;
        if (collides(waddr, raddr)) {
            write = false;
            part_we = 0;
            bank_we = 0;
        }
        // Reads see the words of the cycles before.
        Answer answer;
        for (std::size_t e = 0; e < kEbrs.size(); ++e) {
            answer.words.push_back(words_[e][static_cast<std::size_t>(raddr % kEbrs[e].depth)]);
            // A byte is written a cycle late, and until then the old one is not defined.
            if (is_bytes(e) && late_ && late_->address % kEbrs[e].depth == raddr % kEbrs[e].depth) {
                answer.words.back() = std::nullopt;
            }
        }
        // Those of bytes come a cycle later.
        std::swap_ranges(bytes_.begin(), bytes_.end(),
                         answer.words.end() - static_cast<std::ptrdiff_t>(kByteRams));
        for (std::size_t k = 0; k < kBankDepths.size(); ++k) {
            const auto at = static_cast<std::size_t>(raddr % kBankDepths[k]) * 16;
            answer.activations.insert(answer.activations.end(),
                                      banks_[k].begin() + static_cast<std::ptrdiff_t>(at),
                                      banks_[k].begin() + static_cast<std::ptrdiff_t>(at + 16));
        }
        const std::uint64_t data = random_.next() & 0xFFFFFFFFFU;
        bench_->we_i = write;
        bench_->part_we_i = static_cast<CData>(part_we);
        bench_->waddr_i = static_cast<SData>(waddr);
        bench_->wdata_i =
            fault_ == Fault::kInjected && cycle_ == 8192 ? data ^ (std::uint64_t{1} << 35) : data;
        bench_->raddr_i = static_cast<SData>(raddr);
        bench_->bank_we_i = static_cast<SData>(bank_we);
        std::array<std::uint16_t, 16> activations{};
        for (std::size_t b = 0; b < 16; ++b) {
            activations[b] = static_cast<std::uint16_t>(random_.next() & ((1U << kAct) - 1));
            set_bits(bench_->bank_wdata_i, static_cast<int>(b) * kAct, kAct, activations[b]);
        }
        bench_.tick();
        for (std::size_t e = 0; e < kEbrs.size(); ++e) {
            std::uint64_t written = write ? ~std::uint64_t{0} : 0;
            if (kEbrs[e].in_parts) {
                written = 0;
                for (int part = 0; part < Load::kParts; ++part) {
                    written |= (part_we >> part & 1U) != 0 ? kPartMask << (Load::kPartBits * part) : 0;
                }
            }
            written &= (std::uint64_t{1} << kEbrs[e].width) - 1;
            if (is_bytes(e)) {
                if (late_) {
                    words_[e][static_cast<std::size_t>(late_->address % kEbrs[e].depth)] =
                        late_->data & ((std::uint64_t{1} << kEbrs[e].width) - 1);
                }
                continue;
            }
            Word& word = words_[e][static_cast<std::size_t>(waddr % kEbrs[e].depth)];
            if (written != 0) {
                word = (word.value_or(0) & ~written) | (data & written);
            }
        }
        for (std::size_t k = 0; k < kBankDepths.size(); ++k) {
            for (std::size_t b = 0; b < 16; ++b) {
                if (((bank_we >> b) & 1U) != 0) {
                    banks_[k][static_cast<std::size_t>(waddr % kBankDepths[k]) * 16 + b] = activations[b];
                }
            }
        }
        late_ = write ? std::optional<Late>({waddr, data}) : std::nullopt;
        compare(line_.next(answer));
    }

    static bool is_bytes(std::size_t memory) { return memory >= kEbrs.size() - kByteRams; }

    void compare(const std::optional<Answer>& answer) {
        if (!answer) {
            return;
        }
        for (std::size_t e = 0; e < kEbrs.size(); ++e) {
            if (answer->words[e]) {
                checker_.check(
                    "word of memory " + std::to_string(e), cycle_,
                    static_cast<std::int64_t>(*answer->words[e]),
                    static_cast<std::int64_t>(get_bits(bench_->rdata_o, static_cast<int>(e) * 36, 36)));
            }
        }
        for (std::size_t b = 0; b < answer->activations.size(); ++b) {
            if (answer->activations[b]) {
                checker_.check("activation " + std::to_string(b) + " of lacuna_bank_ram", cycle_,
                               *answer->activations[b],
                               static_cast<std::int64_t>(
                                   get_bits(bench_->bank_rdata_o, static_cast<int>(b) * kAct, kAct)));
            }
        }
    }

    Checker checker_;
    Fault fault_;
    Testbench<Model> bench_;
    SplitMix64 random_{2};
    std::vector<std::vector<Word>> words_;
    std::array<Word, kByteRams> bytes_;
    std::optional<Late> late_;
    std::vector<std::vector<Activation>> banks_;
    DelayLine<Answer> line_{1};
    int cycle_ = 0;
};

TEST_CASE("generic multipliers equal arithmetic") {
    CHECK_CLEAN(run_multipliers<Vtwins_generic>("rtl/generic", Fault::kNone));
}
TEST_CASE("ECP5 multipliers equal arithmetic") {
    CHECK_CLEAN(run_multipliers<Vtwins_ecp5>("rtl/ecp5", Fault::kNone));
}
TEST_CASE("generic accumulators and selectors equal arithmetic") {
    CHECK_CLEAN(run_sums<Vtwins_generic>("rtl/generic", Fault::kNone));
}
TEST_CASE("ECP5 accumulators and selectors equal arithmetic") {
    CHECK_CLEAN(run_sums<Vtwins_ecp5>("rtl/ecp5", Fault::kNone));
}
TEST_CASE("generic memories equal their model") {
    CHECK_CLEAN(MemoryRun<Vtwins_generic>("rtl/generic", Fault::kNone).run());
}
TEST_CASE("ECP5 memories equal their model") {
    CHECK_CLEAN(MemoryRun<Vtwins_ecp5>("rtl/ecp5", Fault::kNone).run());
}
TEST_CASE("a flipped operand or memory bit is reported") {
    CHECK(run_multipliers<Vtwins_ecp5>("rtl/ecp5", Fault::kInjected).mismatches() > 0);
    CHECK(run_sums<Vtwins_ecp5>("rtl/ecp5", Fault::kInjected).mismatches() > 0);
    CHECK(MemoryRun<Vtwins_ecp5>("rtl/ecp5", Fault::kInjected).run().mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
