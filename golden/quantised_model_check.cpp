// The rules of docs/model-file.md and docs/numbers.md that a quantised model must keep.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "golden/quantised_model.hpp"

namespace lacuna {

namespace {

constexpr int kMaxPartShift = 7;
constexpr int kMaxRowShift = 31;
constexpr std::size_t kMaxTokens = 256;
constexpr std::int64_t kMaxHeadRows = 65536;

/// Counts violations of one rule and remembers the first, so that a damaged tensor gives one line.
class Violations {
  public:
    void add(std::string where) {
        if (count_++ == 0) {
            first_ = std::move(where);
        }
    }
    void report(Problems& problems, const std::string& tensor, const std::string& rule) const {
        if (count_ > 0) {
            problems.add(fmt::format("{}: {} (first: {}; {} in all)", tensor, rule, first_, count_));
        }
    }

  private:
    std::size_t count_ = 0;
    std::string first_;
};

void check_range(Problems& problems, const std::string& what, std::int64_t got, std::int64_t low,
                 std::int64_t high) {
    if (got < low || got > high) {
        problems.add(fmt::format("{} is {}, expected {}..{}", what, got, low, high));
    }
}

void check_count(Problems& problems, const std::string& what, std::size_t got, std::size_t expected) {
    if (got != expected) {
        problems.add(fmt::format("{}: got {}, expected {}", what, got, expected));
    }
}

void check_indices(Problems& problems, const std::string& name, const PartWeights& part) {
    Violations order;
    Violations range;
    for (std::size_t row = 0; row < part.rows; ++row) {
        for (std::size_t bank = 0; bank < part.banks(); ++bank) {
            const auto* index = &part.index[row * part.slots + part.slot_offset(bank)];
            for (std::size_t slot = 0; slot < part.kept(bank); ++slot) {
                if (index[slot] >= part.real_columns(bank)) {
                    range.add(fmt::format("row {}, bank {}, slot {} has column {} of {}", row, bank, slot,
                                          index[slot], part.real_columns(bank)));
                }
                if (slot > 0 && index[slot] <= index[slot - 1]) {
                    order.add(fmt::format("row {}, bank {}, slot {} has column {} after {}", row, bank, slot,
                                          index[slot], index[slot - 1]));
                }
            }
        }
    }
    range.report(problems, name + ".index", "column beyond the bank's real columns");
    order.report(problems, name + ".index", "columns must ascend inside a bank");
}

bool complete(const PartWeights& part) {
    return part.value.size() == part.rows * part.slots && part.index.size() == part.rows * part.slots;
}

void check_part_shape(Problems& problems, const std::string& name, const PartWeights& part, std::size_t rows,
                      std::size_t columns) {
    check_range(problems, name + ": k", part.k, 1, PartWeights::kBankWidth);
    if (part.rows != rows || part.columns != columns) {
        problems.add(fmt::format("{}: shape is [{}, {}], expected [{}, {}]", name, part.rows, part.columns,
                                 rows, columns));
    } else if (part.k >= 1) {
        check_count(problems, name + ": slots", part.slots, slots_per_row(columns, part.k));
    }
}

void check_part_sizes(Problems& problems, const std::string& name, const PartWeights& part) {
    check_count(problems, name + ".value", part.value.size(), part.rows * part.slots);
    check_count(problems, name + ".index", part.index.size(), part.rows * part.slots);
}

void check_part_values(Problems& problems, const std::string& name, const PartWeights& part) {
    if (!complete(part)) {
        return;
    }
    Violations lowest;
    for (std::size_t i = 0; i < part.value.size(); ++i) {
        if (part.value[i] == -128) {
            lowest.add(fmt::format("row {}, slot {}", i / part.slots, i % part.slots));
        }
    }
    lowest.report(problems, name + ".value", "weight -128, expected -127..127");
    check_indices(problems, name, part);
}

void check_row_values(Problems& problems, const std::string& name, const std::vector<RowScale>& rows,
                      const NumberFormat& format) {
    Violations mantissa;
    Violations shift;
    Violations bias;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        if (rows[row].mantissa != 0 &&
            (rows[row].mantissa < format.min_mantissa() || rows[row].mantissa > format.max_mantissa())) {
            mantissa.add(fmt::format("row {} has {}", row, rows[row].mantissa));
        }
        if (rows[row].shift > kMaxRowShift) {
            shift.add(fmt::format("row {} has {}", row, rows[row].shift));
        }
        if (rows[row].bias < format.min_gate() || rows[row].bias > format.max_gate()) {
            bias.add(fmt::format("row {} has {}", row, rows[row].bias));
        }
    }
    mantissa.report(problems, name + ".mantissa",
                    fmt::format("expected 0 or {}..{}", format.min_mantissa(), format.max_mantissa()));
    shift.report(problems, name + ".shift", "expected 0..31");
    bias.report(problems, name + ".bias",
                fmt::format("expected {}..{}", format.min_gate(), format.max_gate()));
}

void check_layer_description(Problems& problems, const std::string& name, Cell cell,
                             const NumberFormat& format, const RecurrentLayer& layer) {
    if (layer.inputs == 0 || layer.units == 0) {
        problems.add(fmt::format("{}: {} inputs and {} units, expected at least 1 of each", name,
                                 layer.inputs, layer.units));
        return;
    }
    check_part_shape(problems, name + ".x", layer.x, part_blocks(cell) * layer.units, layer.inputs);
    check_part_shape(problems, name + ".h", layer.h, part_blocks(cell) * layer.units, layer.units);
    check_range(problems, name + ": shift_x", layer.shift_x, 0, kMaxPartShift);
    check_range(problems, name + ": shift_h", layer.shift_h, 0, kMaxPartShift);
    if (layer.shift_x != 0 && layer.shift_h != 0) {
        problems.add(fmt::format("{}: part shifts are {} and {}, expected at least one of them 0", name,
                                 layer.shift_x, layer.shift_h));
    }
    if (cell == Cell::Lstm) {
        check_range(problems, name + ": cell_fraction", layer.cell_fraction, NumberFormat::kMinCellFraction,
                    format.max_cell_fraction);
    } else if (layer.cell_fraction != kGruStateFraction) {
        problems.add(fmt::format("{}: cell_fraction is {}, expected {} for the state of a GRU", name,
                                 layer.cell_fraction, kGruStateFraction));
    }
}

void check_vocabulary(Problems& problems, const QuantisedModel& model) {
    if (!model.language) {
        if (!model.vocab.empty()) {
            problems.add(fmt::format("a model of kind {} has a vocabulary, expected none", model.kind()));
        }
        return;
    }
    check_range(problems, "vocab: number of tokens", static_cast<std::int64_t>(model.vocab.size()), 1,
                kMaxTokens);
    auto sorted = model.vocab;
    std::ranges::sort(sorted);
    const auto twice = std::ranges::adjacent_find(sorted);
    if (twice != sorted.end()) {
        problems.add(fmt::format("vocab: byte {} occurs more than once", *twice));
    }
    if (!model.head) {
        problems.add(fmt::format("a model of kind {} needs a head", model.kind()));
    } else if (model.head->h.rows != model.vocab.size()) {
        problems.add(fmt::format("head: {} rows, expected one for each of the {} tokens", model.head->h.rows,
                                 model.vocab.size()));
    }
}

/// True when every weight that the shapes promise is there.
bool complete(const QuantisedModel& model) {
    return std::ranges::all_of(model.layers,
                               [](const RecurrentLayer& l) { return complete(l.x) && complete(l.h); }) &&
           (!model.head || complete(model.head->h));
}

}  // namespace

