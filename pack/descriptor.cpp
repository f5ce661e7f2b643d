#include "pack/descriptor.hpp"

#include <fmt/format.h>

#include "common/error.hpp"

namespace lacuna {
namespace {

/// Visits every field with its place: word, lowest bit, width. The one list that encode and decode share.
template <class D, class Visit>
void for_each_field(D& d, Visit visit) {
    visit(d.linear, 0, 0, 1);
    visit(d.emit, 0, 1, 1);
    visit(d.h_first, 0, 2, 1);
    visit(d.stop, 0, 3, 1);
    visit(d.reads_input, 0, 4, 1);
    visit(d.shift_x, 0, 5, 3);
    visit(d.shift_h, 0, 8, 3);
    visit(d.cell_fraction, 0, 11, 4);
    visit(d.skew, 0, 15, 4);
    visit(d.skew_max, 0, 19, 4);
    visit(d.gru, 0, 23, 1);
    visit(d.final_only, 0, 24, 1);
    visit(d.x_base, 1, 0, 12);
    visit(d.x_banks, 1, 16, 12);
    visit(d.h_base, 2, 0, 12);
    visit(d.h_banks, 2, 16, 12);
    visit(d.k_x, 3, 0, 5);
    visit(d.k_x_last, 3, 5, 5);
    visit(d.k_h, 3, 10, 5);
    visit(d.k_h_last, 3, 15, 5);
    visit(d.rider_units, 3, 20, 6);
    visit(d.rider_emissions, 3, 26, 6);
    visit(d.x_slots, 4, 0, 16);
    visit(d.slots, 4, 16, 16);
    visit(d.weight_base, 5, 0, 20);
    visit(d.groups, 5, 20, 12);
    visit(d.units_full, 6, 0, 8);
    visit(d.units_last, 6, 8, 8);
    visit(d.emissions_full, 6, 16, 8);
    visit(d.emissions_last, 6, 24, 8);
    visit(d.row_base, 7, 0, 14);
    visit(d.cell_base, 7, 16, 14);
}

std::uint32_t mask(int width) {
    return (std::uint32_t{1} << width) - 1;
}

}  // namespace

std::array<std::uint32_t, kDescriptorWords> Descriptor::encode() const {
    std::array<std::uint32_t, kDescriptorWords> words{};
    for_each_field(*this, [&](const auto& field, std::size_t word, int low, int width) {
        const auto value = static_cast<std::uint32_t>(field);
        if ((value & ~mask(width)) != 0) {
            throw Error(fmt::format("descriptor: the field of word {} at bit {} is {}, expected {} bits",
                                    word, low, value, width));
        }
        words[word] |= value << low;
    });
    return words;
}

Descriptor Descriptor::decode(const std::array<std::uint32_t, kDescriptorWords>& words) {
    Descriptor descriptor;
    for_each_field(descriptor, [&]<class Field>(Field& field, std::size_t word, int low, int width) {
        field = static_cast<Field>((words[word] >> low) & mask(width));
    });
    return descriptor;
}

}  // namespace lacuna
