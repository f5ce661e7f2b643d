#include "golden/random_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace lacuna {

namespace {

constexpr int kBanksColumns = static_cast<int>(PartWeights::kBankWidth);

/// `list` may hold one entry for all layers.
int entry(const std::vector<int>& list, std::size_t layer) {
    return list.size() == 1 ? list[0] : list[layer];
}

void check_options(const RandomModelOptions& options) {
    Problems problems("options of a random model");
    const std::size_t layers = options.units.size();
    const auto check_k = [&](const char* name, const std::vector<int>& list) {
        if (list.size() != 1 && list.size() != layers) {
            problems.add(fmt::format("{} has {} entries, expected 1 or {}", name, list.size(), layers));
        }
        for (const int k : list) {
            if (k < 1 || k > kBanksColumns) {
                problems.add(fmt::format("{} is {}, expected 1..16", name, k));
            }
        }
    };
    check_k("k_x", options.k_x);
    check_k("k_h", options.k_h);
    if (options.head_rows > 0) {
        check_k("head_k", {options.head_k});
    }
    if (options.inputs == 0 || layers == 0 || std::ranges::count(options.units, std::size_t{0}) > 0) {
        problems.add("inputs, layers and units must be at least 1");
    }
    if (options.vocabulary && (options.head_rows == 0 || options.head_rows > 256)) {
        problems.add(fmt::format("a vocabulary needs 1..256 head rows, got {}", options.head_rows));
    }
    const int widest = number_format(options.activation_bits).max_accumulator_bits;
    if (options.accumulator_bits < 16 || options.accumulator_bits > widest) {
        problems.add(
            fmt::format("accumulator_bits is {}, expected 16..{}", options.accumulator_bits, widest));
    }
    if (!NumberFormat::supports(options.activation_bits)) {
        problems.add(fmt::format("activation_bits is {}, expected 8 or 16", options.activation_bits));
    }
    problems.throw_if_any();
}

/// The kinds of rows that find mistakes.
enum class RowStyle { Ordinary, Small, Extreme, OneSided, Zero };

RowStyle pick_style(SplitMix64& prng, bool corners) {
    if (!corners) {
        return RowStyle::Ordinary;
    }
    switch (prng.between(0, 15)) {
        case 0:
            return RowStyle::Extreme;
        case 1:
            return RowStyle::OneSided;
        case 2:
            return RowStyle::Zero;
        case 3:
        case 4:
            return RowStyle::Small;
        default:
            return RowStyle::Ordinary;
    }
}

std::int8_t random_weight(SplitMix64& prng, RowStyle style) {
    switch (style) {
        case RowStyle::Small:
            return static_cast<std::int8_t>(prng.between(-3, 3));
        case RowStyle::Extreme:
            return static_cast<std::int8_t>(prng.one_in(2) ? 127 : -127);
        case RowStyle::OneSided:
            return 127;
        case RowStyle::Zero:
            return 0;
        case RowStyle::Ordinary:
            break;
    }
    return static_cast<std::int8_t>(prng.between(-127, 127));
}

/// A random ascending choice of `index.size()` out of `real_columns` columns.
void random_columns(SplitMix64& prng, std::span<std::uint8_t> index, std::size_t real_columns) {
    std::size_t slot = 0;
    for (std::size_t column = 0; slot < index.size(); ++column) {
        const auto left = static_cast<std::int64_t>(real_columns - column);
        const auto wanted = static_cast<std::int64_t>(index.size() - slot);
        if (prng.between(1, left) <= wanted) {
            index[slot++] = static_cast<std::uint8_t>(column);
        }
    }
}

std::int64_t fill_row(SplitMix64& prng, PartWeights& part, std::size_t row, RowStyle style) {
    std::int64_t sum = 0;
    for (std::size_t bank = 0; bank < part.banks(); ++bank) {
        const std::size_t first = row * part.slots + part.slot_offset(bank);
        random_columns(prng, std::span(part.index).subspan(first, part.kept(bank)), part.real_columns(bank));
        for (std::size_t slot = 0; slot < part.kept(bank); ++slot) {
            part.value[first + slot] = random_weight(prng, style);
            sum += std::abs(int{part.value[first + slot]});
        }
    }
    return sum;
}

/// Halves the weights of one row until its worst case fits the accumulator. Returns sum |v|.
std::int64_t thin_out(PartWeights& part, std::size_t row, std::int64_t sum, std::int64_t limit) {
    while (sum > limit) {
        sum = 0;
        for (std::size_t slot = 0; slot < part.slots; ++slot) {
            auto& v = part.value[row * part.slots + slot];
            v = static_cast<std::int8_t>(v / 2);
            sum += std::abs(int{v});
        }
    }
    return sum;
}

/// A scale under which a typical accumulator (random signs: about 40 * sum / sqrt(slots)) becomes `typical`
/// steps.
RowScale random_scale(SplitMix64& prng, std::int64_t sum, const NumberFormat& format, bool corners) {
    RowScale scale;
    const std::int64_t bias = std::int64_t{6000} << (format.gate_fraction - 12);
    scale.bias = static_cast<std::int32_t>(prng.between(-bias, bias));
    if (corners && prng.one_in(20)) {
        scale.bias = prng.one_in(2) ? format.max_gate() : format.min_gate();
    }
    if (corners && prng.one_in(16)) {
        scale.shift = static_cast<std::uint8_t>(prng.between(0, 31));
        return scale;  // mantissa 0
    }
    scale.mantissa = static_cast<std::int16_t>(prng.between(format.min_mantissa(), format.max_mantissa()));
    if (corners && prng.one_in(16)) {
        scale.mantissa =
            static_cast<std::int16_t>(prng.one_in(2) ? format.min_mantissa() : format.max_mantissa());
    }
    // Worst case, with every activation the largest, to about 4 times the range of a pre-activation, give or
    // take two bits.
    int bits = 0;
    while (((std::int64_t{format.max_activation()} + 1) * sum) >> bits > 0) {
        ++bits;
    }
    const std::int64_t shift = bits + format.mantissa_bits - 1 - (format.gate_bits + 1) + prng.between(-2, 2);
    scale.shift = static_cast<std::uint8_t>(std::clamp<std::int64_t>(shift, 0, 31));
    if (corners && prng.one_in(24)) {
        scale.shift = static_cast<std::uint8_t>(prng.between(0, 31));
    }
    return scale;
}

/// Largest sum |v << shift| that the accumulator allows.
std::int64_t largest_sum(const RandomModelOptions& options) {
    return ((std::int64_t{1} << (options.accumulator_bits - 1)) - 1) >> (options.activation_bits - 1);
}

RecurrentLayer random_layer(SplitMix64& prng, const RandomModelOptions& options, std::size_t index) {
    const std::int64_t limit = largest_sum(options);
    const NumberFormat format = number_format(options.activation_bits);
    RecurrentLayer layer;
    layer.inputs = index == 0 ? options.inputs : options.units[index - 1];
    layer.units = options.units[index];
    const std::size_t rows = part_blocks(options.cell) * layer.units;
    layer.x = PartWeights(rows, layer.inputs, entry(options.k_x, index));
    layer.h = PartWeights(rows, layer.units, entry(options.k_h, index));
    layer.cell_fraction =
        options.cell == Cell::Gru
            ? kGruStateFraction
            : static_cast<int>(prng.between(NumberFormat::kMinCellFraction, format.max_cell_fraction));
    if (options.part_shifts) {
        (prng.one_in(2) ? layer.shift_x : layer.shift_h) = static_cast<int>(prng.between(0, 7));
    }
    // Halves of the accumulator's range; a row that is not there sums nothing.
    const auto fill = [&](PartWeights& part, std::optional<std::size_t> block, std::size_t unit,
                          RowStyle style, int shift) -> std::int64_t {
        if (!block) {
            return 0;
        }
        const std::size_t row = *block * layer.units + unit;
        const std::int64_t sum = fill_row(prng, part, row, style);
        return thin_out(part, row, sum, (limit / 2) >> shift) << shift;
    };
    for (std::size_t gate = 0; gate < kGates; ++gate) {
        for (std::size_t unit = 0; unit < layer.units; ++unit) {
            const RowStyle style = pick_style(prng, options.corners);
            const std::int64_t x = fill(layer.x, x_block(options.cell, gate), unit, style, layer.shift_x);
            const std::int64_t h = fill(layer.h, h_block(options.cell, gate), unit, style, layer.shift_h);
            layer.rows.push_back(random_scale(prng, x + h, format, options.corners));
        }
    }
    return layer;
}

Head random_head(SplitMix64& prng, const RandomModelOptions& options) {
    const std::int64_t limit = largest_sum(options);
    const NumberFormat format = number_format(options.activation_bits);
    Head head;
    head.h = PartWeights(options.head_rows, options.units.back(), options.head_k);
    head.fraction = static_cast<int>(prng.between(0, format.max_head_fraction()));
    for (std::size_t row = 0; row < options.head_rows; ++row) {
        const std::int64_t sum = fill_row(prng, head.h, row, pick_style(prng, options.corners));
        head.rows.push_back(random_scale(prng, thin_out(head.h, row, sum, limit), format, options.corners));
    }
    return head;
}

}  // namespace

