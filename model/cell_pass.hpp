// One step of one stream through a cell, forwards and backwards, for all units; loops that compilers
// vectorise.
#pragma once

#include <Eigen/Core>
#include <cmath>

#include "model/activations.hpp"

namespace lacuna {

/// One stream, one step: pre-activations `z` [4H] become i, f, g, o; then the new cell and h.
template <class Scalar>
void cell_forward(Scalar* __restrict z, const Scalar* __restrict before, Scalar* __restrict cell,
                  Scalar* __restrict tanh_cell, Scalar* __restrict h, Eigen::Index units) {
    for (Eigen::Index u = 0; u < units; ++u) {
        const Scalar i = fast_sigmoid(z[u]);
        const Scalar f = fast_sigmoid(z[units + u]);
        const Scalar g = fast_tanh(z[2 * units + u]);
        const Scalar o = fast_sigmoid(z[3 * units + u]);
        const Scalar c = f * before[u] + i * g;
        const Scalar t = fast_tanh(c);
        z[u] = i;
        z[units + u] = f;
        z[2 * units + u] = g;
        z[3 * units + u] = o;
        cell[u] = c;
        tanh_cell[u] = t;
        h[u] = o * t;
    }
}

/// The same of a GRU: `x` = W_x x + b and `h_sums` = W_h h, its n block with its bias, both [3H], become r,
/// z, n and n_h; then the new state.
template <class Scalar>
void gru_forward(Scalar* __restrict x, const Scalar* __restrict h_sums, const Scalar* __restrict before,
                 Scalar* __restrict state, Scalar* __restrict h, Eigen::Index units) {
    for (Eigen::Index u = 0; u < units; ++u) {
        const Scalar r = fast_sigmoid(x[u] + h_sums[u]);
        const Scalar z = fast_sigmoid(x[units + u] + h_sums[units + u]);
        const Scalar n = fast_tanh(x[2 * units + u] + r * h_sums[2 * units + u]);
        x[u] = r;
        x[units + u] = z;
        x[2 * units + u] = n;
        state[u] = (1 - z) * n + z * before[u];
        h[u] = state[u];
    }
}

/// Q0.7, rounding half up; h > -1 always, so only the upper limit can act.
template <class Scalar>
void round_to_q7(Scalar* h, Eigen::Index count) {
    constexpr Scalar kOne = 128;
    for (Eigen::Index u = 0; u < count; ++u) {
        const Scalar steps = std::floor(h[u] * kOne + Scalar(0.5));
        h[u] = (steps < kOne - 1 ? steps : kOne - 1) / kOne;
    }
}

/// Inverse of `cell_forward`: i, f, g, o in `z` become the gradients of the pre-activations.
/// @param above,carried gradients of h from the layer above and from the next step
/// @param carried_cell in: gradient of the new cell from the next step; out: of the cell before
template <class Scalar>
void cell_backward(Scalar* __restrict z, const Scalar* __restrict before, const Scalar* __restrict tanh_cell,
                   const Scalar* __restrict above, const Scalar* __restrict carried,
                   Scalar* __restrict carried_cell, Eigen::Index units) {
    for (Eigen::Index u = 0; u < units; ++u) {
        const Scalar i = z[u];
        const Scalar f = z[units + u];
        const Scalar g = z[2 * units + u];
        const Scalar o = z[3 * units + u];
        const Scalar t = tanh_cell[u];
        const Scalar dh = above[u] + carried[u];
        const Scalar dc = carried_cell[u] + dh * o * (1 - t * t);
        carried_cell[u] = dc * f;
        z[u] = dc * g * i * (1 - i);
        z[units + u] = dc * before[u] * f * (1 - f);
        z[2 * units + u] = dc * i * (1 - g * g);
        z[3 * units + u] = dh * t * o * (1 - o);
    }
}

/// Inverse of `gru_forward`: r, z, n in `x` become the gradients of its sums, and `h_sums` those of W_h h.
/// `above`, `carried` and `carried_state` as of `cell_backward`.
template <class Scalar>
void gru_backward(Scalar* __restrict x, Scalar* __restrict h_sums, const Scalar* __restrict before,
                  const Scalar* __restrict above, const Scalar* __restrict carried,
                  Scalar* __restrict carried_state, Eigen::Index units) {
    for (Eigen::Index u = 0; u < units; ++u) {
        const Scalar r = x[u];
        const Scalar z = x[units + u];
        const Scalar n = x[2 * units + u];
        const Scalar ds = carried_state[u] + above[u] + carried[u];
        const Scalar dn = ds * (1 - z) * (1 - n * n);
        carried_state[u] = ds * z;
        x[u] = dn * h_sums[2 * units + u] * r * (1 - r);
        x[units + u] = ds * (before[u] - n) * z * (1 - z);
        x[2 * units + u] = dn;
        h_sums[u] = x[u];
        h_sums[units + u] = x[units + u];
        h_sums[2 * units + u] = dn * r;
    }
}

}  // namespace lacuna
