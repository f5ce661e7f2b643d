// How well a model does on a split, in the figure of its task.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <string>

#include "golden/bits_per_character.hpp"
#include "model/task.hpp"

namespace lacuna {

/// `figure` is, by task:
/// - characters: bits per character; words: perplexity, 2 ^ (bits per word)
/// - classification: accuracy, 0..1
/// - regression: NRMSE, the root of the mean squared error over the variance of the split's targets, averaged
///   over the outputs; 1 is as good as always saying the mean
struct Quality {
    Task task = Task::Characters;
    /// What training lowers: mean bits (-log2 p) of a token or class, or mean squared error of normalised
    /// values.
    double loss = 0;
    double figure = 0;
    std::size_t count = 0;  ///< tokens, sequences or scored steps
};

const char* figure_name(Task task);  ///< `bits per character`, `perplexity`, `accuracy`, `NRMSE`
const char* figure_key(Task task);   ///< in files: `bpc`, `perplexity`, `accuracy`, `nrmse`

/// For people: `1.5403 bits per character`, `perplexity 112.73`, `accuracy 97.22 %`, `NRMSE 0.01234`.
std::string quality_text(const Quality& quality);

/// How much worse `figure` is than `reference`, as a part of it: of bits, perplexity, errors (1 - accuracy,
/// in parts of all samples) or NRMSE. Negative: better.
double relative_loss(Task task, double figure, double reference);

/// Gathers a split's errors.
class Tally {
  public:
    explicit Tally(Task task) : task_(task) {}

    /// One token of a language model or one class.
    void add_bits(double bits, bool correct = false);
    /// Many at once: the sum of their -ln p, and how many had the highest probability.
    void add_sum(double nats, std::size_t count, std::size_t correct = 0);
    /// One step's values, both normalised alike.
    void add_values(const Eigen::Ref<const Eigen::VectorXf>& predicted,
                    const Eigen::Ref<const Eigen::VectorXf>& target);
    void merge(const Tally& other);

    std::size_t count() const { return count_ + exact_.count(); }
    Quality quality() const;

  private:
    Task task_;
    BitsPerCharacter exact_;
    double nats_ = 0;
    std::size_t count_ = 0;
    std::size_t correct_ = 0;
    Eigen::VectorXd squared_errors_;
    Eigen::VectorXd sums_;
    Eigen::VectorXd squares_;
};

}  // namespace lacuna
