#include "model/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "common/error.hpp"
#include "common/sha256.hpp"
#include "golden/prng.hpp"
#include "model/fake_quantise.hpp"
#include "model/shards.hpp"

namespace lacuna {

namespace {

std::string digest(const Flat<float>& flat) {
    return sha256_hex(std::as_bytes(std::span(flat.data(), static_cast<std::size_t>(flat.size()))));
}

/// An independent seed for the `index`-th use of `purpose`.
std::uint64_t derived_seed(std::uint64_t seed, std::uint64_t purpose, std::uint64_t index) {
    SplitMix64 outer(seed ^ (purpose * 0xA24BAED4963EE407U));
    SplitMix64 inner(outer.next() ^ (index * 0x9FB21C651E98DF25U));
    return inner.next();
}

constexpr std::uint64_t kOffsetPurpose = 1;
constexpr std::uint64_t kDropoutPurpose = 2;

}  // namespace

Trainer::Trainer(const Corpus& corpus, ParameterLayout layout, Flat<float> initial, TrainOptions options,
                 std::optional<Flat<float>> teacher)
    : corpus_(corpus),
      layout_(std::move(layout)),
      options_(options),
      start_(digest(initial) + (teacher ? digest(*teacher) : "")),
      parameters_(std::move(initial)),
      mask_(Flat<float>::Ones(parameters_.size())),
      teacher_(std::move(teacher)),
      adam_(parameters_.size()) {
    Problems problems("training options");
    options_.check(problems, layout_.layers.size());
    problems.throw_if_any();
    pruning_mask(layout_, options_.prune, parameters_.cwiseAbs(), 1.0);  // throws when out of reach
    if (options_.prune.enabled() && options_.prune.criterion == Criterion::Movement) {
        movement_ = Flat<float>::Zero(parameters_.size());
    }
    // One character more than the inputs, and room for the random start of each epoch.
    const long needed = 1L + options_.steps + static_cast<long>(options_.streams) * options_.steps;
    const auto got = static_cast<long>(corpus.train.size());
    if (got < needed) {
        throw Error(
            fmt::format("training split has {} characters, but {} streams of {} steps need at least {}; "
                        "use fewer --streams or --steps, or more text",
                        got, options_.streams, options_.steps, needed));
    }
    stream_length_ = (got - 1 - options_.steps) / options_.streams;
    chunks_ = stream_length_ / options_.steps;
    pin_product_blocking();
    const auto per_shard = options_.streams / options_.shards;
    for (int i = 0; i < options_.shards; ++i) {
        shards_.push_back(std::make_unique<Shard>(layout_, per_shard));
    }
}

void Trainer::fill_batch(Shard& shard, int index) const {
    const long epoch = update_ / chunks_;
    const long chunk = update_ % chunks_;
    const auto random = derived_seed(options_.seed, kOffsetPurpose, static_cast<std::uint64_t>(epoch));
    const long offset = static_cast<long>(random % static_cast<std::uint64_t>(options_.steps));
    const auto streams = static_cast<long>(shard.network.streams());
    shard.inputs.resize(static_cast<std::size_t>(streams * options_.steps));
    shard.targets.resize(shard.inputs.size());
    for (long b = 0; b < streams; ++b) {
        const long first = offset + (index * streams + b) * stream_length_ + chunk * options_.steps;
        for (long t = 0; t < options_.steps; ++t) {
            const auto place = static_cast<std::size_t>(t * streams + b);
            const auto position = static_cast<std::size_t>(first + t);
            shard.inputs[place] = corpus_.train[position];
            shard.targets[place] = corpus_.train[position + 1];
        }
    }
}

void Trainer::run_shard(int index, const Flat<float>& effective) {
    auto& shard = *shards_[static_cast<std::size_t>(index)];
    fill_batch(shard, index);
    if (update_ % chunks_ == 0) {
        shard.network.reset();
        shard.teacher.reset();
    }
    PassOptions pass;
    pass.dropout = options_.dropout;
    pass.dropout_seed = derived_seed(options_.seed, kDropoutPurpose,
                                     static_cast<std::uint64_t>(update_ * options_.shards + index));
    pass.round_hidden = rounding();
    shard.loss = shard.network.forward(effective, shard.inputs, shard.targets, pass);
    const auto* soft = static_cast<const Network<float>::Matrix*>(nullptr);
    if (teacher_) {
        shard.teacher.forward(*teacher_, shard.inputs, shard.targets, {});
        soft = &shard.teacher.probabilities();
    }
    const float scale = 1.0F / static_cast<float>(options_.streams * options_.steps);
    shard.gradient.setZero(layout_.size());
    shard.network.backward(effective, shard.inputs, shard.targets, scale, shard.gradient, soft,
                           static_cast<float>(options_.distill));
}

double Trainer::step() {
    update_mask();
    if (mask_changed_) {
        for (auto& shard : shards_) {
            shard->network.keep_only(products_mask());
        }
        mask_changed_ = false;
    }
    const auto effective = effective_parameters();
    for_each_shard(options_.shards, options_.threads, [&](int index) { run_shard(index, effective); });
    double loss = 0.0;
    auto& gradient = shards_.front()->gradient;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        loss += shards_[i]->loss;
        if (i > 0) {
            gradient += shards_[i]->gradient;
        }
    }
    loss /= std::numbers::ln2 * options_.streams * options_.steps;
    if (movement_.size() > 0) {
        movement_ -= parameters_.cwiseProduct(gradient);
    }
    if (gradient_masked()) {
        gradient = gradient.cwiseProduct(mask_);
    }
    const double norm = clip_norm(gradient, options_.clip);
    if (!std::isfinite(loss) || !std::isfinite(norm)) {
        throw_diverged(loss, norm);
    }
    const double rate = options_.learning_rate.at(update_, total_updates());
    for_each_shard(1, 1, [&](int) { adam_.step(parameters_, gradient, rate, update_ + 1, options_.adam); });
    if (!parameters_.allFinite()) {
        throw_diverged(loss, norm);
    }
    ++update_;
    return loss;
}

