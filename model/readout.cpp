#include "model/readout.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "golden/prng.hpp"

namespace lacuna {

using Eigen::Index;

std::vector<double> token_shares(const std::vector<int>& tokens, Index vocabulary) {
    std::vector<double> counts(static_cast<std::size_t>(vocabulary), 1.0);
    for (const int token : tokens) {
        counts[static_cast<std::size_t>(token)] += 1.0;
    }
    const double all = static_cast<double>(tokens.size()) + static_cast<double>(vocabulary);
    double sum = 0.0;
    for (double& count : counts) {
        sum += count;
        count = sum / all;
    }
    return counts;
}

/// Draws until `count` different tokens are found; adds the batch's targets.
template <class Scalar>
void Readout<Scalar>::draw(const Batch& batch, const Sampling& sampling) {
    const auto& shares = *sampling.shares;
    std::vector<bool> drawn(shares.size(), false);
    SplitMix64 random(sampling.seed);
    double draws = 0;
    for (int found = 0; found < sampling.count; ++draws) {
        const auto at = std::ranges::upper_bound(shares, random.uniform());
        const auto token = std::min(static_cast<std::size_t>(at - shares.begin()), shares.size() - 1);
        found += drawn[token] ? 0 : 1;
        drawn[token] = true;
    }
    std::vector<bool> taken = drawn;
    for (const int target : batch.targets) {
        taken[static_cast<std::size_t>(target)] = true;
    }
    chosen_.clear();
    drawn_.clear();
    std::vector<Index> place(shares.size(), 0);
    for (std::size_t token = 0; token < shares.size(); ++token) {
        if (taken[token]) {
            place[token] = static_cast<Index>(chosen_.size());
            chosen_.push_back(static_cast<int>(token));
            drawn_.push_back(drawn[token]);
        }
    }
    discount_.resize(static_cast<Index>(chosen_.size()));
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        const auto token = static_cast<std::size_t>(chosen_[i]);
        const double share = shares[token] - (token > 0 ? shares[token - 1] : 0.0);
        discount_[static_cast<Index>(i)] =
            static_cast<Scalar>(std::log(-std::expm1(draws * std::log1p(-share))));
    }
    place_.clear();
    for (const int target : batch.targets) {
        place_.push_back(place[static_cast<std::size_t>(target)]);
    }
}

template <class Scalar>
double Readout<Scalar>::softmax(const Batch& batch) {
    double loss = 0;
    for (Index j = 0; j < outputs_.cols(); ++j) {
        auto column = outputs_.col(j);
        column.array() -= column.maxCoeff();
        const Scalar target = column[batch.targets[static_cast<std::size_t>(j)]];
        column = column.array().exp();
        const Scalar sum = column.sum();
        column *= 1 / sum;
        loss += std::log(static_cast<double>(sum)) - static_cast<double>(target);
    }
    return loss;
}

/// As above over the drawn tokens and each column's own target.
template <class Scalar>
double Readout<Scalar>::sampled_softmax() {
    constexpr Scalar kImpossible = -1e30F;
    double loss = 0;
    Eigen::Matrix<Scalar, Eigen::Dynamic, 1> shift = -discount_;
    for (std::size_t i = 0; i < drawn_.size(); ++i) {
        if (!drawn_[i]) {
            shift[static_cast<Index>(i)] = kImpossible;
        }
    }
    for (Index j = 0; j < outputs_.cols(); ++j) {
        const Index own = place_[static_cast<std::size_t>(j)];
        const Scalar logit = outputs_(own, j) - discount_[own];
        auto column = outputs_.col(j);
        column += shift;
        column[own] = logit;
        column.array() -= column.maxCoeff();
        const Scalar target = column[own];
        column = column.array().exp();
        const Scalar sum = column.sum();
        column *= 1 / sum;
        loss += std::log(static_cast<double>(sum)) - static_cast<double>(target);
    }
    return loss;
}

template <class Scalar>
double Readout<Scalar>::forward(const Flat<Scalar>& parameters, const Eigen::Ref<const Matrix>& top,
                                const Batch& batch, const Sampling& sampling) {
    const auto weight = view(parameters, layout_.head_weight);
    const auto bias = view(parameters, layout_.head_bias);
    chosen_.clear();
    if (sampling.count > 0) {
        draw(batch, sampling);
        weight_ = weight(chosen_, Eigen::all);
        outputs_.noalias() = weight_ * top;
        outputs_.colwise() += bias(chosen_, Eigen::all).col(0);
        return sampled_softmax();
    }
    outputs_.noalias() = weight * top;
    outputs_.colwise() += bias.col(0);
    return loss_of_outputs(batch);
}

template <class Scalar>
double Readout<Scalar>::take(Matrix outputs, const Batch& batch) {
    chosen_.clear();
    outputs_ = std::move(outputs);
    return loss_of_outputs(batch);
}

template <class Scalar>
double Readout<Scalar>::loss_of_outputs(const Batch& batch) {
    if (layout_.shape().task == Task::Regression) {
        return 0.5 * static_cast<double>((outputs_ - batch.values.template cast<Scalar>()).squaredNorm());
    }
    return softmax(batch);
}

template <class Scalar>
void Readout<Scalar>::backward(const Flat<Scalar>& parameters, const Eigen::Ref<const Matrix>& top,
                               const Batch& batch, Scalar scale, Flat<Scalar>& gradient,
                               const Matrix* teacher, Scalar share, Matrix& from_above) {
    if (teacher != nullptr) {
        outputs_ -= share * *teacher;
    }
    const Scalar own = teacher != nullptr ? 1 - share : Scalar(1);
    if (layout_.shape().task == Task::Regression) {
        outputs_ -= own * batch.values.template cast<Scalar>();
    } else {
        for (Index j = 0; j < outputs_.cols(); ++j) {
            const auto at = static_cast<std::size_t>(j);
            outputs_(chosen_.empty() ? Index{batch.targets[at]} : place_[at], j) -= own;
        }
    }
    outputs_ *= scale;
    auto weight_gradient = view(gradient, layout_.head_weight);
    auto bias_gradient = view(gradient, layout_.head_bias);
    const Eigen::Matrix<Scalar, Eigen::Dynamic, 1> sums = outputs_.rowwise().sum();
    if (chosen_.empty()) {
        weight_gradient.noalias() += outputs_ * top.transpose();
        bias_gradient.col(0) += sums;
        from_above.noalias() = view(parameters, layout_.head_weight).transpose() * outputs_;
        return;
    }
    from_above.noalias() = weight_.transpose() * outputs_;
    weight_.noalias() = outputs_ * top.transpose();
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        weight_gradient.row(chosen_[i]) += weight_.row(static_cast<Index>(i));
        bias_gradient(chosen_[i], 0) += sums[static_cast<Index>(i)];
    }
}

template class Readout<float>;
template class Readout<double>;

}  // namespace lacuna
