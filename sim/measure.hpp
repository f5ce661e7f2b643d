// Measurements on the simulated engine that need no user's data.
#pragma once

#include <functional>

#include "golden/prng.hpp"
#include "pack/figures.hpp"
#include "sim/session.hpp"

namespace lacuna {

/// Runs a dense model of the same shape on the same engine, in the same mode, for a few steps, checked like
/// any other (its weights are random: cycles do not depend on data), and returns D. A twin beyond the
/// engine's address range is not run: D is then its sum of sweeps. Throws `Error` on a mismatch.
double measure_dense_twin(const QuantisedModel& model, Mode mode, const Geometry& geometry);

/// A random model with shape and activations of `model`, every k = 16.
QuantisedModel dense_twin(const QuantisedModel& model, int accumulator_bits);

/// Feeds random vectors: at once (score) or one after each output (generate).
/// @param corners every so many-th vector has lowest, highest and zero values only; 0: none has
/// @param stalled asked in every cycle: whether no input is there yet; empty: never
RunStatistics run_random(Session& session, Mode mode, std::uint64_t steps, SplitMix64& prng,
                         std::uint64_t corners = 0, const std::function<bool()>& stalled = {});

}  // namespace lacuna
