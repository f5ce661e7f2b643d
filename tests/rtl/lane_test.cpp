// lacuna_lane (and lacuna_tile inside it): loading weights, sweeps, the strands of the result chain, and
// read-back.
#include <doctest/doctest.h>

#include <array>
#include <deque>
#include <vector>

#include "Vlane_1.h"
#include "Vlane_2.h"
#include "Vlane_3.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/records.hpp"
#include "tests/rtl/width.hpp"

namespace lacuna::rtl_test {
namespace {

constexpr int kPes = 3;
constexpr int kDepth = 64;

struct Slot {
    int value = 0;
    int index = 0;
    int bits() const { return (value & 0xFF) << 4 | index; }
};

/// Drives a lane; geometry as in CMakeLists.txt.
template <class Model, int kLane, int kTiles, int kPorts>
class LaneRun {
  public:
    explicit LaneRun(Fault fault) : fault_(fault) {
        if (fault == Fault::kInjected) {
            checker_.be_quiet();
        }
    }

    Checker run() {
        idle(kTiles + 16);  // random reset values leave the lane
        load();
        idle(8);
        for (int sweep = 0; sweep < 300; ++sweep) {
            give_sweep();
            // Sometimes at once, sometimes after a pause.
            idle(random_.one_in(2) ? 0 : static_cast<int>(random_.between(1, 30)));
        }
        idle(kTiles + kStrandLength + 16);
        for (int i = 0; i < 100; ++i) {
            read_back(static_cast<int>(random_.between(0, kTiles - 1)),
                      static_cast<int>(random_.between(0, kDepth - 1)));
        }
        CHECK(pending_.empty());
        return checker_;
    }

  private:
    static constexpr int kStrandLength = kPes * ((kTiles + kPorts - 1) / kPorts);

    /// One operand on its way: the address leaves three cycles before wave and bank word.
    struct Feed {
        Wave wave;
        std::array<int, kBankUnits> bank{};
    };
    /// Results of a sweep, [strand][emission], expected from a cycle on.
    struct Results {
        std::uint64_t from = 0;
        std::vector<std::vector<std::int64_t>> strands;
    };

    void load() {
        weights_.assign(kTiles, std::vector<std::array<Slot, kPes>>(kDepth));
        for (int tile = 0; tile < kTiles; ++tile) {
            for (int address = 0; address < kDepth; ++address) {
                std::int64_t word = 0;
                for (int p = 0; p < kPes; ++p) {
                    Slot& slot = weights_[static_cast<std::size_t>(tile)][static_cast<std::size_t>(address)]
                                         [static_cast<std::size_t>(p)];
                    slot = {static_cast<int>(random_.between(-127, 127)),
                            static_cast<int>(random_.between(0, 15))};
                    word |= static_cast<std::int64_t>(slot.bits()) << (12 * p);
                }
                if (fault_ == Fault::kInjected && tile == kTiles - 1 && address == 9) {
                    word ^= std::int64_t{1} << 30;
                }
                give_load(word, address, tile, kLane);
                // Another word to another lane and to a tile that is not there must change nothing.
                word ^= 0xFFF'FFFF;
                give_load(word, address, tile, (kLane + 1) % 4);
                give_load(word, address, kTiles, kLane);
            }
        }
    }

    /// Each part twice, the wave with the first; the address goes with the second.
    void give_load(std::int64_t word, int address, int tile, int lane) {
        Wave wave;
        wave.load = 1;
        for (int part = 0; part < Load::kParts; ++part) {
            put(bench_->bank_i, Load::of(word, part, tile, lane));
            put(bench_->wave_i, wave);
            bench_->weight_i = static_cast<IData>(address ^ 1);
            tick();
            put(bench_->wave_i, Wave{});
            bench_->weight_i = static_cast<IData>(address);
            tick();
        }
    }

    void give_sweep() {
        const int count = static_cast<int>(random_.between(kStrandLength, kStrandLength + 20));
        std::vector<std::vector<std::int64_t>> sums(kTiles, std::vector<std::int64_t>(kPes, 0));
        for (int s = 0; s < count; ++s) {
            while (random_.one_in(10)) {
                give(0, Feed{});  // a bubble in the sweep
            }
            const int address = static_cast<int>(random_.between(0, kDepth - 1));
            Feed feed;
            feed.wave = {static_cast<int>(random_.between(0, 7)), s == count - 1, s == 0, 1, 0, 0};
            for (int& a : feed.bank) {
                a = static_cast<int>(random_.between(kFormat.min_activation(), kFormat.max_activation()));
            }
            for (int t = 0; t < kTiles; ++t) {
                for (int p = 0; p < kPes; ++p) {
                    const Slot& slot =
                        weights_[static_cast<std::size_t>(t)][static_cast<std::size_t>(address)]
                                [static_cast<std::size_t>(p)];
                    sums[static_cast<std::size_t>(t)][static_cast<std::size_t>(p)] +=
                        std::int64_t{slot.value} * (1 << feed.wave.shift) *
                        feed.bank[static_cast<std::size_t>(slot.index)];
                }
            }
            give(address, feed);
        }
        expected_.push_back(strands_of(sums));
    }

