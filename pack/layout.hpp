// Layout: where a model lies in the memories of an engine, and the programs that run it.
#pragma once

#include <string>
#include <vector>

#include "golden/quantised_model.hpp"
#include "pack/descriptor.hpp"
#include "pack/geometry.hpp"

namespace lacuna {

/// How steps follow each other.
enum class Mode {
    Score,     ///< inputs are known ahead: layers of consecutive steps are interleaved
    Generate,  ///< the next input depends on this step's output
};
const char* mode_name(Mode mode);

/// One layer (or the head) as the engine computes it.
struct Operation {
    bool head = false;
    std::size_t layer = 0;  ///< of the model; the number of layers for the head
    int units = 0;          ///< units, or rows per lane for the head
    int riders = 0;         ///< units of the head that ride in this layer's last group (Score)
    Descriptor descriptor;  ///< without skew, order and stop, which the mode decides

    /// Units of a group, 0 <= group < descriptor.groups.
    int group_units(int group) const;
    int first_unit(int group) const { return group * descriptor.units_full; }
    int first_row(int group) const { return descriptor.row_base + group * descriptor.emissions_full; }
    int first_weight(int group) const { return descriptor.weight_base + group * descriptor.slots; }
    /// First emission of the riders in the last group.
    int first_rider_emission() const { return descriptor.emissions_last; }
    /// Cycles that the operation's sweeps take at best: sum over groups of max(K, ceil(n / P)).
    /// @param riding with riders in the last group
    long sweep_cycles(int ports, bool riding = false) const;
};

/// Head row computed in a lane as unit u of the head: rows are dealt to the lanes in turn.
inline int head_row(int unit, int lane) {
    return unit * kLanes + lane;
}

struct Layout {
    Geometry geometry;
    std::vector<Operation> operations;  ///< layers bottom up, then the head
    int weight_words = 0;               ///< used per tile
    int banks = 0;                      ///< used of the activation memory
    int rows = 0;                       ///< used per port and lane
    int cells = 0;

    /// The mode's program: operations in the order of issue. Entries count from `entry(mode)`.
    std::vector<Descriptor> program(Mode mode) const;
    /// Operation of each descriptor of the program.
    std::vector<std::size_t> program_operations(Mode mode) const;
    /// Where the outputs of a step's group of the last operation leave: word by word of the output stream,
    /// counted from 0. @param final_step of a run; differs from the others where the head rides
    std::vector<Place> output_places(Mode mode, bool final_step, int group) const;
    static int entry(Mode mode) { return mode == Mode::Score ? 0 : kProgramEntries / 2; }
    /// A layout whose needs may exceed the geometry's memories.
    static Layout unchecked(const QuantisedModel& model, const Geometry& geometry);
    /// Cycles that an operation's sweeps take at best in a step of this mode.
    long sweep_cycles(Mode mode, std::size_t operation) const;
    /// Of all operations.
    long sweep_cycles(Mode mode) const;
    /// Whether the head rides in the top layer's last group in this mode, instead of taking sweeps of its
    /// own.
    bool head_rides(Mode mode) const;
};

/// Cycles per step that the sweeps of a model take at best, whether it fits or not.
long sweep_cycles_of(const QuantisedModel& model, Mode mode, const Geometry& geometry);

/// Something that an engine has a limited number of.
struct Resource {
    std::string name;
    long needed = 0;
    long available = 0;
    std::string remedy;  ///< what to change where it is too small

    bool fits() const { return needed <= available; }
};
std::vector<Resource> resources_of(const QuantisedModel& model, const Layout& layout);

/// Whether every resource of the geometry is large enough.
bool fits(const QuantisedModel& model, const Geometry& geometry);

/// The least changes, one at a time, that make a model fit: deeper memories, more tiles, fewer kept weights.
std::string what_would_fit(const QuantisedModel& model, const Geometry& geometry);

/// Lays a model out. Throws one `Error` that lists every resource of the geometry that is too small, with
/// what is needed, what there is, and the smallest geometry or compression that would fit.
Layout lay_out(const QuantisedModel& model, const Geometry& geometry);

}  // namespace lacuna
