#include "model/calibrate.hpp"

#include <algorithm>
#include <utility>

#include "common/error.hpp"
#include "model/walk.hpp"

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

/// Runs the model, and watches.
class Watcher {
  public:
    Watcher(const FloatModel& model, const Split& split, const QualityReport& report)
        : model_(model),
          split_(split),
          report_(report),
          runner_(model),
          scorer_(model.format.task, split),
          head_(model.head_weight, model.head_bias, scorer_),
          before_(model.layers.size()) {
        result_.layers.resize(model.layers.size());
        for (const auto& layer : model.layers) {
            moments_.emplace_back(layer.inputs() + layer.units());
        }
    }

    void reset() { runner_.reset(); }

    void step(long position) {
        for (std::size_t l = 0; l < before_.size(); ++l) {
            before_[l] = runner_.h(l);
        }
        const Eigen::VectorXf input =
            split_.tokens.empty()
                ? Eigen::VectorXf(split_.inputs.col(position))
                : Eigen::VectorXf(model_.embedding.row(split_.tokens[static_cast<std::size_t>(position)]));
        runner_.advance(input);
        result_.largest_input = std::max(result_.largest_input, input.cwiseAbs().maxCoeff());
        for (std::size_t l = 0; l < before_.size(); ++l) {
            auto& layer = result_.layers[l];
            moments_[l].add(l == 0 ? input : runner_.h(l - 1), before_[l]);
            layer.largest_pre = std::max(layer.largest_pre, runner_.gates(l).cwiseAbs().maxCoeff());
            layer.largest_c = std::max(layer.largest_c, runner_.c(l).cwiseAbs().maxCoeff());
        }
        if (++result_.steps % static_cast<std::size_t>(kBlock) == 0 && report_) {
            report_(result_.steps, scorer_.quality());
        }
    }

    void score(long target) {
        if (model_.format.task == Task::Words) {
            head_.add(runner_.h(before_.size() - 1), target);
            return;
        }
        const auto& outputs = runner_.outputs();
        result_.largest_output = std::max(result_.largest_output, outputs.cwiseAbs().maxCoeff());
        scorer_.add(outputs, target);
    }

    Calibration finish() {
        head_.flush();
        for (std::size_t l = 0; l < moments_.size(); ++l) {
            moments_[l].finish(result_.steps, result_.layers[l]);
        }
        result_.quality = scorer_.quality();
        return std::move(result_);
    }

  private:
    const FloatModel& model_;
    const Split& split_;
    const QualityReport& report_;
    FloatRunner runner_;
    Scorer scorer_;
    HostHead head_;
    std::vector<Eigen::VectorXf> before_;  ///< h of each layer before the step
    std::vector<Moment> moments_;
    Calibration result_;
};

}  // namespace

Calibration calibrate(const FloatModel& model, const Split& split, long limit, const QualityReport& report) {
    if (steps_to_walk(split, limit) < 1) {
        throw Error("calibration needs at least one step of data; give more");
    }
    Watcher watcher(model, split, report);
    walk(split, limit, watcher);
    return watcher.finish();
}

}  // namespace lacuna
