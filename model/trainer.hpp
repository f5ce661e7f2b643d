// Training of the character language model, dense or with gradual pruning and rounding.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/safetensors.hpp"
#include "model/corpus.hpp"
#include "model/network.hpp"
#include "model/optimiser.hpp"
#include "model/parameters.hpp"
#include "model/pruning.hpp"

namespace lacuna {

/// Everything that decides the result; only `threads` does not.
struct TrainOptions {
    int epochs = 5;
    int streams = 64;  ///< parallel pieces of the text, the batch
    int steps = 100;   ///< characters per update and stream
    int shards = 2;    ///< parts of the batch whose gradients are summed in order; must divide `streams`
    int threads = 2;   ///< at most `shards` are of use
    std::uint64_t seed = 1;
    LearningRate learning_rate{4e-3, 100, 0.01};
    AdamOptions adam;
    double clip = 1.0;     ///< largest norm of a gradient
    double dropout = 0.0;  ///< between layers and before the head

    PruneOptions prune;
    double round_fraction = 0.0;  ///< last part of the updates that runs on int8 weights, embeddings and h
    double distill = 0.0;         ///< share of the teacher's probabilities in the targets

    /// Adds what is wrong with the options to `problems`; `layers` of the network, 0 where it is unknown.
    void check(class Problems& problems, std::size_t layers = 0) const;
    /// All but `threads`, as a JSON object.
    std::string to_json() const;
};

/// A training run in memory: parameters, optimiser, masks, position in the text. Losses are bits per
/// character.
class Trainer {
  public:
    /// @param initial parameters to start from; @param teacher parameters of the distilling network, if any
    /// Throws `Error` on bad options or when the training split is too short for the batch.
    Trainer(const Corpus& corpus, ParameterLayout layout, Flat<float> initial, TrainOptions options,
            std::optional<Flat<float>> teacher = std::nullopt);
    Trainer(const Trainer&) = delete;  // the shards refer to the layout
    Trainer& operator=(const Trainer&) = delete;

    long updates_per_epoch() const { return chunks_; }
    long total_updates() const { return chunks_ * options_.epochs; }
    long update() const { return update_; }  ///< updates done

    /// One update; returns the training loss in bits per character. Throws `Error` when loss, gradient or
    /// parameters are not finite any more; the trainer is of no use then.
    double step();

    /// Parameters that the network computes with now: masked, and rounded in the rounding part.
    Flat<float> effective_parameters() const;
    /// Parameters to export: masked, not rounded.
    Flat<float> pruned_parameters() const { return parameters_.cwiseProduct(mask_); }
    bool rounding() const;
    /// Present k of each matrix.
    BankCounts counts() const { return bank_counts(layout_, options_.prune, share_); }
    KeptWeights kept() const { return kept_weights(layout_, mask_); }

    /// Bits per character of a text cut into `streams` pieces of equal length, each from zero state; what
    /// does not fill the pieces is left out. streams = 1: the exact figure of the whole text.
    double evaluate(const std::vector<int>& tokens, int streams) const;

    /// Complete state between two updates; restoring it and going on gives the same bytes as never stopping.
    SafeTensors checkpoint() const;
    /// Throws `Error` (naming `subject`) when the checkpoint is of other options, data or starting point.
    void restore(const SafeTensors& file, const std::string& subject);

    const TrainOptions& options() const { return options_; }
    const ParameterLayout& layout() const { return layout_; }
    /// Floating-point operations of one update (products only).
    double operations_per_update() const;
    /// Seconds spent in products, summed over shards.
    double product_seconds() const;

  private:
    struct Shard {
        Shard(const ParameterLayout& layout, Eigen::Index streams)
            : network(layout, streams), teacher(layout, streams) {}

        Network<float> network;
        Network<float> teacher;
        std::vector<int> inputs;
        std::vector<int> targets;
        Flat<float> gradient;
        double loss = 0.0;
    };

    void fill_batch(Shard& shard, int index) const;
    void run_shard(int index, const Flat<float>& effective);
    void update_mask();
    /// The mask, where only the kept weights take part in products: no others are to learn.
    const Flat<float>* products_mask() const;
    bool gradient_masked() const { return !options_.prune.regrow || update_ >= prune_end(); }
    [[noreturn]] void throw_diverged(double loss, double norm) const;
    long prune_end() const;
    std::string identity() const;

    const Corpus& corpus_;
    ParameterLayout layout_;
    TrainOptions options_;
    std::string start_;  ///< SHA-256 of the starting point
    Flat<float> parameters_;
    Flat<float> mask_;
    Flat<float> movement_;  ///< sum of - w dL/dw; empty when magnitude is the criterion
    std::optional<Flat<float>> teacher_;
    Adam adam_;
    std::vector<std::unique_ptr<Shard>> shards_;
    long stream_length_ = 0;
    long chunks_ = 0;
    long update_ = 0;
    double share_ = 0.0;        ///< of what is pruned in the end
    bool mask_changed_ = true;  ///< since the shards last took it over
};

}  // namespace lacuna
