// Descriptors, the engine's program: one sweep of a layer over all its groups (rtl/lacuna_pkg.sv,
// descriptor_t).
#pragma once

#include <array>
#include <cstdint>

namespace lacuna {

inline constexpr int kProgramEntries = 32;
inline constexpr int kDescriptorWords = 8;

/// Fields have the names of the RTL's record; docs/engine.md explains them.
struct Descriptor {
    bool linear = false;       ///< a head: no gates, no h part
    bool emit = false;         ///< results go to the output buffer
    bool h_first = false;      ///< the h part is swept before the x part
    bool stop = false;         ///< last descriptor of the program
    bool reads_input = false;  ///< the x part is the engine's input; its end releases the input buffer
    int shift_x = 0;
    int shift_h = 0;
    int cell_fraction = 0;
    int skew = 0;      ///< works on step (iteration - skew)
    int skew_max = 0;  ///< largest skew of the program; meaningful with stop
    bool gru = false;  ///< gates and cell of a GRU instead of an LSTM
    int x_base = 0, x_banks = 0;
    int h_base = 0, h_banks = 0;
    int k_x = 0, k_x_last = 0, k_h = 0, k_h_last = 0;  ///< slots of a bank; of the part's last bank
    int weight_base = 0;
    int slots = 0;    ///< K: weight words of one group
    int x_slots = 0;  ///< of these, the x part's
    int groups = 0;
    int units_full = 0, units_last = 0;
    int emissions_full = 0, emissions_last = 0;
    int row_base = 0, cell_base = 0;
    bool final_only = false;  ///< works on the last step of a run only
    int rider_units = 0;      ///< units of the head that leave with the last group
    int rider_emissions = 0;

    std::array<std::uint32_t, kDescriptorWords> encode() const;
    static Descriptor decode(const std::array<std::uint32_t, kDescriptorWords>& words);

    bool operator==(const Descriptor&) const = default;
};

}  // namespace lacuna
