// The head and the loss on top of a network: softmax over tokens or classes, or squared errors of values.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "model/batch.hpp"
#include "model/parameters.hpp"

namespace lacuna {

/// Sampled softmax (Jean et al., "On using very large target vocabulary", ACL 2015): the targets compete with
/// `count` different tokens, drawn by their frequency, instead of with all; logits are lowered by the log of
/// each token's expected number of draws.
struct Sampling {
    int count = 0;  ///< 0: all tokens
    std::uint64_t seed = 0;
    /// Share of the tokens up to and including each, in the training split (plus one of each); [V]
    const std::vector<double>* shares = nullptr;
};

/// Shares for `Sampling`.
std::vector<double> token_shares(const std::vector<int>& tokens, Eigen::Index vocabulary);

template <class Scalar>
class Readout {
  public:
    using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

    explicit Readout(const ParameterLayout& layout) : layout_(layout) {}

    /// @param top h of the last layer in the scored columns, [H, S]
    /// @return sum of -ln p(target), or of half the squared errors
    double forward(const Flat<Scalar>& parameters, const Eigen::Ref<const Matrix>& top, const Batch& batch,
                   const Sampling& sampling = {});

    /// As `forward`, of outputs (logits or values) that were computed elsewhere.
    double take(Matrix outputs, const Batch& batch);

    /// Adds the gradient of `scale` * the loss of the last `forward` to `gradient`, and writes that of `top`
    /// to `from_above`. With `teacher`, the `outputs()` of another network, the targets are (1 - share) * the
    /// batch's + share * the teacher's.
    void backward(const Flat<Scalar>& parameters, const Eigen::Ref<const Matrix>& top, const Batch& batch,
                  Scalar scale, Flat<Scalar>& gradient, const Matrix* teacher, Scalar share,
                  Matrix& from_above);

    /// Probabilities of tokens or classes, or values, in the scored columns, [head rows, S]; after a sampled
    /// `forward` of the tokens that took part; gone after `backward`.
    const Matrix& outputs() const { return outputs_; }

  private:
    void draw(const Batch& batch, const Sampling& sampling);
    double loss_of_outputs(const Batch& batch);
    double softmax(const Batch& batch);
    double sampled_softmax();

    const ParameterLayout& layout_;
    Matrix outputs_;                                     ///< in backward the gradient of the logits
    std::vector<int> chosen_;                            ///< tokens that take part, ascending; empty: all
    std::vector<Eigen::Index> place_;                    ///< of each scored column's target among them
    Eigen::Matrix<Scalar, Eigen::Dynamic, 1> discount_;  ///< log of the expected draws of each
    std::vector<bool> drawn_;                            ///< not only there as some column's target
    Matrix weight_;                                      ///< rows of the chosen tokens
};

extern template class Readout<float>;
extern template class Readout<double>;

}  // namespace lacuna
