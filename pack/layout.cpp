#include "pack/layout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "golden/blank_model.hpp"

namespace lacuna {
namespace {

constexpr int kMaxLayers = kProgramEntries / 2 - 1;
constexpr int kMaxUnits = 4096;  // lacuna_pkg::UnitW

/// Splits `units` into groups. Full groups first, the rest last, so that the last group drains fast; when the
/// drain ports bound the sweep, equal groups, since then every unit costs.
void set_groups(Descriptor& descriptor, const Geometry& geometry, int units) {
    const int most = geometry.units_per_group();
    descriptor.groups = (units + most - 1) / most;
    descriptor.units_full = std::min(units, most);
    if (descriptor.slots < group_emissions(geometry, descriptor.units_full)) {
        descriptor.units_full = (units + descriptor.groups - 1) / descriptor.groups;
    }
    descriptor.units_last = units - (descriptor.groups - 1) * descriptor.units_full;
    descriptor.emissions_full = group_emissions(geometry, descriptor.units_full);
    descriptor.emissions_last = group_emissions(geometry, descriptor.units_last);
}

int banks_of(std::size_t columns) {
    return static_cast<int>((columns + PartWeights::kBankWidth - 1) / PartWeights::kBankWidth);
}

int last_kept(const PartWeights& part) {
    return static_cast<int>(part.kept(part.banks() - 1));
}

/// Units of the head that can ride in the free places of the top layer's last group (docs/engine.md): all or
/// none. The head of step t reads h of step t, which the top layer itself sweeps as its h part of step t + 1.
int riders(const QuantisedModel& model, const Geometry& geometry, const Descriptor& top) {
    if (!model.head || model.head->h.k > model.layers.back().h.k || model.layers.back().shift_h != 0) {
        return 0;
    }
    const int units = static_cast<int>((model.head->h.rows + kLanes - 1) / kLanes);
    if (units > places_left(geometry, top.emissions_last)) {
        return 0;
    }
    return units;
}

/// Places that the next operation takes in each memory.
struct Cursor {
    int weights = 0;
    int banks = 0;
    int rows = 0;
    int cells = 0;
};

Operation recurrent_operation(const QuantisedModel& model, std::size_t index, const Geometry& geometry,
                              int x_base, Cursor& cursor) {
    const RecurrentLayer& layer = model.layers[index];
    Operation operation;
    operation.layer = index;
    operation.units = static_cast<int>(layer.units);
    Descriptor& d = operation.descriptor;
    d.reads_input = index == 0;
    d.emit = !model.head && index + 1 == model.layers.size();
    d.shift_x = layer.shift_x;
    d.shift_h = layer.shift_h;
    d.gru = model.cell == Cell::Gru;
    // The argument of a GRU's tanh has the fraction of a pre-activation already.
    d.cell_fraction = d.gru ? number_format(model.activation_bits).gate_fraction : layer.cell_fraction;
    d.x_base = x_base;
    d.x_banks = banks_of(layer.inputs);
    d.h_base = cursor.banks;
    d.h_banks = banks_of(layer.units);
    d.k_x = layer.x.k;
    d.k_x_last = last_kept(layer.x);
    d.k_h = layer.h.k;
    d.k_h_last = last_kept(layer.h);
    d.weight_base = cursor.weights;
    d.x_slots = static_cast<int>(layer.x.slots);
    d.slots = static_cast<int>(layer.x.slots + layer.h.slots);
    set_groups(d, geometry, operation.units);
    d.row_base = cursor.rows;
    d.cell_base = cursor.cells;
    const int rows = (d.groups - 1) * d.emissions_full + d.emissions_last;
    if (index + 1 == model.layers.size()) {
        operation.riders = riders(model, geometry, d);
    }
    cursor.weights += d.groups * d.slots;
    cursor.banks += 2 * d.h_banks;
    cursor.rows += rows;
    if (operation.riders > 0) {
        cursor.rows += group_places(geometry, operation.riders, d.emissions_last).front().emission + 1 -
                       d.emissions_last;
    }
    cursor.cells += rows;
    return operation;
}

Operation head_operation(const QuantisedModel& model, const Geometry& geometry, const Operation& top,
                         Cursor& cursor) {
    const PartWeights& part = model.head->h;
    Operation operation;
    operation.head = true;
    operation.layer = model.layers.size();
    operation.units = static_cast<int>((part.rows + kLanes - 1) / kLanes);
    Descriptor& d = operation.descriptor;
    d.linear = true;
    d.emit = true;
    d.x_base = top.descriptor.h_base;
    d.x_banks = top.descriptor.h_banks;
    d.k_x = part.k;
    d.k_x_last = last_kept(part);
    d.weight_base = cursor.weights;
    d.x_slots = static_cast<int>(part.slots);
    d.slots = d.x_slots;
    set_groups(d, geometry, operation.units);
    d.row_base = cursor.rows;
    cursor.weights += d.groups * d.slots;
    cursor.rows += (d.groups - 1) * d.emissions_full + d.emissions_last;
    return operation;
}

}  // namespace

const char* mode_name(Mode mode) {
    return mode == Mode::Score ? "score" : "generate";
}

int Operation::group_units(int group) const {
    return group + 1 == descriptor.groups ? descriptor.units_last : descriptor.units_full;
}

long Operation::sweep_cycles(int ports, bool riding) const {
    const auto emissions = [&](int count) { return (count + ports - 1) / ports; };
    long cycles = 0;
    for (int group = 0; group < descriptor.groups; ++group) {
        const bool carries = riding && group + 1 == descriptor.groups;
        cycles +=
            std::max(descriptor.slots, emissions(group_units(group)) + (carries ? emissions(riders) : 0));
    }
    return cycles;
}

std::vector<Place> Layout::output_places(Mode mode, bool final_step, int group) const {
    const Operation& last = operations.back();
    if (!head_rides(mode) || final_step) {
        return group_places(geometry, last.group_units(group));
    }
    const Operation& top = operations[operations.size() - 2];
    auto places = group_places(geometry, top.riders, top.first_rider_emission());
    for (Place& place : places) {
        place.emission -= top.first_rider_emission();
    }
    return places;
}

bool Layout::head_rides(Mode mode) const {
    return mode == Mode::Score && operations.size() > 1 && operations[operations.size() - 2].riders > 0;
}

long Layout::sweep_cycles(Mode mode, std::size_t operation) const {
    const bool riding = head_rides(mode);
    return riding && operations[operation].head ? 0
                                                : operations[operation].sweep_cycles(geometry.ports, riding);
}

long Layout::sweep_cycles(Mode mode) const {
    long cycles = 0;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        cycles += sweep_cycles(mode, i);
    }
    return cycles;
}

