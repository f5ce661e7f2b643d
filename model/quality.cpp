#include "model/quality.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>

namespace lacuna {

const char* figure_name(Task task) {
    constexpr std::array kNames = {"bits per character", "perplexity", "accuracy", "NRMSE"};
    return kNames[static_cast<std::size_t>(task)];
}

const char* figure_key(Task task) {
    constexpr std::array kKeys = {"bpc", "perplexity", "accuracy", "nrmse"};
    return kKeys[static_cast<std::size_t>(task)];
}

std::string quality_text(const Quality& quality) {
    switch (quality.task) {
        case Task::Words:
            return fmt::format("perplexity {:.2f}", quality.figure);
        case Task::Classification:
            return fmt::format("accuracy {:.2f} %", 100 * quality.figure);
        case Task::Regression:
            return fmt::format("NRMSE {:.5f}", quality.figure);
        default:
            return fmt::format("{:.4f} bits per character", quality.figure);
    }
}

double relative_loss(Task task, double figure, double reference) {
    return task == Task::Classification ? reference - figure : figure / reference - 1;
}

void Tally::add_bits(double bits, bool correct) {
    exact_.add(bits);
    correct_ += correct ? 1 : 0;
}

void Tally::add_sum(double nats, std::size_t count, std::size_t correct) {
    nats_ += nats;
    count_ += count;
    correct_ += correct;
}

void Tally::add_values(const Eigen::Ref<const Eigen::VectorXf>& predicted,
                       const Eigen::Ref<const Eigen::VectorXf>& target) {
    if (sums_.size() == 0) {
        squared_errors_ = sums_ = squares_ = Eigen::VectorXd::Zero(target.size());
    }
    const Eigen::VectorXd exact = target.cast<double>();
    squared_errors_ += (predicted.cast<double>() - exact).cwiseAbs2();
    sums_ += exact;
    squares_ += exact.cwiseAbs2();
    ++count_;
}

void Tally::merge(const Tally& other) {
    exact_.merge(other.exact_);
    nats_ += other.nats_;
    count_ += other.count_;
    correct_ += other.correct_;
    if (sums_.size() == 0) {
        squared_errors_ = other.squared_errors_;
        sums_ = other.sums_;
        squares_ = other.squares_;
    } else if (other.sums_.size() > 0) {
        squared_errors_ += other.squared_errors_;
        sums_ += other.sums_;
        squares_ += other.squares_;
    }
}

Quality Tally::quality() const {
    Quality result{task_, 0, 0, count()};
    if (result.count == 0) {
        return result;
    }
    const auto all = static_cast<double>(result.count);
    if (task_ == Task::Regression) {
        const Eigen::VectorXd variance = squares_ / all - (sums_ / all).cwiseAbs2();
        const Eigen::VectorXd error = squared_errors_ / all;
        result.loss = error.mean();
        result.figure = std::sqrt(error.cwiseQuotient(variance).mean());
        return result;
    }
    result.loss =
        count_ == 0
            ? exact_.value()
            : (nats_ * std::numbers::log2e + exact_.value() * static_cast<double>(exact_.count())) / all;
    result.figure = task_ == Task::Words            ? std::exp2(result.loss)
                    : task_ == Task::Classification ? static_cast<double>(correct_) / all
                                                    : result.loss;
    return result;
}

}  // namespace lacuna
