#include "tests/golden/reference.hpp"

#include <algorithm>
#include <cmath>

namespace lacuna::reference {

namespace {

using Int = std::int64_t;

Int power_of_two(int n) {
    Int p = 1;
    for (int i = 0; i < n; ++i) {
        p *= 2;
    }
    return p;
}

Int floor_divide(Int a, Int b) {
    const Int quotient = a / b;
    return a % b != 0 && a < 0 ? quotient - 1 : quotient;
}

Int limit(Int v, int bits) {
    return std::clamp(v, -power_of_two(bits - 1), power_of_two(bits - 1) - 1);
}

std::vector<Int> make_table(const Column& column) {
    std::vector<Int> entries;
    for (int s = 0; s <= column.segments; ++s) {
        entries.push_back(table_entry(column, s));
    }
    return entries;
}

const std::vector<Int>& table(const Column& column) {
    static const std::vector<Int> of_8 = make_table(kColumn8);
    static const std::vector<Int> of_16 = make_table(kColumn16);
    return column.act == 16 ? of_16 : of_8;
}

/// The table at |x|, which has `segment` steps from entry to entry; behind the table, and for the number that
/// has no positive twin, its last value.
Int table_at(const Column& column, Int x, Int segment) {
    const Int most = power_of_two(column.pre_bits - 1) - 1;
    const Int a = std::min({std::abs(x), most, column.segments * segment - 1});
    const auto s = static_cast<std::size_t>(a / segment);
    const auto& entries = table(column);
    return entries[s] +
           floor_divide(2 * (entries[s + 1] - entries[s]) * (a % segment) + segment, 2 * segment);
}

/// The sum of one row of a part: for every column of the vector, look for a slot that keeps it.
Int row_sum(const PartWeights& part, std::size_t row, const std::vector<Int>& input) {
    Int sum = 0;
    std::size_t slot = row * part.slots;
    for (std::size_t first = 0; first < part.columns; first += 16) {
        const std::size_t real = std::min<std::size_t>(16, part.columns - first);
        const std::size_t keep = std::min<std::size_t>(real, static_cast<std::size_t>(part.k));
        for (std::size_t s = 0; s < keep; ++s, ++slot) {
            sum += Int{part.value[slot]} * input[first + part.index[slot]];
        }
    }
    return sum;
}

Int pre_activation(const Column& column, Int accumulator, const RowScale& row) {
    return limit(round_half_up(accumulator * row.mantissa, row.shift) + row.bias, column.pre_bits);
}

}  // namespace

std::int64_t round_half_up(std::int64_t v, int s) {
    return floor_divide(2 * v + power_of_two(s), power_of_two(s + 1));
}

std::int64_t table_entry(const Column& column, int s) {
    const auto x = static_cast<long double>(s) / column.segments_a_unit;
    return std::min<Int>(32767, std::llround(32768.0L * std::tanh(x)));
}

std::int64_t tanh_of(const Column& column, std::int64_t x) {
    const Int y = table_at(column, x, power_of_two(column.fraction) / column.segments_a_unit);
    return x < 0 ? -y : y;
}

std::int64_t sigmoid_of(const Column& column, std::int64_t x) {
    const Int y = table_at(column, x, 2 * power_of_two(column.fraction) / column.segments_a_unit);
    return limit(floor_divide(32768 + (x < 0 ? -y : y) + 1, 2), 16);
}

Model::Model(const QuantisedModel& model)
    : model_(model), column_(model.activation_bits == 16 ? kColumn16 : kColumn8) {
    for (const auto& layer : model.layers) {
        h.emplace_back(layer.units, 0);
        c.emplace_back(layer.units, 0);
    }
}

void Model::step_lstm(std::size_t l, const std::vector<Int>& input, const std::vector<Int>& before) {
    const RecurrentLayer& layer = model_.layers[l];
    const int n = layer.cell_fraction;
    for (std::size_t unit = 0; unit < layer.units; ++unit) {
        const auto pre = [&](std::size_t gate) {
            const std::size_t row = gate * layer.units + unit;
            const Int sum = row_sum(layer.x, row, input) * power_of_two(layer.shift_x) +
                            row_sum(layer.h, row, before) * power_of_two(layer.shift_h);
            return pre_activation(column_, sum, layer.rows[row]);
        };
        const Int i = sigmoid_of(column_, pre(0));
        const Int f = sigmoid_of(column_, pre(1));
        const Int g = tanh_of(column_, pre(2));
        const Int o = sigmoid_of(column_, pre(3));
        const Int exact = f * c[l][unit] * power_of_two(15 - n) + i * g;
        c[l][unit] = limit(round_half_up(exact, 30 - n), 16);
        const Int squashed =
            tanh_of(column_, limit(c[l][unit] * power_of_two(column_.fraction - n), column_.pre_bits));
        h[l][unit] = limit(round_half_up(o * squashed, column_.h_shift), column_.act);
    }
}

void Model::step_gru(std::size_t l, const std::vector<Int>& input, const std::vector<Int>& before) {
    const RecurrentLayer& layer = model_.layers[l];
    const std::size_t units = layer.units;
    for (std::size_t unit = 0; unit < units; ++unit) {
        // Rows of the parts: r, z, n. Scales: r, z, n_x, n_h.
        const auto x_sum = [&](std::size_t block) {
            return row_sum(layer.x, block * units + unit, input) * power_of_two(layer.shift_x);
        };
        const auto h_sum = [&](std::size_t block) {
            return row_sum(layer.h, block * units + unit, before) * power_of_two(layer.shift_h);
        };
        const Int r = sigmoid_of(column_, pre_activation(column_, x_sum(0) + h_sum(0), layer.rows[unit]));
        const Int z =
            sigmoid_of(column_, pre_activation(column_, x_sum(1) + h_sum(1), layer.rows[units + unit]));
        const Int n_x = pre_activation(column_, x_sum(2), layer.rows[2 * units + unit]);
        const Int n_h = pre_activation(column_, h_sum(2), layer.rows[3 * units + unit]);
        const Int n = tanh_of(column_, limit(n_x + round_half_up(r * n_h, 15), column_.pre_bits));
        c[l][unit] = limit(round_half_up((32768 - z) * n + z * c[l][unit], 15), 16);
        h[l][unit] = column_.act == 16 ? c[l][unit] : limit(round_half_up(c[l][unit], 8), 8);
    }
}

void Model::step(std::span<const std::int16_t> x) {
    std::vector<Int> input(x.begin(), x.end());
    for (std::size_t l = 0; l < model_.layers.size(); ++l) {
        const std::vector<Int> before = h[l];
        if (model_.cell == Cell::Gru) {
            step_gru(l, input, before);
        } else {
            step_lstm(l, input, before);
        }
        input = h[l];
    }
    logits.clear();
    if (model_.head) {
        for (std::size_t row = 0; row < model_.head->h.rows; ++row) {
            logits.push_back(
                pre_activation(column_, row_sum(model_.head->h, row, input), model_.head->rows[row]));
        }
    }
}

}  // namespace lacuna::reference
