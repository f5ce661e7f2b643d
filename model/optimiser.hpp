// Adam with decoupled weight decay, gradient clipping and the learning-rate schedules.
#pragma once

#include <cstdint>

#include "model/parameters.hpp"

namespace lacuna {

struct AdamOptions {
    double beta1 = 0.9;
    double beta2 = 0.99;
    double epsilon = 1e-8;
    double weight_decay = 0.0;  ///< decoupled (AdamW, Loshchilov and Hutter, ICLR 2019), on all parameters
};

/// Adam (Kingma and Ba, ICLR 2015) over a flat array.
struct Adam {
    explicit Adam(Eigen::Index size) : first(Flat<float>::Zero(size)), second(Flat<float>::Zero(size)) {}

    /// @param scale factor of the gradient (see `clip_scale`); @param update number of this update, from 1
    /// @param threads share the work; their number does not change a bit
    void step(Flat<float>& parameters, const Flat<float>& gradient, double scale, double learning_rate,
              long update, const AdamOptions& options, int threads = 1);

    Flat<float> first;   ///< running mean of the gradient
    Flat<float> second;  ///< running mean of its square
};

/// Factor that shortens a gradient of norm `norm` to `limit`; 1 when it is not longer.
double clip_scale(double norm, double limit);

enum class RateSchedule : std::uint8_t {
    Cosine,    ///< falls to `final_fraction` along half a cosine
    Constant,  ///< stays
    Step,      ///< times `decay` after every `decay_epochs` epochs
    Plateau,   ///< times `decay` after every `plateau` validations in a row without a better one
};

struct LearningRate {
    /// Where a run is.
    struct Position {
        long update = 0;  ///< from 0
        long total = 1;   ///< updates in all
        long per_epoch = 1;
        int reductions = 0;  ///< of a plateau, so far
    };

    double peak = 0.0;
    long warmup = 0;              ///< updates of linear rise
    double final_fraction = 0.0;  ///< of the peak, reached at the last update (cosine)
    RateSchedule schedule = RateSchedule::Cosine;
    double decay = 0.5;
    int decay_epochs = 1;
    int plateau = 2;

    double at(const Position& position) const;
};

const char* rate_schedule_name(RateSchedule schedule);  ///< `cosine`, `constant`, `step`, `plateau`

}  // namespace lacuna
