// The packed records of rtl/lacuna_pkg.sv as C++ structures, packed into and unpacked from Verilated ports.
#pragma once

#include <cstdint>

#include "sim/testbench.hpp"
#include "tests/rtl/width.hpp"

namespace lacuna::rtl_test {

/// wave_t: control that hops with the bank word.
struct Wave {
    int shift = 0, last = 0, first = 0, valid = 0, read = 0, load = 0;
    static constexpr int kWidth = 8;

    template <class Visit>
    void visit(Visit&& field) {
        field(shift, 3), field(last, 1), field(first, 1), field(valid, 1), field(read, 1), field(load, 1);
    }
    bool operator==(const Wave&) const = default;
};

/// load_t: nine bits of a weight word on their way to its tile.
struct Load {
    int bits = 0, part = 0, tile = 0, lane = 0;
    static constexpr int kWidth = 19;
    static constexpr int kParts = 4;
    static constexpr int kPartBits = 9;

    /// Part @p part of @p word, for a tile.
    static Load of(std::int64_t word, int part, int tile, int lane) {
        return {static_cast<int>(word >> (part * kPartBits)) & ((1 << kPartBits) - 1), part, tile, lane};
    }

    template <class Visit>
    void visit(Visit&& field) {
        field(bits, kPartBits), field(part, 2), field(tile, 6), field(lane, 2);
    }
};

/// table_access_t: the host's way to the tanh tables.
struct TableAccess {
    int word = 0, address = 0, read = 0, we = 0;

    template <class Visit>
    void visit(Visit&& field) {
        field(word, kAct == 16 ? 25 : 26), field(address, kAct == 16 ? 9 : 8), field(read, 1), field(we, 1);
    }
};

/// group_t: what the end of the lanes must know of a group.
struct Group {
    int cell_fraction = 0, cell_row = 0, row = 0, tag = 0, destination = 0, unit_base = 0, rider_units = 0,
        outputs = 0, emissions = 0, units = 0;
    int entry = 0, last_group = 0, emit = 0, gru = 0, linear = 0;
    static constexpr int kWidth = 97;

    template <class Visit>
    void visit(Visit&& field) {
        field(cell_fraction, 4), field(cell_row, 14), field(row, 14), field(tag, 2), field(destination, 12);
        field(unit_base, 12), field(rider_units, 6), field(outputs, 8), field(emissions, 8), field(units, 8);
        field(entry, 5);
        field(last_group, 1), field(emit, 1), field(gru, 1), field(linear, 1);
    }
    bool operator==(const Group&) const = default;
};

/// item_t: one bank of one sweep.
struct Item {
    Group group;
    int releases_x = 0, last = 0, first = 0, shift = 0, slots = 0, weight = 0, tag = 0, check = 0, bank = 0;
    static constexpr int kWidth = Group::kWidth + 46;

    template <class Visit>
    void visit(Visit&& field) {
        group.visit(field);
        field(releases_x, 1), field(last, 1), field(first, 1), field(shift, 3), field(slots, 5),
            field(weight, 20);
        field(tag, 2), field(check, 1), field(bank, 12);
    }
    bool operator==(const Item&) const = default;
};

/// descriptor_t: one sweep of one layer over all its groups. Padding bits are not listed: they are written as
/// zeros.
struct Descriptor {
    int linear = 0, emit = 0, h_first = 0, stop = 0, reads_input = 0, shift_x = 0, shift_h = 0,
        cell_fraction = 0;
    int skew = 0, skew_max = 0, gru = 0;
    int x_base = 0, x_banks = 0, h_base = 0, h_banks = 0;
    int k_x = 0, k_x_last = 0, k_h = 0, k_h_last = 0;
    int weight_base = 0, slots = 0, x_slots = 0, groups = 0;
    int units_full = 0, units_last = 0, emissions_full = 0, emissions_last = 0;
    int row_base = 0, cell_base = 0;
    int rider_units = 0, rider_emissions = 0, final_only = 0;
    static constexpr int kWidth = 256;

    template <class Visit>
    void visit(Visit&& field) {
        int pad = 0;
        field(linear, 1), field(emit, 1), field(h_first, 1), field(stop, 1), field(reads_input, 1);
        field(shift_x, 3), field(shift_h, 3), field(cell_fraction, 4), field(skew, 4), field(skew_max, 4),
            field(gru, 1), field(final_only, 1), field(pad, 7);
        field(x_base, 12), field(pad, 4), field(x_banks, 12), field(pad, 4);
        field(h_base, 12), field(pad, 4), field(h_banks, 12), field(pad, 4);
        field(k_x, 5), field(k_x_last, 5), field(k_h, 5), field(k_h_last, 5), field(rider_units, 6),
            field(rider_emissions, 6);
        field(x_slots, 16), field(slots, 16), field(weight_base, 20), field(groups, 12);
        field(units_full, 8), field(units_last, 8), field(emissions_full, 8), field(emissions_last, 8);
        field(row_base, 14), field(pad, 2), field(cell_base, 14), field(pad, 2);
    }
};

/// Writes the record's fields, lowest first, into a port from bit `low` on.
template <class Record, class Port>
void put(Port& port, Record record, int low = 0) {
    int at = low;
    record.visit([&](auto& value, int width) {
        set_bits(port, at, width, static_cast<std::uint64_t>(value));
        at += width;
    });
}

template <class Record, class Port>
Record get(const Port& port, int low = 0) {
    Record record;
    int at = low;
    record.visit([&](auto& value, int width) {
        value = static_cast<std::remove_reference_t<decltype(value)>>(get_bits(port, at, width));
        at += width;
    });
    return record;
}

}  // namespace lacuna::rtl_test
