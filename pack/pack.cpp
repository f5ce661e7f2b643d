#include "pack/pack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "golden/tanh_table.hpp"

namespace lacuna {
namespace {

constexpr int kSlotBits = 12;
constexpr int kTableStepShift = 15;
constexpr int kScaleShiftBits = 5;

std::uint64_t slot(std::int8_t value, std::uint8_t index) {
    return static_cast<std::uint64_t>(static_cast<std::uint8_t>(value)) << 4 | index;
}

/// `bits` of a two's complement number.
std::uint64_t low_bits(std::int64_t value, int bits) {
    return static_cast<std::uint64_t>(value) & ((std::uint64_t{1} << bits) - 1);
}

std::uint64_t row_word(const RowScale& row, const NumberFormat& format) {
    return low_bits(row.bias, format.gate_bits) << (format.mantissa_bits + kScaleShiftBits) |
           static_cast<std::uint64_t>(row.shift) << format.mantissa_bits |
           low_bits(row.mantissa, format.mantissa_bits);
}

/// Row scale of the operation that a lane takes for a unit; -1 when there is none (a head's last rows).
int scale_row(const Operation& operation, int rows, int unit, int lane) {
    if (!operation.head) {
        return lane * operation.units + unit;
    }
    const int row = head_row(unit, lane);
    return row < rows ? row : -1;
}

/// One operation's matrices: x part and h part, or the head's only one.
struct Matrices {
    const PartWeights* x = nullptr;
    const PartWeights* h = nullptr;
    const std::vector<RowScale>* rows = nullptr;
    Cell cell = Cell::Lstm;