std::vector<std::size_t> Layout::program_operations(Mode) const {
    std::vector<std::size_t> order(operations.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    return order;
}

std::vector<Descriptor> Layout::program(Mode mode) const {
    std::vector<Descriptor> program;
    for (const std::size_t index : program_operations(mode)) {
        Descriptor d = operations[index].descriptor;
        // Banks oldest first. Score: layer l works l steps behind the input, so its x (h of the layer below)
        // is older than its own h. Generate: x is what has just been computed, or not yet.
        d.skew = mode == Mode::Score ? static_cast<int>(index) : 0;
        d.h_first = mode == Mode::Generate && d.h_banks > 0;
        if (head_rides(mode) && operations[index].head) {
            d.final_only = true;
            d.skew = program.back().skew;
        } else if (head_rides(mode) && operations[index].riders > 0) {
            d.rider_units = operations[index].riders;
            d.rider_emissions = output_places(mode, false, 0).front().emission + 1;
            d.emissions_last += d.rider_emissions;
        }
        program.push_back(d);
    }
    program.back().stop = true;
    program.back().skew_max = program.back().skew;
    return program;
}

Layout Layout::unchecked(const QuantisedModel& model, const Geometry& geometry) {
    Layout layout;
    layout.geometry = geometry;
    Cursor cursor;
    cursor.banks = 2 * banks_of(model.input_size());
    int x_base = 0;
    for (std::size_t index = 0; index < model.layers.size(); ++index) {
        layout.operations.push_back(recurrent_operation(model, index, geometry, x_base, cursor));
        x_base = layout.operations.back().descriptor.h_base;
    }
    if (model.head) {
        const Operation top = layout.operations.back();
        layout.operations.push_back(head_operation(model, geometry, top, cursor));
    }
    layout.weight_words = cursor.weights;
    layout.banks = cursor.banks;
    layout.rows = cursor.rows;
    layout.cells = cursor.cells;
    return layout;
}

std::vector<Resource> resources_of(const QuantisedModel& model, const Layout& layout) {
    const Geometry& g = layout.geometry;
    int units = 0;
    for (const Operation& operation : layout.operations) {
        units = std::max(units, operation.units);
    }
    std::vector<Resource> resources = {
        {"weight words per tile", layout.weight_words, g.weight_depth, "build with deeper weight memories"},
        {"banks of activations", layout.banks, g.bank_depth, "build with more banks, or use fewer units"},
        {"row scales per port and lane", layout.rows, g.row_depth,
         "build with more rows, or use fewer units"},
        {"units in a layer (rows per lane in a head)", units, kMaxUnits, "split the layer"},
        {"layers", static_cast<long>(model.layers.size()), kMaxLayers, "use fewer layers"},
    };
    const int accumulator = model.accumulator_bits();
    if (accumulator > 1) {  // 1: a shape without weights, which decide the sums
        resources.push_back({"accumulator bits", accumulator, g.accumulator_bits,
                             "build with a wider accumulator, or use smaller part shifts"});
    }
    return resources;
}

std::string what_would_fit(const QuantisedModel& model, const Geometry& geometry) {
    std::vector<std::string> ways;
    Geometry same = geometry;
    same.activation_bits = model.activation_bits;
    same.accumulator_bits =
        std::min(geometry.accumulator_bits, number_format(model.activation_bits).max_accumulator_bits);
    Geometry deeper = same;
    const Layout needed = Layout::unchecked(model, geometry);
    deeper.weight_depth = std::max(geometry.weight_depth, needed.weight_words);
    deeper.bank_depth = std::max(geometry.bank_depth, needed.banks);
    deeper.row_depth = std::max(geometry.row_depth, needed.rows);
    deeper.accumulator_bits = std::max(same.accumulator_bits, model.accumulator_bits());
    if (deeper.within_limits() && fits(model, deeper)) {
        ways.push_back(deeper.to_string());
    }
    Geometry wider = same;
    while (wider.tiles < kMaxTiles) {
        ++wider.tiles;
        if (wider.within_limits() && fits(model, wider)) {
            ways.push_back(wider.to_string());
            break;
        }
    }
    ModelShape shape = shape_of(model);
    for (int k = shape.largest_k() / 2; k >= 1; k /= 2) {
        shape.limit_k(k);
        if (fits(blank_model(shape), geometry)) {
            ways.push_back(fmt::format(
                "this engine with at most k = {} of 16 weights kept ('lacuna prune --k {}')", k, k));
            break;
        }
    }
    if (ways.empty()) {
        return "no geometry that the engine can be built with would fit this model: split its layers";
    }
    return fmt::format("it would fit: {}", fmt::join(ways, "; or "));
}

Layout lay_out(const QuantisedModel& model, const Geometry& geometry) {
    Layout layout = Layout::unchecked(model, geometry);
    Problems problems(
        fmt::format("model '{}' does not fit the engine ({})", model.name, geometry.to_string()));
    if (model.activation_bits != geometry.activation_bits) {
        problems.add(
            fmt::format("activations: {} bits in the model, {} in the engine; build the engine with ACT={}, "
                        "or quantise the "
                        "model for {} bits ('lacuna quantise --act {}')",
                        model.activation_bits, geometry.activation_bits, model.activation_bits,
                        geometry.activation_bits, geometry.activation_bits));
    }
    for (const Resource& r : resources_of(model, layout)) {
        if (!r.fits()) {
            problems.add(
                fmt::format("{}: {} needed, {} available; {}", r.name, r.needed, r.available, r.remedy));
        }
    }
    if (!problems.empty()) {
        problems.throw_if_any(what_would_fit(model, geometry));
    }
    return layout;
}

long sweep_cycles_of(const QuantisedModel& model, Mode mode, const Geometry& geometry) {
    return Layout::unchecked(model, geometry).sweep_cycles(mode);
}

bool fits(const QuantisedModel& model, const Geometry& geometry) {
    return model.activation_bits == geometry.activation_bits &&
           std::ranges::all_of(resources_of(model, Layout::unchecked(model, geometry)), &Resource::fits);
}

}  // namespace lacuna