QuantisedModel random_model(const RandomModelOptions& options) {
    check_options(options);
    SplitMix64 prng(options.seed);
    QuantisedModel model;
    model.name = fmt::format("random-{}", options.seed);
    model.input_scale = 1.0 / 64;
    model.cell = options.cell;
    model.activation_bits = options.activation_bits;
    model.language = options.vocabulary;
    for (std::size_t l = 0; l < options.units.size(); ++l) {
        model.layers.push_back(random_layer(prng, options, l));
    }
    if (options.head_rows > 0) {
        model.head = random_head(prng, options);
    }
    if (options.vocabulary) {
        const std::size_t first = options.head_rows <= 224 ? 32 : 0;  // printable where they fit
        for (std::size_t token = 0; token < options.head_rows; ++token) {
            model.vocab.push_back(static_cast<std::uint8_t>(first + token));
            const auto x = random_input(prng, options.inputs, options.corners && prng.one_in(8),
                                        options.activation_bits);
            model.embedding.insert(model.embedding.end(), x.begin(), x.end());
        }
    }
    model.validate();
    return model;
}

RandomModelOptions random_options(std::uint64_t seed, std::size_t max_layers, std::size_t max_units) {
    SplitMix64 prng(seed ^ 0xB5297A4D3F84C2E1U);
    const auto size = [&](std::size_t limit) {
        return static_cast<std::size_t>(prng.between(1, static_cast<std::int64_t>(limit)));
    };
    RandomModelOptions options;
    options.seed = seed;
    options.inputs = size(max_units);
    const std::size_t layers = size(max_layers);
    options.units.clear();
    options.k_x.clear();
    options.k_h.clear();
    for (std::size_t l = 0; l < layers; ++l) {
        options.units.push_back(size(max_units));
        options.k_x.push_back(static_cast<int>(prng.between(1, kBanksColumns)));
        options.k_h.push_back(static_cast<int>(prng.between(1, kBanksColumns)));
    }
    options.head_rows = prng.one_in(3) ? 0 : size(std::min<std::size_t>(max_units, 256));
    options.head_k = static_cast<int>(prng.between(1, kBanksColumns));
    options.vocabulary = options.head_rows > 0 && prng.one_in(2);
    return options;
}

std::vector<std::int16_t> random_input(SplitMix64& prng, std::size_t size, bool extreme,
                                       int activation_bits) {
    const NumberFormat format = number_format(activation_bits);
    const std::array<std::int64_t, 5> extremes = {format.min_activation(), -1, 0, 1, format.max_activation()};
    std::vector<std::int16_t> x(size);
    for (auto& value : x) {
        value = static_cast<std::int16_t>(
            extreme ? extremes[static_cast<std::size_t>(prng.between(0, 4))]
                    : prng.between(format.min_activation(), format.max_activation()));
    }
    return x;
}

ModelState random_state(SplitMix64& prng, const QuantisedModel& model) {
    ModelState state;
    for (const auto& layer : model.layers) {
        state.h.push_back(random_input(prng, layer.units, prng.one_in(4), model.activation_bits));
        auto& c = state.c.emplace_back(layer.units);
        for (auto& value : c) {
            value = static_cast<std::int16_t>(prng.between(-32768, 32767));
        }
    }
    return state;
}

}  // namespace lacuna