    /// Row of a part that a lane sums for a unit; -1: none, its slots stay zero.
    int part_row(const PartWeights* part, const Operation& operation, int unit, int lane) const {
        if (operation.head) {
            return scale_row(operation, static_cast<int>(rows->size()), unit, lane);
        }
        const auto gate = static_cast<std::size_t>(lane);
        const auto block = part == x ? x_block(cell, gate) : h_block(cell, gate);
        return block ? static_cast<int>(*block) * operation.units + unit : -1;
    }
};

Matrices matrices(const QuantisedModel& model, const Operation& operation) {
    if (operation.head) {
        return {&model.head->h, nullptr, &model.head->rows, model.cell};
    }
    const RecurrentLayer& layer = model.layers[operation.layer];
    return {&layer.x, &layer.h, &layer.rows, model.cell};
}

/// Places of a group and what they hold.
struct GroupPlaces {
    std::vector<Place> own;
    std::vector<Place> riders;  ///< units of the head
};

void pack_weights(std::vector<MemoryWord>& words, const Operation& operation, const Matrices& m,
                  const Matrices& head, int group, const GroupPlaces& places, int lane, int tiles) {
    const auto slots = static_cast<std::size_t>(operation.descriptor.slots);
    std::vector<std::vector<std::uint64_t>> tile_words(static_cast<std::size_t>(tiles),
                                                       std::vector<std::uint64_t>(slots, 0));
    for (std::size_t u = 0; u < places.own.size(); ++u) {
        const Place& place = places.own[u];
        auto& target = tile_words[static_cast<std::size_t>(place.tile)];
        std::size_t position = 0;
        for (const PartWeights* part : {m.x, m.h}) {
            if (part == nullptr) {
                continue;
            }
            const int row =
                m.part_row(part, operation, operation.first_unit(group) + static_cast<int>(u), lane);
            for (std::size_t s = 0; row >= 0 && s < part->slots; ++s) {
                const std::size_t at = static_cast<std::size_t>(row) * part->slots + s;
                target[position + s] |= slot(part->value[at], part->index[at]) << (kSlotBits * place.pe);
            }
            position += part->slots;
        }
    }
    for (std::size_t u = 0; u < places.riders.size(); ++u) {
        // In the layer's h part, whose banks may have more slots than the head's; zero in its x part.
        const Place& place = places.riders[u];
        auto& target = tile_words[static_cast<std::size_t>(place.tile)];
        const PartWeights& part = *head.x;
        const auto row = static_cast<std::size_t>(head_row(static_cast<int>(u), lane));
        for (std::size_t bank = 0; row < part.rows && bank < part.banks(); ++bank) {
            for (std::size_t s = 0; s < part.kept(bank); ++s) {
                const std::size_t at = row * part.slots + part.slot_offset(bank) + s;
                target[m.x->slots + m.h->slot_offset(bank) + s] |= slot(part.value[at], part.index[at])
                                                                   << (kSlotBits * place.pe);
            }
        }
    }
    for (int tile = 0; tile < tiles; ++tile) {
        for (std::size_t s = 0; s < slots; ++s) {
            words.push_back({Space::Weight, weight_select(lane, tile),
                             static_cast<std::uint32_t>(operation.first_weight(group) + static_cast<int>(s)),
                             tile_words[static_cast<std::size_t>(tile)][s]});
        }
    }
}

void pack_rows(std::vector<MemoryWord>& words, const Operation& operation, const Matrices& m,
               const Matrices& head, int group, const GroupPlaces& places, int lane,
               const NumberFormat& format) {
    const auto push = [&](const Place& place, const std::vector<RowScale>& rows, int row) {
        const bool real = row >= 0 && row < static_cast<int>(rows.size());
        words.push_back({Space::Row, row_select(place.port, lane),
                         static_cast<std::uint32_t>(operation.first_row(group) + place.emission),
                         row_word(real ? rows[static_cast<std::size_t>(row)] : RowScale{}, format)});
    };
    for (std::size_t u = 0; u < places.own.size(); ++u) {
        push(places.own[u], *m.rows,
             scale_row(operation, static_cast<int>(m.rows->size()),
                       operation.first_unit(group) + static_cast<int>(u), lane));
    }
    for (std::size_t u = 0; u < places.riders.size(); ++u) {
        push(places.riders[u], *head.rows, head_row(static_cast<int>(u), lane));
    }
}

void pack_table(std::vector<MemoryWord>& words, std::span<const std::int16_t> table) {
    for (std::size_t s = 0; s + 1 < table.size(); ++s) {
        const auto step = static_cast<std::uint64_t>(table[s + 1] - table[s]);
        words.push_back({Space::Table, 0, static_cast<std::uint32_t>(s),
                         step << kTableStepShift | static_cast<std::uint64_t>(table[s])});
    }
}

void pack_programs(std::vector<MemoryWord>& words, const Layout& layout) {
    for (const Mode mode : {Mode::Score, Mode::Generate}) {
        int entry = Layout::entry(mode);
        for (const Descriptor& descriptor : layout.program(mode)) {
            int address = entry * kDescriptorWords;
            for (const std::uint32_t word : descriptor.encode()) {
                words.push_back({Space::Program, 0, static_cast<std::uint32_t>(address++), word});
            }
            ++entry;
        }
    }
}

}  // namespace

std::vector<MemoryWord> pack(const QuantisedModel& model, const Layout& layout) {
    std::vector<MemoryWord> words;
    const Matrices head = matrices(model, layout.operations.back());
    for (const Operation& operation : layout.operations) {
        const Matrices m = matrices(model, operation);
        for (int group = 0; group < operation.descriptor.groups; ++group) {
            GroupPlaces places{group_places(layout.geometry, operation.group_units(group)), {}};
            if (operation.riders > 0 && group + 1 == operation.descriptor.groups) {
                places.riders =
                    group_places(layout.geometry, operation.riders, operation.first_rider_emission());
            }
            for (int lane = 0; lane < kLanes; ++lane) {
                pack_weights(words, operation, m, head, group, places, lane, layout.geometry.tiles);
                pack_rows(words, operation, m, head, group, places, lane,
                          number_format(model.activation_bits));
            }
        }
    }
    if (model.activation_bits == 16) {
        pack_table(words, tanh_table<16>());
    } else {
        pack_table(words, tanh_table<8>());
    }
    pack_programs(words, layout);
    const Descriptor& first = layout.operations.front().descriptor;
    words.push_back(
        {Space::Input, 0, 0,
         static_cast<std::uint64_t>(first.x_banks) << 16 | static_cast<std::uint64_t>(first.x_base)});
    return words;
}

std::vector<MemoryWord> pack_state(const ModelState& state, const Layout& layout) {
    std::vector<MemoryWord> words;
    const int bits = layout.geometry.activation_bits;
    std::size_t layers = 0;
    for (const Operation& operation : layout.operations) {
        layers += operation.head ? 0 : 1;
    }
    if (state.h.size() != layers || state.c.size() != layers) {
        throw Error(fmt::format("state: got h of {} and c of {} layers, expected {}", state.h.size(),
                                state.c.size(), layers));
    }
    for (const Operation& operation : layout.operations) {
        if (operation.head) {
            continue;
        }
        const auto& h = state.h[operation.layer];
        const auto& c = state.c[operation.layer];
        const auto units = static_cast<std::size_t>(operation.units);
        if (h.size() != units || c.size() != units) {
            throw Error(fmt::format("state of layer {}: got {} h and {} c values, expected {}",
                                    operation.layer, h.size(), c.size(), units));
        }
        // The initial state is step 0, so it lies in half 0 of the double buffer.
        const auto banks = pack_input(h);
        for (std::size_t bank = 0; bank < banks.size(); ++bank) {
            for (int part = 0; part < bank_parts(bits); ++part) {
                std::uint64_t data = 0;
                for (int i = 0; i < 32 / bits; ++i) {
                    const int at = 32 / bits * part + i;
                    data |= low_bits(banks[bank][static_cast<std::size_t>(at)], bits) << (bits * i);
                }
                words.push_back(
                    {Space::Bank, static_cast<std::uint8_t>(part),
                     static_cast<std::uint32_t>(operation.descriptor.h_base + static_cast<int>(bank)), data});
            }
        }
        for (int group = 0; group < operation.descriptor.groups; ++group) {
            const auto places = group_places(layout.geometry, operation.group_units(group));
            for (std::size_t u = 0; u < places.size(); ++u) {
                const auto unit = static_cast<std::size_t>(operation.first_unit(group)) + u;
                words.push_back({Space::Cell, static_cast<std::uint8_t>(places[u].port),
                                 static_cast<std::uint32_t>(operation.descriptor.cell_base +
                                                            group * operation.descriptor.emissions_full +
                                                            places[u].emission),
                                 static_cast<std::uint16_t>(c[unit])});
            }
        }
    }
    return words;
}

std::vector<std::array<std::int16_t, PartWeights::kBankWidth>> pack_input(std::span<const std::int16_t> x) {
    constexpr std::size_t kWidth = PartWeights::kBankWidth;
    std::vector<std::array<std::int16_t, kWidth>> banks((x.size() + kWidth - 1) / kWidth);
    for (auto& bank : banks) {
        bank.fill(0);
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
        banks[i / kWidth][i % kWidth] = x[i];
    }
    return banks;
}

}  // namespace lacuna
