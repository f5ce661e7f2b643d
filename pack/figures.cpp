#include "pack/figures.hpp"

#include <algorithm>

#include "golden/blank_model.hpp"
#include "pack/cycle_model.hpp"

namespace lacuna {
double Figures::gops_sparse(double clock_mhz) const {
    return 2e-3 * static_cast<double>(slots) / microseconds(clock_mhz);
}

double Figures::gops_effective(double clock_mhz) const {
    return 2e-3 * static_cast<double>(dense_weights) / microseconds(clock_mhz);
}

nlohmann::json Figures::to_json() const {
    return {{"model", model},
            {"mode", mode_name(mode)},
            {"tiles", geometry.tiles},
            {"ports", geometry.ports},
            {"steps", steps},
            {"mismatches", mismatches},
            {"cycles_per_step", cycles_per_step},
            {"sweep_cycles", sweep_cycles},
            {"sweep_eff", sweep_eff},
            {"pe_util", pe_util},
            {"dense_cycles", dense_cycles},
            {"speedup", speedup},
            {"slots", slots},
            {"dense_weights", dense_weights}};
}

Figures figures_of(const QuantisedModel& model, const Layout& layout, Mode mode, const RunStatistics& run,
                   double dense_cycles) {
    Figures f;
    f.model = model.name;
    f.mode = mode;
    f.geometry = layout.geometry;
    f.steps = run.steps;
    f.cycles_per_step = run.cycles_per_step();
    f.sweep_cycles = layout.sweep_cycles(mode);
    f.sweep_eff = static_cast<double>(f.sweep_cycles) / f.cycles_per_step;
    f.slots = model.total_slots();
    f.dense_weights = model.dense_weights();
    f.pe_util = static_cast<double>(f.slots) / (layout.geometry.pes() * f.cycles_per_step);
    f.dense_cycles = dense_cycles;
    f.speedup = dense_cycles / f.cycles_per_step;
    return f;
}

double predict_dense_cycles(const QuantisedModel& model, Mode mode, const Geometry& geometry) {
    ModelShape shape = shape_of(model);
    shape.set_k(PartWeights::kBankWidth);
    const Layout layout = Layout::unchecked(blank_model(shape), geometry);
    const RunStatistics run = predict_cycles(layout, mode, kPredictedSteps);
    return std::min(run.cycles_per_step(), static_cast<double>(layout.sweep_cycles(mode)));
}

}  // namespace lacuna
