// lacuna_host: writes strobe the right memory once, reads return what the memory answers in time (a weight:
// what leaves the lane), clearing covers every address, and nothing happens while the engine is busy.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "Vhost_3_1.h"
#include "Vhost_5_2.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/records.hpp"
#include "tests/rtl/width.hpp"

namespace lacuna::rtl_test {
namespace {

enum Space { kWeight, kRow, kCell, kBank, kProgram, kTable, kInput };
constexpr int kSpaces = 7;
constexpr int kParts = kBankBits / 32;  // of a bank
constexpr int kTableBits = kAct == 16 ? 25 : 26;
constexpr std::int64_t kWord = (std::int64_t{1} << 36) - 1;

template <class Model, int kTiles, int kPorts, int kDepth>
class HostRun {  // kDepth: the greater of BankDepth and RowDepth
  public:
    explicit HostRun(Fault fault) : fault_(fault) {
        if (fault == Fault::kInjected) {
            checker_.be_quiet();
        }
        bench_->engine_busy_i = 0;
        bench_->clear_i = 0;
        bench_->mem_valid_i = 0;
        bench_->input_i = 0;
        bench_.reset(4);
        sweep();
    }

    Checker run() {
        for (int i = 0; i < 600; ++i) {
            const auto space = static_cast<int>(random_.between(0, kSpaces - 1));
            const int select = space == kWeight ? static_cast<int>(random_.between(0, 3)) << 6 |
                                                      static_cast<int>(random_.between(0, kTiles - 1))
                                                : static_cast<int>(random_.between(0, 15));
            const int address = static_cast<int>(random_.between(0, 0xFFFFF));
            if (random_.one_in(2)) {
                write(space, select, address, static_cast<std::int64_t>(random_.next()) & kWord);
            } else {
                read(space, select, address);
            }
            if (random_.one_in(60)) {
                clear();
            }
            for (auto pause = random_.between(0, 3); pause > 0; --pause) {
                clock();
            }
        }
        return checker_;
    }

  private:
    /// What each space would hold; a hash, so that no two places agree by chance.
    std::int64_t content(int space, int select, int address) const {
        SplitMix64 hash(static_cast<std::uint64_t>(space) << 40 | static_cast<std::uint64_t>(select) << 20 |
                        static_cast<std::uint64_t>(address));
        const auto word = static_cast<std::int64_t>(hash.next()) & kWord;
        constexpr std::array<int, kSpaces> kWidth{36, 36, 16, 32, 32, kTableBits, 32};
        return word & ((std::int64_t{1} << kWidth[static_cast<std::size_t>(space)]) - 1);
    }

    void request(int space, int select, int address, std::int64_t data, bool write) {
        bench_->mem_valid_i = 1;
        bench_->mem_write_i = write;
        bench_->mem_space_i = static_cast<CData>(space);
        bench_->mem_select_i = static_cast<CData>(select);
        bench_->mem_address_i = static_cast<IData>(address);
        bench_->mem_data_i = static_cast<QData>(data);
        if (random_.one_in(10)) {  // requests wait while the engine runs
            bench_->engine_busy_i = 1;
            for (int i = 0; i < 5; ++i) {
                bench_.settle();
                checker_.check("mem_ready while busy", space, 0, bench_->mem_ready_o);
                clock();
                checker_.check("strobes while busy", space, 0, strobes());
            }
            bench_->engine_busy_i = 0;
        }
        bench_.settle();
        for (int i = 0; i < 5 && bench_->mem_ready_o == 0; ++i) {
            clock();
            bench_.settle();
        }
        checker_.check("mem_ready", space, 1, bench_->mem_ready_o);
        clock();
        bench_->mem_valid_i = 0;
        bench_->mem_write_i = static_cast<CData>(random_.between(0, 1));
        bench_->mem_address_i = static_cast<IData>(random_.between(0, 0xFFFFF));
        bench_->mem_data_i = static_cast<QData>(random_.between(0, 1'000'000));
        bench_.settle();
    }

    /// One bit for each strobe, in the order of Space; clearing's tag strobe is bit 7.
    unsigned strobes() {
        const Wave wave = get<Wave>(bench_->wave_o);
        return static_cast<unsigned>(wave.load) | static_cast<unsigned>(bench_->row_we_o) << 1 |
               static_cast<unsigned>(bench_->cell_we_o) << 2 | (bench_->bank_we_o != 0 ? 8U : 0U) |
               static_cast<unsigned>(bench_->program_we_o) << 4 |
               static_cast<unsigned>(bench_->table_we_o) << 5 |
               static_cast<unsigned>(bench_->input_we_o) << 6 | static_cast<unsigned>(bench_->tag_we_o) << 7;
    }