void Trainer::throw_diverged(double loss, double norm) const {
    throw Error(
        fmt::format("training diverged at update {} of {}: loss is {} bits per character, gradient norm {}; "
                    "lower --learning-rate or --clip and start again, or --resume from the last checkpoint",
                    update_ + 1, total_updates(), loss, norm));
}

long Trainer::prune_end() const {
    // The last update at the latest, so that the masks are always made final.
    return std::min(total_updates() - 1,
                    std::lround(options_.prune.fraction * static_cast<double>(total_updates())));
}

void Trainer::update_mask() {
    const auto& prune = options_.prune;
    const long end = prune_end();
    if (!prune.enabled() || update_ > end || (update_ < end && update_ % prune.interval != 0)) {
        return;
    }
    share_ = pruned_share(prune.schedule,
                          end == 0 ? 1.0 : static_cast<double>(update_) / static_cast<double>(end));
    const bool by_movement = prune.criterion == Criterion::Movement;
    mask_ = pruning_mask(layout_, prune, by_movement ? movement_ : parameters_.cwiseAbs(), share_);
    mask_changed_ = true;
    if (update_ == end) {  // from here on the pruned weights are gone
        parameters_ = parameters_.cwiseProduct(mask_);
        adam_.first = adam_.first.cwiseProduct(mask_);
        adam_.second = adam_.second.cwiseProduct(mask_);
    }
}

const Flat<float>* Trainer::products_mask() const {
    return options_.prune.enabled() && gradient_masked() ? &mask_ : nullptr;
}

bool Trainer::rounding() const {
    return static_cast<double>(update_) >=
               (1.0 - options_.round_fraction) * static_cast<double>(total_updates()) &&
           options_.round_fraction > 0.0;
}

Flat<float> Trainer::effective_parameters() const {
    return rounding() ? fake_quantised(pruned_parameters(), layout_) : pruned_parameters();
}

double Trainer::evaluate(const std::vector<int>& tokens, int streams) const {
    const auto predictions = static_cast<long>(tokens.size()) - 1;
    const long pieces = std::min<long>(streams, predictions);
    const long length = predictions / pieces;
    const int shards = pieces % options_.shards == 0 ? options_.shards : 1;
    const long per_shard = pieces / shards;
    const auto effective = effective_parameters();
    std::vector<double> losses(static_cast<std::size_t>(shards), 0.0);
    for_each_shard(shards, options_.threads, [&](int shard) {
        Network<float> network(layout_, per_shard);
        network.keep_only(products_mask());
        PassOptions pass;
        pass.round_hidden = rounding();
        for (long first = 0; first < length; first += options_.steps) {
            const long steps = std::min<long>(options_.steps, length - first);
            std::vector<int> inputs;
            std::vector<int> targets;
            for (long t = first; t < first + steps; ++t) {
                for (long b = 0; b < per_shard; ++b) {
                    const auto position = static_cast<std::size_t>((shard * per_shard + b) * length + t);
                    inputs.push_back(tokens[position]);
                    targets.push_back(tokens[position + 1]);
                }
            }
            losses[static_cast<std::size_t>(shard)] += network.forward(effective, inputs, targets, pass);
        }
    });
    double loss = 0.0;
    for (const double part : losses) {
        loss += part;
    }
    return loss / (std::numbers::ln2 * static_cast<double>(pieces * length));
}

double Trainer::operations_per_update() const {
    auto weights = static_cast<double>(layout_.head_weight.size());
    for (std::size_t n = 0; n < layout_.layers.size(); ++n) {
        weights += static_cast<double>(layout_.layers[n].weight_h.size());
        weights += n > 0 ? static_cast<double>(layout_.layers[n].weight_x.size()) : 0.0;
    }
    return weights * (teacher_ ? 8.0 : 6.0) * options_.streams * options_.steps;
}

double Trainer::product_seconds() const {
    double seconds = 0.0;
    for (const auto& shard : shards_) {
        seconds += shard->network.product_seconds() + shard->teacher.product_seconds();
    }
    return seconds;
}

}  // namespace lacuna