void QuantisedModel::check_description(Problems& problems) const {
    if (!NumberFormat::supports(activation_bits)) {
        problems.add(fmt::format("activations have {} bits, expected 8 or 16", activation_bits));
    }
    const NumberFormat format = number_format(activation_bits);
    if (name.empty()) {
        problems.add("the model has no name");
    }
    if (!(std::isfinite(input_scale) && input_scale > 0)) {
        problems.add(fmt::format("input scale is {}, expected a finite number greater than 0", input_scale));
    }
    if (layers.empty()) {
        problems.add("the model has no layers, expected at least one");
    }
    for (std::size_t l = 0; l < layers.size(); ++l) {
        check_layer_description(problems, fmt::format("l.{}", l), cell, format, layers[l]);
        if (l > 0 && layers[l].inputs != layers[l - 1].units) {
            problems.add(fmt::format("l.{}: {} inputs, expected the {} units of the layer below", l,
                                     layers[l].inputs, layers[l - 1].units));
        }
    }
    if (head && !layers.empty()) {
        check_range(problems, "head: rows", static_cast<std::int64_t>(head->h.rows), 1, kMaxHeadRows);
        check_part_shape(problems, "head", head->h, head->h.rows, layers.back().units);
        check_range(problems, "head: fraction", head->fraction, 0, format.max_head_fraction());
    }
    check_vocabulary(problems, *this);
    if (!nlohmann::json::accept(history) || !nlohmann::json::parse(history).is_object()) {
        problems.add("history is not a JSON object");
    }
}

void QuantisedModel::check_values(Problems& problems) const {
    const NumberFormat format = number_format(activation_bits);
    for (std::size_t l = 0; l < layers.size(); ++l) {
        const std::string layer = fmt::format("l.{}", l);
        check_part_values(problems, layer + ".x", layers[l].x);
        check_part_values(problems, layer + ".h", layers[l].h);
        check_row_values(problems, layer, layers[l].rows, format);
    }
    if (head) {
        check_part_values(problems, "head", head->h);
        check_row_values(problems, "head", head->rows, format);
    }
    Violations input;
    for (std::size_t i = 0; i < embedding.size(); ++i) {
        if (embedding[i] < format.min_activation() || embedding[i] > format.max_activation()) {
            input.add(fmt::format("value {} is {}", i, embedding[i]));
        }
    }
    input.report(problems, "embedding",
                 fmt::format("expected {}..{}", format.min_activation(), format.max_activation()));
    if (complete(*this) && accumulator_bits() > format.max_accumulator_bits) {
        problems.add(fmt::format("the largest row needs an accumulator of {} bits, expected at most {}",
                                 accumulator_bits(), format.max_accumulator_bits));
    }
}

void QuantisedModel::validate() const {
    Problems problems(fmt::format("model '{}'", name));
    check_description(problems);
    if (problems.empty()) {
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const std::string layer = fmt::format("l.{}", l);
            check_part_sizes(problems, layer + ".x", layers[l].x);
            check_part_sizes(problems, layer + ".h", layers[l].h);
            check_count(problems, layer + ": row scales", layers[l].rows.size(), kGates * layers[l].units);
        }
        if (head) {
            check_part_sizes(problems, "head", head->h);
            check_count(problems, "head: row scales", head->rows.size(), head->h.rows);
        }
        check_count(problems, "embedding", embedding.size(), vocab.size() * input_size());
        check_values(problems);
    }
    problems.throw_if_any("Quantise the model again, or fetch its file again.");
}

}  // namespace lacuna