    void write(int space, int select, int address, std::int64_t data) {
        request(space, select, address, data, true);
        checker_.check("active with a write", space, 1, bench_->active_o);
        if (space == kWeight) {
            checker_.check("strobe before the parts", space, 0, strobes());
            clock();
        }
        checker_.check("strobe of the written space", space, 1 << space, strobes());
        if (space == kWeight) {
            for (int part = 0; part < Load::kParts; ++part) {
                const Load expected = Load::of(data, part, select & 63, select >> 6);
                const Load load = get<Load>(bench_->load_o);
                checker_.check("strobe of a part", address, 1, strobes());
                checker_.check("lane", address, expected.lane, load.lane);
                checker_.check("tile", address, expected.tile, load.tile);
                checker_.check("weight address", address, address, bench_->weight_o);
                checker_.check("part of the weight word", address, part, load.part);
                checker_.check("bits of the weight word", address, expected.bits, load.bits);
                checker_.check("mem_ready between the parts", address, 0, bench_->mem_ready_o);
                clock();
                const Load again = get<Load>(bench_->load_o);
                checker_.check("no strobe with the second cycle of a part", address, 0, strobes());
                checker_.check("weight address with the second cycle", address, address, bench_->weight_o);
                checker_.check("bits of the second cycle", address, expected.bits, again.bits);
                if (part != Load::kParts - 1) {
                    checker_.check("mem_ready between the parts", address, 0, bench_->mem_ready_o);
                    clock();
                }
            }
        } else {
            checker_.check("select", space, select, bench_->select_o);
            checker_.check("address", space, address, bench_->address_o);
            checker_.check("data", space, data, static_cast<std::int64_t>(bench_->data_o));
        }
        if (space == kBank) {
            constexpr int kActs = 16 / kParts;
            checker_.check("part of the bank", address,
                           ((1 << kActs) - 1) << (kActs * (select & (kParts - 1))), bench_->bank_we_o);
        }
        clock();
        checker_.check("strobes after a write", space, 0, strobes());
    }

    void read(int space, int select, int address) {
        request(space, select, address, 0, false);
        int waited = 0;
        while (bench_->mem_rvalid_o == 0 && waited++ < 100) {
            checker_.check("strobes during a read", space, 0, strobes());
            checker_.check("mem_ready during a read", space, 0, bench_->mem_ready_o);
            clock();
        }
        // A bank is read in parts of 32 bits: its content names the part.
        const int chosen = space == kBank ? select & (kParts - 1) : select;
        const auto damage = fault_ == Fault::kInjected ? 1 : 0;
        checker_.check("word read from space " + std::to_string(space), address,
                       content(space, space == kInput ? 0 : chosen, space == kInput ? 0 : address) ^ damage,
                       static_cast<std::int64_t>(bench_->mem_rdata_o));
        if (space == kWeight) {
            checker_.check("address held around the read wave", address, 1, held_);
        }
    }

    void clear() {
        bench_->clear_i = 1;
        bench_->mem_valid_i = 1;  // must wait
        bench_.settle();
        checker_.check("mem_ready with clear", 0, 0, bench_->mem_ready_o);
        clock();
        bench_->clear_i = 0;
        bench_->mem_valid_i = 0;
        bench_.settle();
        sweep();
    }

    /// What a clear and a reset do to the memories.
    void sweep() {
        bench_.settle();
        checker_.check("clear: busy before the first address", 0, 1, bench_->busy_o);
        checker_.check("clear: strobes before the first address", 0, 0, strobes());
        clock();
        for (int address = 0; address < kDepth; ++address) {
            checker_.check("clear: busy", address, 1, bench_->busy_o);
            checker_.check("clear: strobes", address, 1 << kCell | 1 << kBank | 1 << 7, strobes());
            checker_.check("clear: activations", address, 0xFFFF, bench_->bank_we_o);
            checker_.check("clear: address", address, address, bench_->address_o);
            checker_.check("clear: data", address, 0, static_cast<std::int64_t>(bench_->data_o));
            clock();
        }
        checker_.check("clear: over", kDepth, 0, bench_->busy_o);
    }

