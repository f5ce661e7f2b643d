// How well the network of a training run does on a split.
#include <algorithm>

#include "model/shards.hpp"
#include "model/trainer.hpp"
#include "model/walk.hpp"

namespace lacuna {

namespace {

/// Errors of a batch's outputs.
void add_outputs(const Network<float>& network, const Batch& batch, double loss, Tally& tally, Task task) {
    const auto& outputs = network.outputs();
    if (task == Task::Regression) {
        for (Eigen::Index j = 0; j < outputs.cols(); ++j) {
            tally.add_values(outputs.col(j), batch.values.col(j));
        }
        return;
    }
    std::size_t correct = 0;
    for (Eigen::Index j = 0; task == Task::Classification && j < outputs.cols(); ++j) {
        Eigen::Index best = 0;
        outputs.col(j).maxCoeff(&best);
        correct += best == batch.targets[static_cast<std::size_t>(j)] ? 1 : 0;
    }
    tally.add_sum(loss, static_cast<std::size_t>(outputs.cols()), correct);
}

}  // namespace

Quality Trainer::evaluate(const Split& split, int streams) {
    const bool stream = !split.tokens.empty() || split.series();
    return (stream ? evaluate_streams(split, streams) : evaluate_sequences(split)).quality();
}

Tally Trainer::evaluate_streams(const Split& split, int streams) {
    const auto positions = stream_positions(split);
    const long pieces = std::min<long>(streams, positions);
    const long length = positions / pieces;
    const int shards = pieces % options_.shards == 0 ? options_.shards : 1;
    const long per_shard = pieces / shards;
    const auto& parameters = effective();
    const Task task = layout_.shape().task;
    std::vector<Tally> tallies(static_cast<std::size_t>(shards), Tally(task));
    for_each_shard(shards, options_.threads, [&](int shard) {
        Network<float> network(layout_, per_shard);
        network.keep_only(products_mask());
        const auto pass = pass_options();
        for (long first = 0; first < length; first += options_.steps) {
            std::vector<long> firsts;
            for (long b = 0; b < per_shard; ++b) {
                firsts.push_back((shard * per_shard + b) * length + first);
            }
            const long steps = std::min<long>(options_.steps, length - first);
            const long unscored = std::max(0L, settling_steps(split, length) - first);
            const bool scored = unscored < steps;
            const auto batch = stream_batch(split, firsts, steps, first == 0, scored ? unscored : 0);
            const double loss = network.forward(parameters, batch, pass);
            if (scored) {
                add_outputs(network, batch, loss, tallies[static_cast<std::size_t>(shard)], task);
            }
        }
    });
    Tally all(task);
    for (const auto& tally : tallies) {
        all.merge(tally);
    }
    return all;
}

Tally Trainer::evaluate_sequences(const Split& split) {
    const long count = split.sequences();
    const auto batches = static_cast<int>((count + options_.streams - 1) / options_.streams);
    const auto& parameters = effective();
    const Task task = layout_.shape().task;
    std::vector<Tally> tallies(static_cast<std::size_t>(batches), Tally(task));
    for_each_shard(batches, options_.threads, [&](int index) {
        Network<float> network(layout_, options_.streams);
        network.keep_only(products_mask());
        const auto pass = pass_options();
        std::vector<long> sequences;
        for (long s = static_cast<long>(index) * options_.streams;
             s < std::min(count, (index + 1L) * options_.streams); ++s) {
            sequences.push_back(s);
        }
        const auto batch = sequence_batch(split, sequences);
        const double loss = network.forward(parameters, batch, pass);
        add_outputs(network, batch, loss, tallies[static_cast<std::size_t>(index)], task);
    });
    Tally all(task);
    for (const auto& tally : tallies) {
        all.merge(tally);
    }
    return all;
}

}  // namespace lacuna
