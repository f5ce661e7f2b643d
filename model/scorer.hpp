// From a model's outputs, one step at a time, to its quality; the same for float and golden models.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <vector>

#include "model/dataset.hpp"
#include "model/float_model.hpp"
#include "model/quality.hpp"

namespace lacuna {

/// Told now and then how many steps are done, and the quality so far.
using QualityReport = std::function<void(std::size_t, const Quality&)>;

class Scorer {
  public:
    Scorer(Task task, const Split& split) : split_(split), task_(task), tally_(task) {}

    /// @param outputs logits, or normalised values; @param target as `walk` gives it
    void add(const Eigen::Ref<const Eigen::VectorXf>& outputs, long target);
    Quality quality() const { return tally_.quality(); }

  private:
    const Split& split_;
    Task task_;
    Tally tally_;
};

/// A head on the host: gathers the h of many steps, so that its large product is one of matrices.
class HostHead {
  public:
    /// Keeps references: weights and scorer must outlive it.
    HostHead(const RowMatrix& weight, const Eigen::VectorXf& bias, Scorer& scorer);

    void add(const Eigen::Ref<const Eigen::VectorXf>& h, long target);
    void flush();

  private:
    static constexpr Eigen::Index kBlock = 64;

    const RowMatrix& weight_;
    const Eigen::VectorXf& bias_;
    Scorer& scorer_;
    Eigen::MatrixXf h_;
    Eigen::MatrixXf outputs_;
    std::vector<long> targets_;
};

/// Runs a float model over a split, one step at a time from the zero state.
/// @param limit steps at most; 0: all
Quality evaluate(const FloatModel& model, const Split& split, long limit = 0,
                 const QualityReport& report = {});

}  // namespace lacuna