    /// A clock cycle of the memories around the host: block RAMs answer two cycles after the address, the
    /// bank memory three; at other times they give noise.
    void clock() {
        answer();
        bench_.tick();
        answer();
    }

    void answer() {
        bench_.settle();
        if (bench_.cycles() == seen_) {
            return;
        }
        seen_ = bench_.cycles();
        const int select = bench_->select_o;
        const int address = bench_->address_o;
        const bool reading = bench_->reading_o != 0;
        asked_ = reading ? asked_ + 1 : 0;
        const auto noise = static_cast<std::int64_t>(random_.next());
        bench_->row_i = static_cast<QData>((asked_ > 2 ? content(kRow, select, address) : noise) & kWord);
        bench_->cell_i = static_cast<SData>(asked_ > 2 ? content(kCell, select, address) : noise);
        bench_->table_i = static_cast<IData>((asked_ > 2 ? content(kTable, select, address) : noise) &
                                             ((1 << kTableBits) - 1));
        bench_->program_i = static_cast<IData>(asked_ > 2 ? content(kProgram, select, address) : noise);
        for (int q = 0; q < kParts; ++q) {
            set_bits(bench_->bank_i, 32 * q, 32,
                     static_cast<std::uint64_t>(asked_ > 3 ? content(kBank, q, address) : noise + q));
        }
        bench_->input_i = static_cast<IData>(content(kInput, 0, 0));
        answer_lane();
        bench_.settle();
    }

    void answer_lane() {
        const Wave wave = get<Wave>(bench_->wave_o);
        const Load load = get<Load>(bench_->load_o);
        addresses_.push_back(bench_->weight_o);
        if (wave.read != 0) {
            pulse_ = bench_.cycles();
            asked_tile_ = load;
            asked_address_ = static_cast<int>(bench_->weight_o);
        }
        // At the lane's end after a cycle for each tile; results five cycles later, three for each tile in
        // between.
        put(bench_->lane_wave_i, Wave{0, 0, 0, 0, pulse_ != 0 && bench_.cycles() == pulse_ + kTiles, 0});
        for (int word = 0; word < 4 * kPorts; ++word) {
            set_bits(bench_->result_i, word * kDefaultAccW, kDefaultAccW, random_.next());
        }
        if (pulse_ == 0) {
            return;
        }
        const int distance = kTiles - 1 - asked_tile_.tile;
        const std::uint64_t first = pulse_ + kTiles + 5 + 3 * static_cast<std::uint64_t>(distance / kPorts);
        if (bench_.cycles() >= first && bench_.cycles() < first + 3) {
            const int slot = 2 - static_cast<int>(bench_.cycles() - first);
            const std::int64_t word =
                content(kWeight, asked_tile_.lane << 6 | asked_tile_.tile, asked_address_);
            set_bits(bench_->result_i, (asked_tile_.lane * kPorts + distance % kPorts) * kDefaultAccW, 12,
                     static_cast<std::uint64_t>(word >> (12 * slot)));
        }
        if (bench_.cycles() ==
            pulse_ + 5) {  // from three cycles before the pulse (one of them the engine's) on
            held_ = addresses_.size() > 9 && std::all_of(addresses_.end() - 9, addresses_.end(),
                                                         [&](int a) { return a == asked_address_; });
        }
        if (bench_.cycles() == first + 3) {
            pulse_ = 0;
        }
    }

    Checker checker_{"lacuna_host, " + std::to_string(kTiles) + " tiles, " + std::to_string(kPorts) +
                     " ports"};
    Fault fault_;
    Testbench<Model> bench_{29};
    SplitMix64 random_{30};
    std::uint64_t seen_ = 0;
    int asked_ = 0;  ///< cycles that the address of a read has been there
    std::uint64_t pulse_ = 0;
    Load asked_tile_;
    int asked_address_ = 0;
    std::deque<int> addresses_;
    bool held_ = false;
};

TEST_CASE("host of 3 tiles, 1 port") {
    CHECK_CLEAN((HostRun<Vhost_3_1, 3, 1, 128>(Fault::kNone).run()));
}
TEST_CASE("host of 5 tiles, 2 ports") {
    CHECK_CLEAN((HostRun<Vhost_5_2, 5, 2, 2>(Fault::kNone).run()));
}
TEST_CASE("host: a flipped bit of a read word is reported") {
    CHECK(HostRun<Vhost_5_2, 5, 2, 2>(Fault::kInjected).run().mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
