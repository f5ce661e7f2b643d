#include "model/network.hpp"

#include <chrono>
#include <type_traits>

#include "golden/prng.hpp"
#include "model/cell_pass.hpp"

namespace lacuna {

using Eigen::Index;

namespace {

/// Elements of a dropout: 0 with `probability`, else what keeps the mean. Empty when nothing is dropped.
template <class Matrix>
void draw_kept(Matrix& keep, Index rows, Index streams, double probability, std::uint64_t seed) {
    keep.resize(0, 0);
    if (probability <= 0) {
        return;
    }
    SplitMix64 outer(seed);
    SplitMix64 random(outer.next());
    const auto kept = static_cast<typename Matrix::Scalar>(1.0 / (1.0 - probability));
    keep.resize(rows, streams);
    for (Index i = 0; i < keep.size(); ++i) {
        keep.data()[i] = random.uniform() < probability ? typename Matrix::Scalar(0) : kept;
    }
}

/// Multiplies every step's columns by those of `keep`.
template <class Matrix, class Target>
void apply_kept(const Matrix& keep, Target&& target) {
    for (Index first = 0; first < target.cols(); first += keep.cols()) {
        target.middleCols(first, keep.cols()).array() *= keep.array();
    }
}

constexpr std::uint64_t kLayerSeed = 0xD1B54A32D192ED03U;
constexpr std::uint64_t kHiddenSeed = 0x8CB92BA72F3D8DD7U;
constexpr std::uint64_t kInputSeed = 0xAEF17502108EF2D9U;

}  // namespace

template <class Scalar>
Network<Scalar>::Network(const ParameterLayout& layout, Index streams)
    : layout_(layout), streams_(streams), traces_(layout.layers.size()), readout_(layout) {
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
        if (mask != nullptr && sparse_pays(blocks.weight_x, *mask)) {
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
Eigen::Ref<const typename Network<Scalar>::Matrix> Network<Scalar>::input(std::size_t n) const {
    if (n > 0) {
        return output(n - 1);
    }
    return input_;
}

template <class Scalar>
Eigen::Ref<const typename Network<Scalar>::Matrix> Network<Scalar>::before(std::size_t n) const {
    const auto& trace = traces_[n];
    if (trace.keep_h.size() > 0) {
        return trace.dropped;
    }
    return trace.hidden.leftCols(columns_);
}

template <class Scalar>
Eigen::Ref<const typename Network<Scalar>::Matrix> Network<Scalar>::scored(const Batch& batch) {
    if (batch.scored.empty()) {
        return output(traces_.size() - 1);
    }
    scored_ = output(traces_.size() - 1)(Eigen::all, batch.scored);
    return scored_;
}

template <class Scalar>
double Network<Scalar>::forward(const Flat<Scalar>& parameters, const Batch& batch,
                                const PassOptions& options) {
    columns_ = batch.columns();
    if (batch.fresh) {
        streams_ = batch.streams;
        reset();
    }
    read_inputs(parameters, batch, options);
    for (std::size_t n = 0; n < traces_.size(); ++n) {
        forward_layer(parameters, n, batch, options);
    }
    const auto top = scored(batch);
    if constexpr (std::is_same_v<Scalar, float>) {
        if (options.integers != nullptr && options.integers->head_on_engine()) {
            return readout_.take(options.integers->outputs(top * static_cast<float>(options.integers->one())),
                                 batch);
        }
    }
    double loss = 0;
    timed([&] { loss = readout_.forward(parameters, top, batch, options.sampling); });
    return loss;
}

/// Few tokens and many columns: one product per token of the vocabulary instead of one per column.
template <class Scalar>
void Network<Scalar>::read_inputs(const Flat<Scalar>& parameters, const Batch& batch,
                                  const PassOptions& options) {
    const auto rows = layout_.shape().inputs(0);
    draw_kept(keep_input_, rows, streams_, options.dropout.input, options.dropout_seed + kInputSeed);
    by_token_ = !batch.tokens.empty() && layout_.shape().vocabulary <= columns_ && keep_input_.size() == 0 &&
                options.integers == nullptr;
    if (by_token_) {
        return;
    }
    if (options.integers != nullptr) {
        integer_input_ = options.integers->inputs(batch).template cast<Scalar>();
        input_ = static_cast<Scalar>(options.integers->input_scale()) * integer_input_;
        return;
    }
    if (batch.tokens.empty()) {
        input_ = batch.inputs.cast<Scalar>();
    } else {
        const auto embedding = view(parameters, layout_.embedding);
        input_.resize(rows, columns_);
        for (Index j = 0; j < columns_; ++j) {
            input_.col(j) = embedding.row(batch.tokens[static_cast<std::size_t>(j)]).transpose();
        }
    }
    if (keep_input_.size() > 0) {
        apply_kept(keep_input_, input_);
    }
}

template <class Scalar>
void Network<Scalar>::forward_layer(const Flat<Scalar>& parameters, std::size_t n, const Batch& batch,
                                    const PassOptions& options) {
    auto& trace = traces_[n];
    const auto bias = view(parameters, layout_.layers[n].bias);
    const Index units = layout_.shape().units[n];
    const Index rows = layout_.layers[n].weight_h.rows;
    if (trace.kept_h) {
        trace.kept_h->load(parameters);
    }
    if (trace.kept_x) {
        trace.kept_x->load(parameters);
    }
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
    draw_kept(trace.keep_h, units, streams_, options.dropout.hidden,
              options.dropout_seed + n * kLayerSeed + kHiddenSeed);
    trace.dropped.resize(units, trace.keep_h.size() > 0 ? columns_ : 0);
    if (options.integers != nullptr) {
        forward_integers(n, options);
    } else {
        add_inputs(parameters, n, batch);
        forward_steps(parameters, n, options);
    }
    trace.c = trace.cells.rightCols(streams_);
    trace.h = trace.hidden.rightCols(streams_);

    draw_kept(trace.keep, units, streams_, options.dropout.output, options.dropout_seed + n * kLayerSeed);
    if (trace.keep.size() > 0) {
        trace.output = trace.hidden.rightCols(columns_);
        apply_kept(trace.keep, trace.output);
    }
}

template <class Scalar>
void Network<Scalar>::forward_integers(std::size_t n, const PassOptions& options) {
    if constexpr (std::is_same_v<Scalar, float>) {
        auto& trace = traces_[n];
        const auto& integers = *options.integers;
        const auto one = static_cast<float>(integers.one());
        Eigen::MatrixXd from_x;
        Eigen::MatrixXd from_h;
        timed([&] {
            if (n == 0) {
                integers.x_sums(n, integer_input_, from_x);
            } else {
                integers.x_sums(n, one * output(n - 1), from_x);
            }
        });
        for (Index first = 0; first < columns_; first += streams_) {
            timed([&] { integers.h_sums(n, one * trace.hidden.middleCols(first, streams_), from_h); });
            for (Index b = 0; b < streams_; ++b) {
                const Index j = first + b;
                integers.step(
                    n, {from_x.col(j).data(), from_h.col(b).data(), trace.cells.col(j).data(),
                        trace.gates.col(j).data(),
                        gru() ? &trace.gates_h(2 * layout_.shape().units[n], j) : nullptr,
                        trace.cells.col(j + streams_).data(), gru() ? nullptr : trace.tanh_cell.col(j).data(),
                        trace.hidden.col(j + streams_).data()});
            }
        }
    }
}

template <class Scalar>
void Network<Scalar>::add_inputs(const Flat<Scalar>& parameters, std::size_t n, const Batch& batch) {
    auto& trace = traces_[n];
    const auto weight_x = view(parameters, layout_.layers[n].weight_x);
    if (n == 0 && by_token_) {
        timed([&] { token_gates_.noalias() = weight_x * view(parameters, layout_.embedding).transpose(); });
        for (Index j = 0; j < columns_; ++j) {
            trace.gates.col(j) = token_gates_.col(batch.tokens[static_cast<std::size_t>(j)]);
        }
    } else if (trace.kept_x) {
        trace.gates.setZero();
        timed([&] { trace.kept_x->add_product(input(n), trace.gates); });
    } else {
        timed([&] { trace.gates.noalias() = weight_x * input(n); });
    }
}

template <class Scalar>
void Network<Scalar>::forward_steps(const Flat<Scalar>& parameters, std::size_t n,
                                    const PassOptions& options) {
    auto& trace = traces_[n];
    const auto weight_h = view(parameters, layout_.layers[n].weight_h);
    const auto bias = view(parameters, layout_.layers[n].bias);
    const Index units = weight_h.cols();
    const auto all_before = before(n);  // a block of it refers to it
    for (Index first = 0; first < columns_; first += streams_) {
        trace.gates.middleCols(first, streams_).colwise() += bias.col(0).head(weight_h.rows());
        if (trace.keep_h.size() > 0) {
            trace.dropped.middleCols(first, streams_) =
                trace.hidden.middleCols(first, streams_).cwiseProduct(trace.keep_h);
        }
        auto sums = sums_of_h(trace).middleCols(first, streams_);
        const auto h_before = all_before.middleCols(first, streams_);
        timed([&] {
            if (trace.kept_h) {
                trace.kept_h->add_product(h_before, sums);
            } else {
                sums.noalias() += weight_h * h_before;
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
}

template <class Scalar>
void Network<Scalar>::backward(const Flat<Scalar>& parameters, const Batch& batch, Scalar scale,
                               Flat<Scalar>& gradient, const Matrix* teacher, Scalar share) {
    const auto top = scored(batch);
    Matrix& from_head = batch.scored.empty() ? from_above_ : from_head_;
    timed([&] { readout_.backward(parameters, top, batch, scale, gradient, teacher, share, from_head); });
    if (!batch.scored.empty()) {
        from_above_.setZero(from_head_.rows(), columns_);
        from_above_(Eigen::all, batch.scored) = from_head_;
    }
    for (std::size_t n = traces_.size(); n-- > 0;) {
        backward_layer(parameters, n, batch, gradient);
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
        if (first == 0) {
            break;
        }
        const auto sums = sums_of_h(trace).middleCols(first, streams_);
        timed([&] {
            if (trace.kept_h) {
                carried_.setZero();
                trace.kept_h->add_transposed_product(sums, carried_);
            } else {
                carried_.noalias() = weight_h.transpose() * sums;
            }
        });
        if (trace.keep_h.size() > 0) {
            apply_kept(trace.keep_h, carried_);
        }
    }
}

template <class Scalar>
void Network<Scalar>::backward_layer(const Flat<Scalar>& parameters, std::size_t n, const Batch& batch,
                                     Flat<Scalar>& gradient) {
    auto& trace = traces_[n];
    const auto& blocks = layout_.layers[n];
    if (trace.keep.size() > 0) {
        apply_kept(trace.keep, from_above_);
    }
    backward_steps(parameters, n);
    const Matrix& sums = sums_of_h(trace);
    auto gradient_h = view(gradient, blocks.weight_h);
    auto gradient_bias = view(gradient, blocks.bias);
    timed([&] {
        if (trace.kept_h) {
            trace.kept_h->add_outer_product(sums, before(n), gradient);
        } else {
            gradient_h.noalias() += sums * before(n).transpose();
        }
    });
    for (Index j = 0; j < columns_; ++j) {
        gradient_bias.col(0).head(sums.rows()) += trace.gates.col(j);
        if (gru()) {
            gradient_bias.col(0).tail(blocks.weight_h.cols) += sums.col(j).tail(blocks.weight_h.cols);
        }
    }
    backward_inputs(parameters, n, batch, gradient);
}

template <class Scalar>
void Network<Scalar>::backward_inputs(const Flat<Scalar>& parameters, std::size_t n, const Batch& batch,
                                      Flat<Scalar>& gradient) {
    auto& trace = traces_[n];
    const auto weight_x = view(parameters, layout_.layers[n].weight_x);
    auto gradient_x = view(gradient, layout_.layers[n].weight_x);
    if (n == 0 && by_token_) {
        token_gates_.setZero();
        for (Index j = 0; j < columns_; ++j) {
            token_gates_.col(batch.tokens[static_cast<std::size_t>(j)]) += trace.gates.col(j);
        }
        auto gradient_embedding = view(gradient, layout_.embedding);
        timed([&] { gradient_x.noalias() += token_gates_ * view(parameters, layout_.embedding); });
        timed([&] { gradient_embedding.noalias() += token_gates_.transpose() * weight_x; });
        return;
    }
    const bool needed = n > 0 || !batch.tokens.empty();  // the gradient of the input
    timed([&] {
        if (trace.kept_x) {
            trace.kept_x->add_outer_product(trace.gates, input(n), gradient);
        } else {
            gradient_x.noalias() += trace.gates * input(n).transpose();
        }
        if (trace.kept_x && needed) {
            from_above_.setZero(weight_x.cols(), columns_);
            trace.kept_x->add_transposed_product(trace.gates, from_above_);
        } else if (needed) {
            from_above_.noalias() = weight_x.transpose() * trace.gates;
        }
    });
    if (n == 0 && needed) {
        if (keep_input_.size() > 0) {
            apply_kept(keep_input_, from_above_);
        }
        auto gradient_embedding = view(gradient, layout_.embedding);
        for (Index j = 0; j < columns_; ++j) {
            gradient_embedding.row(batch.tokens[static_cast<std::size_t>(j)]) +=
                from_above_.col(j).transpose();
        }
    }
}

double bytes_per_column(const NetworkShape& shape) {
    constexpr double kLstmValues =
        4 + 4;  // gates, cells, hidden, tanh_cell, and the gradient above, per unit
    constexpr double kGruValues = 6 + 3;
    auto values = static_cast<double>(shape.inputs(0) + (shape.last_step ? 0 : shape.head_rows()));
    for (const auto units : shape.units) {
        values += static_cast<double>(units) * (shape.cell == Cell::Gru ? kGruValues : kLstmValues);
    }
    return values * sizeof(float);
}

template class Network<float>;
template class Network<double>;

}  // namespace lacuna
