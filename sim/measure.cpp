#include "sim/measure.hpp"

#include <algorithm>

#include "golden/random_model.hpp"

namespace lacuna {
namespace {

constexpr std::uint64_t kDenseSteps = 8;
constexpr std::uint64_t kDenseSeed = 1;

}  // namespace

QuantisedModel dense_twin(const QuantisedModel& model, int accumulator_bits) {
    RandomModelOptions options;
    options.seed = kDenseSeed;
    options.cell = model.cell;
    options.inputs = model.input_size();
    options.units.clear();
    for (const RecurrentLayer& layer : model.layers) {
        options.units.push_back(layer.units);
    }
    options.k_x = {PartWeights::kBankWidth};
    options.k_h = {PartWeights::kBankWidth};
    options.head_rows = model.head ? model.head->h.rows : 0;
    options.head_k = PartWeights::kBankWidth;
    options.part_shifts = false;
    options.corners = false;
    options.accumulator_bits = accumulator_bits;
    options.activation_bits = model.activation_bits;
    return random_model(options);
}

RunStatistics run_random(Session& session, Mode mode, std::uint64_t steps, SplitMix64& prng,
                         std::uint64_t corners, const std::function<bool()>& stalled) {
    const std::size_t size = session.golden().model().input_size();
    const int bits = session.golden().model().activation_bits;
    std::uint64_t outputs = 0;
    const auto source = [&](std::uint64_t step) -> std::optional<std::vector<std::int16_t>> {
        if ((mode == Mode::Generate && step > outputs) || (stalled && stalled())) {
            return std::nullopt;
        }
        return random_input(prng, size, corners != 0 && step % corners == 0, bits);
    };
    return session.run(mode, steps, source, [&](std::uint64_t, std::span<const std::int32_t>) { ++outputs; });
}

double measure_dense_twin(const QuantisedModel& model, Mode mode, const Geometry& geometry) {
    const QuantisedModel dense = dense_twin(model, geometry.accumulator_bits);
    const long sweeps = sweep_cycles_of(dense, mode, geometry);
    if (!fits(dense, geometry)) {
        return static_cast<double>(sweeps);
    }
    const auto engine = make_engine(geometry);
    Session session(*engine, dense, Load::BackDoor);
    SplitMix64 prng(kDenseSeed);
    const RunStatistics run = run_random(session, mode, kDenseSteps, prng);
    if (session.first_mismatch()) {
        throw Error("dense twin differs from golden: " + session.first_mismatch()->to_string());
    }
    return std::min(run.cycles_per_step(), static_cast<double>(sweeps));
}

}  // namespace lacuna
