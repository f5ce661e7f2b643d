// The writer of h in the cycle model. Only for pack/cycle_model.cpp.
#pragma once

#include <cstdint>
#include <optional>

#include "golden/quantised_model.hpp"

namespace lacuna::cycles {

using Cycle = std::int64_t;

/// Units that leave in one cycle on all ports.
struct Emission {
    Cycle cycle = 0;
    int base = 0;   ///< first bank of the destination
    int unit = 0;   ///< highest unit
    int count = 0;  ///< units, one a port
    bool last = false;
    bool tops_layer = false;  ///< begins with the layer's highest unit
    std::uint64_t step = 0;
};

/// lacuna_writer: collects units into bank words; one write a cycle.
class Writer {
  public:
    struct Request {
        bool present = false;
        int bank = 0;
        bool complete = false;
        std::uint64_t step = 0;
    };

    const Request& out() const { return out_; }

    void edge(const std::optional<Emission>& emission) {
        constexpr int kWidth = static_cast<int>(PartWeights::kBankWidth);
        Request first;
        Request second;
        if (emission) {
            for (int i = 0; i < emission->count; ++i) {
                const int unit = emission->unit - i;
                if (!open_.present) {
                    open_ = {true, emission->base + unit / kWidth,
                             unit % kWidth == kWidth - 1 || (emission->tops_layer && i == 0), emission->step};
                }
                if (unit % kWidth == 0) {
                    first = open_;
                    open_.present = false;
                }
            }
            if (emission->last && open_.present) {
                second = open_;
                open_.present = false;
            }
        }
        if (wait_.present) {
            out_ = wait_;
            wait_ = first.present ? first : second;
        } else if (first.present) {
            out_ = first;
            wait_ = second;
        } else {
            out_ = second;
            wait_.present = false;
        }
    }

  private:
    Request open_, out_, wait_;
};

}  // namespace lacuna::cycles
