#include "common/error.hpp"
#include "golden/bits_per_character.hpp"
#include "model/float_model.hpp"

namespace lacuna {

FloatRunner::FloatRunner(const FloatModel& model) : model_(model), states_(model.layers.size()) {
    reset();
}

void FloatRunner::reset() {
    for (std::size_t n = 0; n < states_.size(); ++n) {
        const auto units = model_.layers[n].units();
        states_[n].h.setZero(units);
        states_[n].c.setZero(units);
        states_[n].gates.setZero(4 * units);
    }
    logits_.setZero(model_.head_bias.size());
}

const Eigen::VectorXf& FloatRunner::step(int token) {
    advance(model_.embedding.row(token).transpose());
    return outputs();
}

void FloatRunner::advance(const Eigen::Ref<const Eigen::VectorXf>& first) {
    Eigen::VectorXf input = first;
    for (std::size_t n = 0; n < states_.size(); ++n) {
        const auto& layer = model_.layers[n];
        auto& state = states_[n];
        if (model_.cell == Cell::Gru) {
            step_gru(layer, input, state);
        } else {
            step_lstm(layer, input, state);
        }
        input = state.h;
    }
}

const Eigen::VectorXf& FloatRunner::outputs() {
    logits_ = model_.head_bias;
    logits_.noalias() += model_.head_weight * states_.back().h;
    return logits_;
}

void FloatRunner::step_lstm(const FloatLayer& layer, const Eigen::VectorXf& input, State& state) const {
    state.gates = layer.bias_ih + layer.bias_hh;
    state.gates.noalias() += layer.weight_ih * input;
    state.gates.noalias() += layer.weight_hh * state.h;
    const auto units = layer.units();
    const auto gate = [&state, units](Eigen::Index index) {
        return state.gates.segment(index * units, units).array();
    };
    state.c = gate(1).logistic() * state.c.array() + gate(0).logistic() * gate(2).tanh();
    state.h = gate(3).logistic() * state.c.array().tanh();
}

void FloatRunner::step_gru(const FloatLayer& layer, const Eigen::VectorXf& input, State& state) const {
    const auto units = layer.units();
    const Eigen::VectorXf from_h = layer.weight_hh * state.h;
    state.gates = gate_bias(Cell::Gru, layer);
    state.gates.head(3 * units).noalias() += layer.weight_ih * input;
    state.gates.head(2 * units) += from_h.head(2 * units);
    state.gates.tail(units) += from_h.tail(units);
    const auto gate = [&state, units](Eigen::Index index) {
        return state.gates.segment(index * units, units).array();
    };
    const Eigen::ArrayXf z = gate(1).logistic();
    const Eigen::ArrayXf n = (gate(2) + gate(0).logistic() * gate(3)).tanh();
    state.c = (1 - z) * n + z * state.c.array();
    state.h = state.c;
}

double bits_per_character(const FloatModel& model, std::span<const int> tokens) {
    if (tokens.size() < 2) {
        throw Error("bits per character need at least two characters of text; give a longer one");
    }
    FloatRunner runner(model);
    BitsPerCharacter mean;
    for (std::size_t t = 0; t + 1 < tokens.size(); ++t) {
        const auto& logits = runner.step(tokens[t]);
        mean.add(surprise_bits({logits.data(), static_cast<std::size_t>(logits.size())}, tokens[t + 1]));
    }
    return mean.value();
}

}  // namespace lacuna