    /// A sum as the accumulator holds it; that none of a model's leaves its width is the packer's promise.
    static std::int64_t wrapped(std::int64_t sum) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) << (64 - kDefaultAccW)) >>
               (64 - kDefaultAccW);
    }

    /// Emission e on strand s is PE 2 - e % 3 of tile Tiles-1 - (Ports * (e / 3) + s).
    std::vector<std::vector<std::int64_t>> strands_of(
        const std::vector<std::vector<std::int64_t>>& sums) const {
        std::vector<std::vector<std::int64_t>> strands(kPorts);
        for (int s = 0; s < kPorts; ++s) {
            for (int e = 0;; ++e) {
                const int tile = kTiles - 1 - (kPorts * (e / kPes) + s);
                if (tile < 0) {
                    break;
                }
                strands[static_cast<std::size_t>(s)].push_back(
                    wrapped(sums[static_cast<std::size_t>(tile)][static_cast<std::size_t>(2 - e % kPes)]));
            }
        }
        return strands;
    }

    void idle(int cycles) {
        for (int i = 0; i < cycles; ++i) {
            give(static_cast<int>(random_.between(0, kDepth - 1)), Feed{});
        }
    }

    /// Sends the address now and what belongs to it three cycles later.
    void give(int address, const Feed& feed) {
        bench_->weight_i = static_cast<SData>(address);
        const auto now = feeds_.next(feed);
        const Feed& here = now ? *now : Feed{};
        put(bench_->wave_i, here.wave);
        for (int b = 0; b < kBankUnits; ++b) {
            set_bits(bench_->bank_i, kAct * b, kAct,
                     static_cast<std::uint64_t>(here.bank[static_cast<std::size_t>(b)]));
        }
        tick();
    }

    void tick() {
        bench_.tick();
        const Wave out = get<Wave>(bench_->wave_o);
        if (out.valid != 0 && out.last != 0 && !expected_.empty()) {
            pending_.push_back({bench_.cycles() + 5, expected_.front()});
            expected_.pop_front();
        }
        for (const Results& results : pending_) {
            for (std::size_t s = 0; s < results.strands.size(); ++s) {
                const auto e =
                    static_cast<std::int64_t>(bench_.cycles()) - static_cast<std::int64_t>(results.from);
                if (e >= 0 && e < static_cast<std::int64_t>(results.strands[s].size())) {
                    checker_.check(
                        "strand " + std::to_string(s) + " emission " + std::to_string(e),
                        static_cast<std::int64_t>(bench_.cycles()),
                        results.strands[s][static_cast<std::size_t>(e)],
                        get_signed(bench_->result_o, static_cast<int>(s) * kDefaultAccW, kDefaultAccW));
                }
            }
        }
        if (!pending_.empty() && bench_.cycles() >= pending_.front().from + kStrandLength) {
            pending_.pop_front();
        }
    }

    void read_back(int tile, int address) {
        Wave wave;
        wave.read = 1;
        put(bench_->wave_i, Wave{});
        bench_->weight_i = static_cast<SData>(address);
        for (int i = 0; i < kTiles + 4; ++i) {
            tick();
        }
        put(bench_->wave_i, wave);
        put(bench_->bank_i, Load{0, 0, tile, kLane});
        tick();
        put(bench_->wave_i, Wave{});
        int waited = 0;
        while (get<Wave>(bench_->wave_o).read == 0 && waited++ < kTiles + 2) {
            tick();
        }
        checker_.check("cycles until the read wave leaves", tile, kTiles - 1, waited);
        const int distance = kTiles - 1 - tile;
        for (int i = 0; i < 5 + kPes * (distance / kPorts); ++i) {
            tick();
        }
        for (int p = kPes - 1; p >= 0; --p) {
            const Slot& slot = weights_[static_cast<std::size_t>(tile)][static_cast<std::size_t>(address)]
                                       [static_cast<std::size_t>(p)];
            checker_.check("read-back of tile " + std::to_string(tile) + " slot " + std::to_string(p),
                           address, slot.bits(),
                           static_cast<std::int64_t>(
                               get_bits(bench_->result_o, (distance % kPorts) * kDefaultAccW, 12)));
            tick();
        }
    }

    Checker checker_{"lacuna_lane, " + std::to_string(kTiles) + " tiles, " + std::to_string(kPorts) +
                     " ports"};
    Fault fault_;
    Testbench<Model> bench_{14};
    SplitMix64 random_{15};
    std::vector<std::vector<std::array<Slot, kPes>>> weights_;
    DelayLine<Feed> feeds_{3};
    std::deque<std::vector<std::vector<std::int64_t>>>
        expected_;  ///< sweeps whose `last` has not reached the end
    std::deque<Results> pending_;
};

TEST_CASE("lane of 4 tiles, 1 port") {
    CHECK_CLEAN((LaneRun<Vlane_1, 1, 4, 1>(Fault::kNone).run()));
}
TEST_CASE("lane of 5 tiles, 2 ports") {
    CHECK_CLEAN((LaneRun<Vlane_2, 2, 5, 2>(Fault::kNone).run()));
}
TEST_CASE("lane of 3 tiles, 3 ports") {
    CHECK_CLEAN((LaneRun<Vlane_3, 0, 3, 3>(Fault::kNone).run()));
}
TEST_CASE("lane: a flipped bit of a weight is reported") {
    CHECK(LaneRun<Vlane_2, 2, 5, 2>(Fault::kInjected).run().mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
