// lacuna_writer: the h of random groups ends up in the right places of the activation memory, and a bank is
// called complete with its highest unit, when every lower one was written.
#include <doctest/doctest.h>

#include <array>
#include <map>
#include <vector>

#include "Vwriter_1.h"
#include "Vwriter_2.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/width.hpp"

namespace lacuna::rtl_test {
namespace {

/// One step of one layer: `units` h values to the banks from `destination` on, with a tag.
struct Layer {
    int units = 0, destination = 0, tag = 0;
    std::vector<int> h;
    int banks() const { return (units + kBankUnits - 1) / kBankUnits; }
};

template <class Model, int kPorts>
class WriterRun {
  public:
    explicit WriterRun(Fault fault) : fault_(fault) {
        if (fault == Fault::kInjected) {
            checker_.be_quiet();
        }
        idle_inputs();
        bench_.reset(2);
    }

    Checker run() {
        // Every number of units of up to four banks, in groups of every size a lane may have.
        for (int units = 1; units <= 64; ++units) {
            for (const int tiles : {1, 2, 3, 5, 13}) {
                if (tiles >= kPorts) {
                    give_layer(units, tiles);
                }
            }
        }
        for (int i = 0; i < 200; ++i) {
            give_layer(static_cast<int>(random_.between(1, 300)),
                       static_cast<int>(random_.between(kPorts, 21)));
        }
        return checker_;
    }

  private:
    void idle_inputs() {
        bench_->valid_i = 0;
        bench_->first_i = 0;
        bench_->last_i = 0;
        bench_->last_group_i = 0;
    }

    void give_layer(int units, int tiles) {
        Layer layer{
            units, static_cast<int>(random_.between(0, 900)), static_cast<int>(random_.between(0, 3)), {}};
        for (int u = 0; u < units; ++u) {
            layer.h.push_back(
                static_cast<int>(random_.between(kFormat.min_activation(), kFormat.max_activation())));
        }
        memory_.clear();
        completed_.clear();
        now_ = layer;
        const int most = 3 * tiles;
        for (int base = 0; base < units; base += most) {
            const int count = std::min(most, units - base);
            give_group(base, count, tiles, base + count == units);
            pause(random_.one_in(2) ? 0 : static_cast<int>(random_.between(0, 6)));
        }
        pause(6);
        for (int u = 0; u < units; ++u) {
            const auto found = memory_.find(layer.destination * kBankUnits + u);
            checker_.check("h of " + std::to_string(units) + " units, " + std::to_string(tiles) + " tiles", u,
                           layer.h[static_cast<std::size_t>(u)],
                           found == memory_.end() ? 99999 : found->second);
        }
        checker_.check("activations written", units, units, static_cast<std::int64_t>(memory_.size()));
        for (int b = 0; b < layer.banks(); ++b) {
            checker_.check("times that a bank was complete", b, 1, completed_[layer.destination + b]);
        }
    }

    /// The emissions of a group as lacuna_drain makes them: highest unit first, a strand may end before the
    /// other.
    void give_group(int base, int count, int tiles, bool last_group) {
        int next = base + count - 1;
        for (int emission = 0; next >= base; ++emission) {
            idle_inputs();
            unsigned valid = 0;
            bench_->unit_i = static_cast<SData>(next);
            bench_->first_i = emission == 0;
            for (int p = 0; p < kPorts; ++p) {
                const int length = 3 * ((tiles - p + kPorts - 1) / kPorts);
                if (next >= base && emission < length) {
                    valid |= 1U << p;
                    const int h = now_.h[static_cast<std::size_t>(next)];
                    const bool flip = fault_ == Fault::kInjected && next == 17;
                    set_bits(bench_->h_i, kAct * p, kAct, static_cast<std::uint64_t>(flip ? h ^ 2 : h));
                    --next;
                }
            }
            bench_->valid_i = static_cast<CData>(valid);
            bench_->last_i = next < base;
            bench_->last_group_i = last_group;
            bench_->destination_i = static_cast<SData>(now_.destination);
            bench_->tag_i = static_cast<CData>(now_.tag);
            tick();
        }
        idle_inputs();
    }

    void pause(int cycles) {
        idle_inputs();
        for (int i = 0; i < cycles; ++i) {
            bench_->unit_i = static_cast<SData>(random_.between(0, 4095));  // must not matter
            tick();
        }
    }

    void tick() {
        bench_.tick();
        const unsigned we = bench_->we_o;
        const int bank = bench_->bank_o;
        for (int b = 0; b < kBankUnits; ++b) {
            if ((we >> b & 1U) != 0) {
                const int place = bank * kBankUnits + b;
                checker_.check("earlier writes of an activation", place, 0,
                               static_cast<std::int64_t>(memory_.count(place)));
                memory_[place] = static_cast<int>(get_signed(bench_->word_o, kAct * b, kAct));
            }
        }
        if (bench_->complete_o != 0) {
            checker_.check("tag", bank, now_.tag, bench_->tag_o);
            const int first = (bank - now_.destination) * kBankUnits;
            for (int u = first; u < std::min(first + kBankUnits, now_.units); ++u) {
                checker_.check("activation there when its bank is complete", u, 1,
                               static_cast<std::int64_t>(memory_.count(now_.destination * kBankUnits + u)));
            }
            ++completed_[bank];
        }
    }

    Checker checker_{"lacuna_writer, " + std::to_string(kPorts) + " ports"};
    Fault fault_;
    Testbench<Model> bench_{23};
    SplitMix64 random_{24};
    Layer now_;
    std::map<int, int> memory_;     ///< place to value, of the layer under way
    std::map<int, int> completed_;  ///< bank to how often it was called complete
};

TEST_CASE("writer of 1 port") {
    CHECK_CLEAN((WriterRun<Vwriter_1, 1>(Fault::kNone).run()));
}
TEST_CASE("writer of 2 ports") {
    CHECK_CLEAN((WriterRun<Vwriter_2, 2>(Fault::kNone).run()));
}
TEST_CASE("writer: a flipped bit of h is reported") {
    CHECK(WriterRun<Vwriter_2, 2>(Fault::kInjected).run().mismatches() > 0);
}

}  // namespace
}  // namespace lacuna::rtl_test
