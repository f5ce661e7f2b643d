// From the float model to the quantised one: docs/numbers.md says what the integers mean.
#pragma once

#include <string>
#include <vector>

#include "golden/quantised_model.hpp"
#include "golden/score.hpp"
#include "model/calibrate.hpp"
#include "model/float_model.hpp"
#include "model/host_part.hpp"
#include "model/quantise_row.hpp"

namespace lacuna {

struct QuantiseOptions {
    std::string name;  ///< of the model
    double cell_headroom =
        1.25;  ///< the cell's range is at least this times the largest |c| of the calibration
    double logit_headroom = 1.25;   ///< the same for logits
    int activation_bits = 8;        ///< of the engine that the model is for: 8 or 16
    int weight_bits = kWeightBits;  ///< 8, or 4: an experiment, which any engine runs as weights of 8 bits
    /// Part shifts that need more are not considered; 0: the usual 24, or 32 for activations of 16 bits.
    int accumulator_bits = 0;
};

/// Signal-to-noise ratios in dB: power of what a part contributes to its rows' sums over the power of what
/// its rounded weights change there.
struct QuantiseReport {
    struct Layer {
        double snr_x = 0;
        double snr_h = 0;
        std::size_t filled_slots = 0;    ///< kept by no weight: a bank had fewer than min(k, real columns)
        std::size_t limited_biases = 0;  ///< biases outside the range of a pre-activation
    };
    std::vector<Layer> layers;
    double snr_embedding = 0;
    double snr_head = 0;
    std::size_t head_filled_slots = 0;
};

/// Throws `Error` when a bank holds more weights than its k (with the places), or when the calibration is of
/// another shape. The result is valid. The head of a word model stays on the host.
HostedModel quantise_hosted(const FloatModel& model, const Calibration& calibration,
                            const QuantiseOptions& options, QuantiseReport& report);
/// The engine's part alone.
QuantisedModel quantise(const FloatModel& model, const Calibration& calibration,
                        const QuantiseOptions& options, QuantiseReport& report);

/// Widens what the score shows to be too narrow: lowers the cell fraction of layers whose cells were limited,
/// and the head's fraction when logits were, by raising the head-room in `options`. Returns false when
/// nothing was.
bool widen_ranges(const QuantisedModel& model, const Score& score, QuantiseOptions& options);

}  // namespace lacuna
