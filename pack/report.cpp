#include "pack/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pack/device.hpp"

namespace lacuna {
namespace {

std::string operation_name(const Operation& operation) {
    return operation.head ? "head" : fmt::format("layer {}", operation.layer);
}

}  // namespace

std::string cycle_table(const Layout& layout, Mode mode, const RunStatistics& run) {
    const auto steps = static_cast<double>(run.steady_steps > 0 ? run.steady_steps : run.steps);
    std::string table = fmt::format("{:<22}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}\n", "cycles per step",
                                    "least", "sweeps", "waiting", "gates", "output", "other", "all");
    OperationCycles sum;
    const auto row = [&](const std::string& name, double least, const OperationCycles& c) {
        const auto per_step = [&](std::uint64_t cycles) { return static_cast<double>(cycles) / steps; };
        table += fmt::format("{:<22}{:>10.1f}{:>10.1f}{:>10.1f}{:>10.1f}{:>10.1f}{:>10.1f}{:>10.1f}\n", name,
                             least, per_step(c.sweep), per_step(c.wait_bank), per_step(c.wait_port),
                             per_step(c.wait_output), per_step(c.other), per_step(c.all()));
        sum += c;
    };
    for (std::size_t i = 0; i < layout.operations.size(); ++i) {
        const Operation& operation = layout.operations[i];
        row(fmt::format("{} ({} x K={})", operation_name(operation), operation.descriptor.groups,
                        operation.descriptor.slots),
            static_cast<double>(layout.sweep_cycles(mode, i)), run.operations[i]);
    }
    const OperationCycles all = sum;
    row("step", static_cast<double>(layout.sweep_cycles(mode)), all);
    return table;
}

std::string figure_table(const Figures& f, const Layout& layout, double clock_mhz) {
    std::string table;
    table += fmt::format("weights kept           {} of {} ({:.2f}x fewer)\n", f.slots, f.dense_weights,
                         static_cast<double>(f.dense_weights) / static_cast<double>(f.slots));
    table += fmt::format("cycles per step        {:.1f}   (least possible {}: sweep_eff {:.4f})\n",
                         f.cycles_per_step, f.sweep_cycles, f.sweep_eff);
    table += fmt::format("PEs at work            {:.4f}  of {} PEs, kept weights only\n", f.pe_util,
                         f.geometry.pes());
    table += fmt::format("the same model dense   {:.1f} cycles per step: {:.2f}x slower\n", f.dense_cycles,
                         f.speedup);
    table += fmt::format(
        "at {:g} MHz            {:.2f} us per step, {:.1f} GOPS sparse, {:.1f} GOPS effective\n", clock_mhz,
        f.microseconds(clock_mhz), f.gops_sparse(clock_mhz), f.gops_effective(clock_mhz));
    table += fmt::format("memory                 {} weight words per tile", layout.weight_words);
    table += fmt::format(", {} block RAMs in all", block_rams(layout));
    for (const FpgaDevice& device : devices()) {
        if (device.geometry.tiles == f.geometry.tiles) {
            table += fmt::format(" ({} has {})", device.name, device.block_rams);
        }
    }
    return table + "\n";
}

std::string summary_line(const std::string& what, const Figures& f) {
    return fmt::format(
        "{} mode={} tiles={} steps={} mismatches={} cycles/step={:.1f} sweep_eff={:.4f} pe_util={:.4f} "
        "speedup={:.2f}",
        what, mode_name(f.mode), f.geometry.tiles, f.steps, f.mismatches, f.cycles_per_step, f.sweep_eff,
        f.pe_util, f.speedup);
}

std::string resource_table(const QuantisedModel& model, const Layout& layout) {
    std::string table = fmt::format("{:<42}{:>10}{:>12}\n", "resource", "needed", "available");
    for (const Resource& resource : resources_of(model, layout)) {
        table += fmt::format("{:<42}{:>10}{:>12}{}\n", resource.name, resource.needed, resource.available,
                             resource.fits() ? "" : "   too small");
    }
    return table;
}

}  // namespace lacuna
