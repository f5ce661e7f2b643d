#include "model/network.hpp"

#include <chrono>
#include <cmath>

#include "golden/prng.hpp"
#include "model/activations.hpp"

namespace lacuna {

namespace {

using Eigen::Index;

/// One stream, one step: pre-activations `z` [4H] become i, f, g, o; then the new cell and h.
template <class Scalar>
void cell_forward(Scalar* __restrict z, const Scalar* __restrict before, Scalar* __restrict cell,
                  Scalar* __restrict tanh_cell, Scalar* __restrict h, Index units) {
    for (Index u = 0; u < units; ++u) {
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
                 Scalar* __restrict state, Scalar* __restrict h, Index units) {
    for (Index u = 0; u < units; ++u) {
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
void round_to_q7(Scalar* h, Index count) {
    constexpr Scalar kOne = 128;
    for (Index u = 0; u < count; ++u) {
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
                   Scalar* __restrict carried_cell, Index units) {
    for (Index u = 0; u < units; ++u) {
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
                  Scalar* __restrict carried_state, Index units) {
    for (Index u = 0; u < units; ++u) {
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

}  // namespace

template <class Scalar>
Network<Scalar>::Network(const ParameterLayout& layout, Index streams)
    : layout_(layout), streams_(streams), traces_(layout.layers.size()) {
    reset();
}

template <class Scalar>
void Network<Scalar>::reset() {
    for (std::size_t n = 0; n < traces_.size(); ++n) {
        traces_[n].h.setZero(layout_.shape().units[n], streams_);
        traces_[n].c.setZero(layout_.shape().units[n], streams_);
    }
}

template <class Scalar>
void Network<Scalar>::keep_only(const Flat<Scalar>* mask) {
    for (std::size_t n = 0; n < traces_.size(); ++n) {
        auto& trace = traces_[n];
        trace.kept_x.reset();
        trace.kept_h.reset();
        const auto& blocks = layout_.layers[n];
        if (mask != nullptr && sparse_pays(blocks.weight_h, *mask)) {
            trace.kept_h.emplace(blocks.weight_h, *mask);
        }
        if (mask != nullptr && n > 0 && sparse_pays(blocks.weight_x, *mask)) {
            trace.kept_x.emplace(blocks.weight_x, *mask);
        }
    }
}

template <class Scalar>
template <class Product>
void Network<Scalar>::timed(const Product& product) {
    const auto start = std::chrono::steady_clock::now();
    product();
    product_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

template <class Scalar>
Eigen::Ref<const typename Network<Scalar>::Matrix> Network<Scalar>::output(std::size_t n) const {
    const auto& trace = traces_[n];
    if (trace.keep.size() > 0) {
        return trace.output;
    }
    return trace.hidden.rightCols(columns_);
}

template <class Scalar>
double Network<Scalar>::forward(const Flat<Scalar>& parameters, std::span<const int> inputs,
                                std::span<const int> targets, const PassOptions& options) {
    columns_ = static_cast<Index>(inputs.size());
    for (std::size_t n = 0; n < traces_.size(); ++n) {
        forward_layer(parameters, n, inputs, options);
    }
    const auto weight = view(parameters, layout_.head_weight);
    const auto bias = view(parameters, layout_.head_bias);
    const auto top = output(traces_.size() - 1);
    probabilities_.resize(weight.rows(), columns_);
    timed([&] { probabilities_.noalias() = weight * top; });
    double loss = 0;
    for (Index j = 0; j < columns_; ++j) {
        auto column = probabilities_.col(j);
        column += bias.col(0);
        column.array() -= column.maxCoeff();
        const Scalar target = column[targets[static_cast<std::size_t>(j)]];
        column = column.array().exp();
        const Scalar sum = column.sum();
        column /= sum;
        loss += std::log(static_cast<double>(sum)) - static_cast<double>(target);
    }
    return loss;
}

template <class Scalar>
void Network<Scalar>::forward_layer(const Flat<Scalar>& parameters, std::size_t n,
                                    std::span<const int> inputs, const PassOptions& options) {
    auto& trace = traces_[n];
    const auto weight_x = view(parameters, layout_.layers[n].weight_x);
    const auto weight_h = view(parameters, layout_.layers[n].weight_h);
    const auto bias = view(parameters, layout_.layers[n].bias);
    const Index units = weight_h.cols();
    if (trace.kept_h) {
        trace.kept_h->load(parameters);
    }
    if (trace.kept_x) {
        trace.kept_x->load(parameters);
    }
    const Index rows = weight_h.rows();
    trace.gates.resize(rows, columns_);
    if (gru()) {
        trace.gates_h.setZero(rows, columns_);
        trace.gates_h.bottomRows(units).colwise() += bias.col(0).tail(units);
    } else {
        trace.tanh_cell.resize(units, columns_);
    }
    trace.cells.resize(units, columns_ + streams_);
    trace.hidden.resize(units, columns_ + streams_);
    trace.cells.leftCols(streams_) = trace.c;
    trace.hidden.leftCols(streams_) = trace.h;

    if (n == 0) {  // one product per token of the vocabulary instead of one per position
        timed([&] { token_gates_.noalias() = weight_x * view(parameters, layout_.embedding).transpose(); });
        for (Index j = 0; j < columns_; ++j) {
            trace.gates.col(j) = token_gates_.col(inputs[static_cast<std::size_t>(j)]);
        }
    } else if (trace.kept_x) {
        trace.gates.setZero();
        timed([&] { trace.kept_x->add_product(output(n - 1), trace.gates); });
    } else {
        timed([&] { trace.gates.noalias() = weight_x * output(n - 1); });
    }
    for (Index first = 0; first < columns_; first += streams_) {
        trace.gates.middleCols(first, streams_).colwise() += bias.col(0).head(rows);
        auto sums = sums_of_h(trace).middleCols(first, streams_);
        const auto before = trace.hidden.middleCols(first, streams_);
        timed([&] {
            if (trace.kept_h) {
                trace.kept_h->add_product(before, sums);
            } else {
                sums.noalias() += weight_h * before;
            }
        });
        for (Index j = first; j < first + streams_; ++j) {
            Scalar* h = trace.hidden.col(j + streams_).data();
            Scalar* cell = trace.cells.col(j + streams_).data();
            if (gru()) {
                gru_forward(trace.gates.col(j).data(), trace.gates_h.col(j).data(), trace.cells.col(j).data(),
                            cell, h, units);
            } else {
                cell_forward(trace.gates.col(j).data(), trace.cells.col(j).data(), cell,
                             trace.tanh_cell.col(j).data(), h, units);
            }
            if (options.round_hidden) {
                round_to_q7(h, units);
            }
        }
    }
    trace.c = trace.cells.rightCols(streams_);
    trace.h = trace.hidden.rightCols(streams_);

    trace.keep.resize(0, 0);
    if (options.dropout > 0) {
        SplitMix64 layer_seed(options.dropout_seed + n * 0xD1B54A32D192ED03U);
        SplitMix64 random(layer_seed.next());
        const auto kept = static_cast<Scalar>(1.0 / (1.0 - options.dropout));
        trace.keep.resize(units, columns_);
        for (Index i = 0; i < trace.keep.size(); ++i) {
            trace.keep.data()[i] = random.uniform() < options.dropout ? Scalar(0) : kept;
        }
        trace.output = trace.hidden.rightCols(columns_).cwiseProduct(trace.keep);
    }
}

template <class Scalar>
void Network<Scalar>::backward(const Flat<Scalar>& parameters, std::span<const int> inputs,
                               std::span<const int> targets, Scalar scale, Flat<Scalar>& gradient,
                               const Matrix* teacher, Scalar share) {
    if (teacher != nullptr) {
        probabilities_ -= share * *teacher;
    }
    for (Index j = 0; j < columns_; ++j) {
        probabilities_(targets[static_cast<std::size_t>(j)], j) -= teacher != nullptr ? 1 - share : 1;
    }
    probabilities_ *= scale;
    const auto weight = view(parameters, layout_.head_weight);
    auto weight_gradient = view(gradient, layout_.head_weight);
    auto bias_gradient = view(gradient, layout_.head_bias);
    timed([&] { weight_gradient.noalias() += probabilities_ * output(traces_.size() - 1).transpose(); });
    for (Index j = 0; j < columns_; ++j) {
        bias_gradient.col(0) += probabilities_.col(j);
    }
    timed([&] { from_above_.noalias() = weight.transpose() * probabilities_; });
    for (std::size_t n = traces_.size(); n-- > 0;) {
        backward_layer(parameters, n, inputs, gradient);
    }
}

template <class Scalar>
void Network<Scalar>::backward_steps(const Flat<Scalar>& parameters, std::size_t n) {
    auto& trace = traces_[n];
    const auto weight_h = view(parameters, layout_.layers[n].weight_h);
    const Index units = weight_h.cols();
    carried_.setZero(units, streams_);
    carried_cell_.setZero(units, streams_);
    for (Index first = columns_ - streams_; first >= 0; first -= streams_) {
        for (Index b = 0; b < streams_; ++b) {
            const Index j = first + b;
            const Scalar* above = from_above_.col(j).data();
            const Scalar* carried = carried_.col(b).data();
            if (gru()) {
                gru_backward(trace.gates.col(j).data(), trace.gates_h.col(j).data(),
                             trace.cells.col(j).data(), above, carried, carried_cell_.col(b).data(), units);
            } else {
                cell_backward(trace.gates.col(j).data(), trace.cells.col(j).data(),
                              trace.tanh_cell.col(j).data(), above, carried, carried_cell_.col(b).data(),
                              units);
            }
        }
        if (first > 0) {
            const auto sums = sums_of_h(trace).middleCols(first, streams_);
            timed([&] {
                if (trace.kept_h) {
                    carried_.setZero();
                    trace.kept_h->add_transposed_product(sums, carried_);
                } else {
                    carried_.noalias() = weight_h.transpose() * sums;
                }
            });
        }
    }
}

template <class Scalar>
void Network<Scalar>::backward_layer(const Flat<Scalar>& parameters, std::size_t n,
                                     std::span<const int> inputs, Flat<Scalar>& gradient) {
    auto& trace = traces_[n];
    const auto& blocks = layout_.layers[n];
    if (trace.keep.size() > 0) {
        from_above_.array() *= trace.keep.array();
    }
    backward_steps(parameters, n);
    const Matrix& sums = sums_of_h(trace);
    auto gradient_h = view(gradient, blocks.weight_h);
    auto gradient_x = view(gradient, blocks.weight_x);
    auto gradient_bias = view(gradient, blocks.bias);
    const auto before = trace.hidden.leftCols(columns_);
    timed([&] {
        if (trace.kept_h) {
            trace.kept_h->add_outer_product(sums, before, gradient);
        } else {
            gradient_h.noalias() += sums * before.transpose();
        }
    });
    for (Index j = 0; j < columns_; ++j) {
        gradient_bias.col(0).head(sums.rows()) += trace.gates.col(j);
        if (gru()) {
            gradient_bias.col(0).tail(blocks.weight_h.cols) += sums.col(j).tail(blocks.weight_h.cols);
        }
    }
    const auto weight_x = view(parameters, blocks.weight_x);
    if (trace.kept_x) {
        timed([&] { trace.kept_x->add_outer_product(trace.gates, output(n - 1), gradient); });
        from_above_.setZero(weight_x.cols(), columns_);
        timed([&] { trace.kept_x->add_transposed_product(trace.gates, from_above_); });
        return;
    }
    if (n > 0) {
        timed([&] { gradient_x.noalias() += trace.gates * output(n - 1).transpose(); });
        timed([&] { from_above_.noalias() = weight_x.transpose() * trace.gates; });
        return;
    }
    token_gates_.setZero();
    for (Index j = 0; j < columns_; ++j) {
        token_gates_.col(inputs[static_cast<std::size_t>(j)]) += trace.gates.col(j);
    }
    auto gradient_embedding = view(gradient, layout_.embedding);
    timed([&] { gradient_x.noalias() += token_gates_ * view(parameters, layout_.embedding); });
    timed([&] { gradient_embedding.noalias() += token_gates_.transpose() * weight_x; });
}

template class Network<float>;
template class Network<double>;

}  // namespace lacuna
