#include "model/golden_score.hpp"

#include <cmath>

#include "model/walk.hpp"

namespace lacuna {

namespace {

class GoldenVisitor {
  public:
    GoldenVisitor(const HostedModel& hosted, const Split& split, const QualityReport& report)
        : golden_(hosted.model),
          host_(hosted.host),
          split_(split),
          report_(report),
          scorer_(host_.format.task, split),
          head_(host_.head_weight, host_.head_bias, scorer_) {}

    void reset() { golden_.reset(); }

    void step(long position) {
        const auto at = static_cast<std::size_t>(position);
        const std::size_t size = golden_.model().input_size();
        if (golden_.model().language) {
            golden_.step_token(split_.tokens[at], &trace_);
        } else if (host_.has_head()) {
            const auto token = static_cast<std::size_t>(split_.tokens[at]);
            golden_.step(std::span(host_.embedding).subspan(token * size, size), &trace_);
        } else {
            golden_.step(quantised_input(golden_.model(), {split_.inputs.col(position).data(), size}),
                         &trace_);
        }
        result_.ranges.add_ranges(golden_, trace_);
        if (++steps_ % kInterval == 0 && report_) {
            report_(steps_, scorer_.quality());
        }
    }

    void score(long target) {
        if (host_.has_head()) {
            const int one = number_format(golden_.model().activation_bits).activation_bits - 1;
            head_.add(real(golden_.h(golden_.model().layers.size() - 1), one), target);
        } else {
            scorer_.add(real(golden_.logits(), golden_.model().head->fraction), target);
        }
    }

    GoldenScore finish() {
        head_.flush();
        result_.quality = scorer_.quality();
        return result_;
    }

  private:
    static constexpr std::size_t kInterval = 256;

    template <class T>
    static Eigen::VectorXf real(std::span<const T> values, int fraction) {
        Eigen::VectorXf result(static_cast<Eigen::Index>(values.size()));
        for (std::size_t i = 0; i < values.size(); ++i) {
            result[static_cast<Eigen::Index>(i)] = std::ldexp(static_cast<float>(values[i]), -fraction);
        }
        return result;
    }

    GoldenModel golden_;
    const HostPart& host_;
    const Split& split_;
    const QualityReport& report_;
    Scorer scorer_;
    HostHead head_;
    StepTrace trace_;
    GoldenScore result_;
    std::size_t steps_ = 0;
};

}  // namespace

GoldenScore score_golden(const HostedModel& hosted, const Split& split, long limit,
                         const QualityReport& report) {
    GoldenVisitor visitor(hosted, split, report);
    walk(split, limit, visitor);
    return visitor.finish();
}

}  // namespace lacuna
