#include "model/scorer.hpp"

#include <span>

#include "model/walk.hpp"

namespace lacuna {

void Scorer::add(const Eigen::Ref<const Eigen::VectorXf>& outputs, long target) {
    if (task_ == Task::Regression) {
        tally_.add_values(outputs, split_.targets.col(target));
        return;
    }
    bool correct = false;
    if (task_ == Task::Classification) {
        Eigen::Index best = 0;
        outputs.maxCoeff(&best);
        correct = best == target;
    }
    tally_.add_bits(surprise_bits(std::span(outputs.data(), static_cast<std::size_t>(outputs.size())),
                                  static_cast<int>(target)),
                    correct);
}

HostHead::HostHead(const RowMatrix& weight, const Eigen::VectorXf& bias, Scorer& scorer)
    : weight_(weight), bias_(bias), scorer_(scorer), h_(weight.cols(), kBlock) {}

void HostHead::add(const Eigen::Ref<const Eigen::VectorXf>& h, long target) {
    h_.col(static_cast<Eigen::Index>(targets_.size())) = h;
    targets_.push_back(target);
    if (static_cast<Eigen::Index>(targets_.size()) == kBlock) {
        flush();
    }
}

void HostHead::flush() {
    const auto count = static_cast<Eigen::Index>(targets_.size());
    outputs_.noalias() = weight_ * h_.leftCols(count);
    outputs_.colwise() += bias_;
    for (Eigen::Index j = 0; j < count; ++j) {
        scorer_.add(outputs_.col(j), targets_[static_cast<std::size_t>(j)]);
    }
    targets_.clear();
}

namespace {

class FloatVisitor {
  public:
    FloatVisitor(const FloatModel& model, const Split& split, const QualityReport& report)
        : model_(model),
          split_(split),
          report_(report),
          runner_(model),
          scorer_(model.format.task, split),
          head_(model.head_weight, model.head_bias, scorer_) {}

    void reset() { runner_.reset(); }
    void step(long position) {
        if (split_.tokens.empty()) {
            runner_.advance(split_.inputs.col(position));
        } else {
            runner_.advance(model_.embedding.row(split_.tokens[static_cast<std::size_t>(position)]));
        }
        if (report_ && ++steps_ % kInterval == 0) {
            report_(steps_, scorer_.quality());
        }
    }
    void score(long target) { head_.add(runner_.h(model_.layers.size() - 1), target); }
    Quality finish() {
        head_.flush();
        return scorer_.quality();
    }

  private:
    static constexpr std::size_t kInterval = 256;

    const FloatModel& model_;
    const Split& split_;
    const QualityReport& report_;
    FloatRunner runner_;
    Scorer scorer_;
    HostHead head_;
    std::size_t steps_ = 0;
};

}  // namespace

Quality evaluate(const FloatModel& model, const Split& split, long limit, const QualityReport& report) {
    FloatVisitor visitor(model, split, report);
    walk(split, limit, visitor);
    return visitor.finish();
}

}  // namespace lacuna
