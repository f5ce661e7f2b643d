#include "model/calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/error.hpp"
#include "golden/bits_per_character.hpp"

namespace lacuna {

namespace {

constexpr Eigen::Index kBlock = 256;  // steps whose outer products are summed in one product of matrices

/// Sums z z^T over steps, block by block.
class Moment {
  public:
    explicit Moment(Eigen::Index size)
        : block_(size, kBlock),

          product_(Eigen::MatrixXd::Zero(size, size)) {}

    void add(const Eigen::VectorXf& x, const Eigen::VectorXf& h) {
        block_.col(filled_) << x, h;
        if (++filled_ == kBlock) {
            flush();
        }
    }

    void finish(std::size_t steps, Calibration::Layer& layer) {
        flush();
        layer.moment = product_ / static_cast<double>(steps);
    }

  private:
    void flush() {
        const auto columns = block_.leftCols(filled_);
        const Eigen::MatrixXf product = columns * columns.transpose();
        product_ += product.cast<double>();
        filled_ = 0;
    }

    Eigen::MatrixXf block_;
    Eigen::Index filled_ = 0;
    Eigen::MatrixXd product_;
};

}  // namespace

Calibration calibrate(const FloatModel& model, std::span<const int> tokens,
                      const std::function<void(std::size_t, double)>& report) {
    if (tokens.size() < 2) {
        throw Error(fmt::format("calibration needs at least two characters of text, got {}", tokens.size()));
    }
    Calibration calibration;
    calibration.steps = tokens.size() - 1;
    calibration.layers.resize(model.layers.size());
    std::vector<Moment> moments;
    for (const auto& layer : model.layers) {
        moments.emplace_back(layer.inputs() + layer.units());
    }
    FloatRunner runner(model);
    BitsPerCharacter mean;
    std::vector<Eigen::VectorXf> before(model.layers.size());
    for (std::size_t t = 0; t < calibration.steps; ++t) {
        for (std::size_t l = 0; l < before.size(); ++l) {
            before[l] = runner.h(l);
        }
        const auto& logits = runner.step(tokens[t]);
        mean.add(surprise_bits({logits.data(), static_cast<std::size_t>(logits.size())}, tokens[t + 1]));
        calibration.largest_logit = std::max(calibration.largest_logit, logits.cwiseAbs().maxCoeff());
        for (std::size_t l = 0; l < before.size(); ++l) {
            auto& layer = calibration.layers[l];
            moments[l].add(l == 0 ? Eigen::VectorXf(model.embedding.row(tokens[t])) : runner.h(l - 1),
                           before[l]);
            layer.largest_pre = std::max(layer.largest_pre, runner.gates(l).cwiseAbs().maxCoeff());
            layer.largest_c = std::max(layer.largest_c, runner.c(l).cwiseAbs().maxCoeff());
        }
        if (report && (t + 1) % static_cast<std::size_t>(kBlock) == 0) {
            report(t + 1, mean.value());
        }
    }
    for (std::size_t l = 0; l < moments.size(); ++l) {
        moments[l].finish(calibration.steps, calibration.layers[l]);
    }
    calibration.bits_per_character = mean.value();
    return calibration;
}

}  // namespace lacuna
