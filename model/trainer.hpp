// Training of a model, dense or with gradual pruning and rounding.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/safetensors.hpp"
#include "model/dataset.hpp"
#include "model/integer_network.hpp"
#include "model/network.hpp"
#include "model/optimiser.hpp"
#include "model/parameters.hpp"
#include "model/pruning.hpp"
#include "model/quality.hpp"

namespace lacuna {

/// Everything that decides the result; only `threads` does not.
struct TrainOptions {
    int epochs = 5;
    int streams = 64;  ///< parallel pieces of the text, or sequences: the batch
    int steps = 100;   ///< tokens, or steps of a series, per update and stream; sequences are taken whole
    int shards = 2;    ///< parts of the batch whose gradients are summed in order; must divide `streams`
    int threads = 2;   ///< at most `shards` are of use
    std::uint64_t seed = 1;
    LearningRate learning_rate{4e-3, 100, 0.01};
    AdamOptions adam;
    double clip = 1.0;  ///< largest norm of a gradient
    Dropout dropout;
    int sampled = 0;        ///< words: tokens drawn for a sampled softmax; 0: all
    bool keep_best = true;  ///< end with the parameters of the best validation
    int patience = 0;       ///< end after so many validations in a row without a better one; 0: never

    PruneOptions prune;
    double round_fraction = 0.0;  ///< last part of the updates that runs on int8 weights, embeddings and h
    double distill = 0.0;         ///< share of the teacher's probabilities in the targets

    /// Adds what is wrong with the options to `problems`; `layers` of the network, 0 where it is unknown.
    void check(class Problems& problems, std::size_t layers = 0) const;
    /// Options that suit a task; the shipped models' for characters.
    static TrainOptions defaults(Task task);
    /// The same for pruning and fine-tuning a trained model to k = 2.
    static TrainOptions pruning_defaults(Task task);
    /// All but `threads`, as a JSON object.
    std::string to_json() const;
};

/// Throws `Error` when parameters, gradients and the optimiser's state would not fit into the memory that is
/// free.
void check_memory(const ParameterLayout& layout, const TrainOptions& options);

/// A training run in memory: parameters, optimiser, masks, position in the data. Losses are those of
/// `Quality`.
class Trainer {
  public:
    /// @param initial parameters to start from; @param teacher parameters of the distilling network, if any
    /// Throws `Error` on bad options, when the training split is too short for the batch, or when a batch
    /// does not fit into memory.
    Trainer(const Dataset& data, ParameterLayout layout, Flat<float> initial, TrainOptions options,
            std::optional<Flat<float>> teacher = std::nullopt);
    /// Fine-tunes a quantised model in its own arithmetic: starts from what its integers stand for, and keeps
    /// its scales and kept weights. Neither dropout nor pruning and rounding have a place there.
    Trainer(const Dataset& data, const ParameterLayout& layout, const HostedModel& hosted,
            const FloatModel& source, TrainOptions options);
    Trainer(const Trainer&) = delete;  // the shards refer to the layout
    Trainer& operator=(const Trainer&) = delete;

    long updates_per_epoch() const { return chunks_; }
    long total_updates() const { return chunks_ * options_.epochs; }
    long update() const { return update_; }  ///< updates done
    /// All updates are done, or patience has run out.
    bool finished() const;

    /// One update; returns the training loss. Throws `Error` when loss, gradient or
    /// parameters are not finite any more; the trainer is of no use then.
    double step();

    /// Parameters that the network computes with now: masked, and rounded in the rounding part.
    Flat<float> effective_parameters() const;
    /// Parameters to export: masked, not rounded.
    Flat<float> pruned_parameters() const { return parameters_.cwiseProduct(mask_); }
    /// Takes note of a validation: for the best parameters so far, patience, and the plateaus of the learning
    /// rate. Only counts once the masks are final and rounding, if any, has begun. Returns whether it is the
    /// best.
    bool note_validation(const Quality& quality);
    /// Goes back to the best parameters noted, where they are kept; to call at the end.
    void take_best();
    double learning_rate() const;  ///< of the next update
    /// The model of the present parameters, of a run in integers.
    HostedModel quantised();
    bool rounding() const;
    /// Present k of each matrix.
    BankCounts counts() const { return bank_counts(layout_, options_.prune, share_); }
    KeptWeights kept() const { return kept_weights(layout_, mask_); }

    /// Of a text or series cut into `streams` pieces of equal length, each from zero state; what does not
    /// fill the pieces is left out. streams = 1: the exact figure of the whole. Sequences are scored whole.
    Quality evaluate(const Split& split, int streams);

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
        Batch batch;
        Flat<float> gradient;
        double loss = 0.0;
    };

    bool by_stream() const { return !data_.train.tokens.empty() || data_.train.series(); }
    void check_size() const;
    void shuffle();
    void fill_batch(Shard& shard, int index) const;
    void run_shard(int index, const Flat<float>& effective, double scored);
    double gather_gradient();
    Tally evaluate_streams(const Split& split, int streams);
    Tally evaluate_sequences(const Split& split);
    /// What `effective_parameters` gives, without a copy where nothing is masked or rounded.
    const Flat<float>& effective();
    PassOptions pass_options() const;
    bool settled() const;
    /// Of all parameters, as the criterion says.
    Flat<float> pruning_scores() const;
    void update_mask();
    /// The mask, where only the kept weights take part in products: no others are to learn.
    const Flat<float>* products_mask() const;
    bool gradient_masked() const { return integers_ || !options_.prune.regrow || update_ >= prune_end(); }
    [[noreturn]] void throw_diverged(double loss, double norm) const;
    long prune_end() const;
    std::string identity() const;

    const Dataset& data_;
    ParameterLayout layout_;
    TrainOptions options_;
    std::string start_;  ///< SHA-256 of the starting point
    Flat<float> parameters_;
    Flat<float> mask_;
    Flat<float> movement_;  ///< sum of - w dL/dw; empty unless it is the criterion
    std::optional<Flat<float>> teacher_;
    Adam adam_;
    std::vector<std::unique_ptr<Shard>> shards_;
    Flat<float> effective_;
    std::optional<IntegerNetwork> integers_;  ///< loaded with the parameters that `effective` returned last
    float largest_input_ = 0.0F;              ///< of input vectors
    std::vector<double> token_shares_;        ///< for sampled softmax
    std::vector<long> order_;                 ///< of the sequences in the epoch `shuffled_epoch_`
    long shuffled_epoch_ = -1;
    std::optional<Flat<float>> best_;
    std::optional<double> best_loss_;
    int since_best_ = 0;       ///< validations
    int since_reduction_ = 0;  ///< validations since a better one or the last reduction of the learning rate
    int reductions_ = 0;
    long stream_length_ = 0;
    long chunks_ = 0;
    long update_ = 0;
    double share_ = 0.0;        ///< of what is pruned in the end
    bool mask_changed_ = true;  ///< since the shards last took it over
};

}  // namespace lacuna
