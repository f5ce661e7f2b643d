#include "model/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "common/error.hpp"
#include "common/sha256.hpp"
#include "golden/prng.hpp"
#include "model/fake_quantise.hpp"
#include "model/shards.hpp"
#include "model/walk.hpp"

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
constexpr std::uint64_t kOrderPurpose = 3;
constexpr std::uint64_t kSamplePurpose = 4;

/// Parameters, gradients of all shards, mask and the optimiser's state.
double model_bytes(const ParameterLayout& layout, const TrainOptions& options) {
    return static_cast<double>(layout.size()) * sizeof(float) * (6.0 + options.shards);
}

}  // namespace

Trainer::Trainer(const Dataset& data, ParameterLayout layout, Flat<float> initial, TrainOptions options,
                 std::optional<Flat<float>> teacher)
    : data_(data),
      layout_(std::move(layout)),
      options_(std::move(options)),
      start_(digest(initial) + (teacher ? digest(*teacher) : "")),
      parameters_(std::move(initial)),
      mask_(Flat<float>::Ones(parameters_.size())),
      teacher_(std::move(teacher)),
      adam_(parameters_.size()) {
    Problems problems("training options");
    if (!layout_.shape().head_on_engine()) {
        options_.prune.k_head = static_cast<int>(kBankColumns);
    }
    options_.check(problems, layout_.layers.size());
    problems.throw_if_any();
    pruning_mask(layout_, options_.prune, parameters_.cwiseAbs(), 1.0);  // throws when out of reach
    if (options_.prune.enabled() && options_.prune.criterion == Criterion::Movement) {
        movement_ = Flat<float>::Zero(parameters_.size());
    }
    check_size();
    if (by_stream()) {
        stream_length_ = (stream_positions(data.train) - options_.steps) / options_.streams;
        chunks_ = stream_length_ / options_.steps;
    } else {
        chunks_ = (data.train.sequences() + options_.streams - 1) / options_.streams;
    }
    if (data.train.inputs.size() > 0) {
        largest_input_ = data.train.inputs.cwiseAbs().maxCoeff();
    }
    if (options_.sampled > 0) {
        token_shares_ = token_shares(data.train.tokens, layout_.shape().vocabulary);
    }
    pin_product_blocking();
    const auto per_shard = options_.streams / options_.shards;
    for (int i = 0; i < options_.shards; ++i) {
        shards_.push_back(std::make_unique<Shard>(layout_, per_shard));
    }
}

Trainer::Trainer(const Dataset& data, const ParameterLayout& layout, const HostedModel& hosted,
                 const FloatModel& source, TrainOptions options)
    : Trainer(data, layout, flatten(source, layout), std::move(options)) {
    integers_.emplace(hosted, layout_);
    mask_ = integers_->mask();
    // The quantiser's integers, which it chose with care, are where the weights start.
    parameters_ = integers_->stored(std::move(parameters_));
    start_ = digest(parameters_);
    mask_changed_ = true;
}

PassOptions Trainer::pass_options() const {
    PassOptions pass;
    pass.round_hidden = rounding();
    pass.integers = integers_ ? &*integers_ : nullptr;
    return pass;
}

HostedModel Trainer::quantised() {
    effective();
    return integers_->model();
}

void check_memory(const ParameterLayout& layout, const TrainOptions& options) {
    const double needed = model_bytes(layout, options);
    const double available = available_memory();
    if (available > 0 && needed > available) {
        throw Error(
            fmt::format("a model of {} parameters takes {:.1f} GB to train, but {:.1f} GB are free; use "
                        "smaller layers",
                        layout.size(), needed * 1e-9, available * 1e-9));
    }
}

void Trainer::check_size() const {
    Problems problems("training data");
    const auto& shape = layout_.shape();
    const long longest = by_stream() ? options_.steps : data_.train.longest();
    // Room for the random start of each epoch.
    const long needed = options_.steps + static_cast<long>(options_.streams) * options_.steps;
    const long got = stream_positions(data_.train);
    if (by_stream() && got < needed) {
        problems.add(
            fmt::format("the training split has {} {} to predict, but {} streams of {} steps need at "
                        "least {}; use fewer --streams or --steps, or more data",
                        got, is_language(shape.task) ? token_noun(shape.task) : "steps", options_.streams,
                        options_.steps, needed));
    }
    if (options_.sampled > 0 && (shape.task != Task::Words || options_.sampled >= shape.vocabulary)) {
        problems.add(
            fmt::format("--sampled is {}, expected less than the vocabulary of a word model, here {}",
                        options_.sampled, shape.vocabulary));
    }
    const double batch = static_cast<double>(longest) * options_.streams * bytes_per_column(shape);
    const double model = model_bytes(layout_, options_);
    const double available = available_memory();
    if (available > 0 && batch + model > available) {
        problems.add(
            fmt::format("a batch of {} streams of {} steps and the model take {:.1f} GB, but {:.1f} GB "
                        "are free; use fewer --streams{}, or smaller layers",
                        options_.streams, longest, (batch + model) * 1e-9, available * 1e-9,
                        by_stream() ? " or --steps" : ", or cut the sequences"));
    }
    problems.throw_if_any();
}

/// A new order of the sequences in every epoch (Fisher and Yates).
void Trainer::shuffle() {
    const long epoch = update_ / chunks_;
    if (by_stream() || epoch == shuffled_epoch_) {
        return;
    }
    shuffled_epoch_ = epoch;
    order_.resize(static_cast<std::size_t>(data_.train.sequences()));
    std::iota(order_.begin(), order_.end(), 0L);
    SplitMix64 random(derived_seed(options_.seed, kOrderPurpose, static_cast<std::uint64_t>(epoch)));
    for (std::size_t i = order_.size(); i > 1; --i) {
        std::swap(order_[i - 1],
                  order_[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(i) - 1))]);
    }
}

void Trainer::fill_batch(Shard& shard, int index) const {
    const long epoch = update_ / chunks_;
    const long chunk = update_ % chunks_;
    const long streams = options_.streams / options_.shards;
    if (!by_stream()) {
        const auto sequences = static_cast<long>(order_.size());
        const long first = std::min(sequences, chunk * options_.streams + index * streams);
        const long end = std::min(sequences, first + streams);
        shard.batch =
            sequence_batch(data_.train, std::span(order_).subspan(static_cast<std::size_t>(first),
                                                                  static_cast<std::size_t>(end - first)));
        return;
    }
    const auto random = derived_seed(options_.seed, kOffsetPurpose, static_cast<std::uint64_t>(epoch));
    const long offset = static_cast<long>(random % static_cast<std::uint64_t>(options_.steps));
    std::vector<long> firsts;
    for (long b = 0; b < streams; ++b) {
        firsts.push_back(offset + (index * streams + b) * stream_length_ + chunk * options_.steps);
    }
    const long settling = std::min(settling_steps(data_.train, stream_length_), options_.steps / 2L);
    shard.batch = stream_batch(data_.train, firsts, options_.steps, chunk == 0, chunk == 0 ? settling : 0);
}

void Trainer::run_shard(int index, const Flat<float>& effective, double scored) {
    auto& shard = *shards_[static_cast<std::size_t>(index)];
    shard.loss = 0.0;
    shard.gradient.setZero(layout_.size());
    if (shard.batch.columns() == 0) {  // the last batch of an epoch of sequences may be short
        return;
    }
    const auto pass_number = static_cast<std::uint64_t>(update_ * options_.shards + index);
    PassOptions pass = pass_options();
    pass.dropout = options_.dropout;
    pass.dropout_seed = derived_seed(options_.seed, kDropoutPurpose, pass_number);
    pass.sampling = {options_.sampled, derived_seed(options_.seed, kSamplePurpose, pass_number),
                     &token_shares_};
    shard.loss = shard.network.forward(effective, shard.batch, pass);
    const auto* soft = static_cast<const Network<float>::Matrix*>(nullptr);
    if (teacher_) {
        PassOptions same_words;  // drawn by the same seed
        same_words.sampling = pass.sampling;
        shard.teacher.forward(*teacher_, shard.batch, same_words);
        soft = &shard.teacher.outputs();
    }
    shard.network.backward(effective, shard.batch, static_cast<float>(1.0 / scored), shard.gradient, soft,
                           static_cast<float>(options_.distill));
}

/// Sums the shards' gradients into the first one's, masked; returns the norm.
double Trainer::gather_gradient() {
    auto& gradient = shards_.front()->gradient;
    const bool masked = gradient_masked();
    std::vector<double> squares(static_cast<std::size_t>(gradient.size() / kBlockElements + 1), 0.0);
    for_each_block(gradient.size(), options_.threads, [&](std::size_t block, long begin, long end) {
        auto part = gradient.segment(begin, end - begin);
        for (std::size_t i = 1; i < shards_.size(); ++i) {
            part += shards_[i]->gradient.segment(begin, end - begin);
        }
        if (movement_.size() > 0) {
            movement_.segment(begin, end - begin) -=
                parameters_.segment(begin, end - begin).cwiseProduct(part);
        }
        if (masked) {
            part = part.cwiseProduct(mask_.segment(begin, end - begin));
        }
        squares[block] = part.cast<double>().squaredNorm();
    });
    return std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
}

double Trainer::step() {
    update_mask();
    if (mask_changed_) {
        for (auto& shard : shards_) {
            shard->network.keep_only(products_mask());
        }
        mask_changed_ = false;
    }
    shuffle();
    double scored = 0.0;
    for (int i = 0; i < options_.shards; ++i) {
        auto& shard = *shards_[static_cast<std::size_t>(i)];
        fill_batch(shard, i);
        scored += static_cast<double>(shard.batch.scored_columns());
    }
    const auto& parameters = effective();
    for_each_shard(options_.shards, options_.threads,
                   [&](int index) { run_shard(index, parameters, scored); });
    double loss = 0.0;
    for (const auto& shard : shards_) {
        loss += shard->loss;
    }
    loss /= scored;
    // As in `Quality`: bits, or squared errors, of which the loss is half the sum.
    loss *= layout_.shape().task == Task::Regression ? 2.0 / static_cast<double>(layout_.shape().outputs)
                                                     : std::numbers::log2e;
    const double norm = gather_gradient();
    if (!std::isfinite(loss) || !std::isfinite(norm)) {
        throw_diverged(loss, norm);
    }
    adam_.step(parameters_, shards_.front()->gradient, clip_scale(norm, options_.clip), learning_rate(),
               update_ + 1, options_.adam, options_.threads);
    if (!parameters_.allFinite()) {
        throw_diverged(loss, norm);
    }
    ++update_;
    return loss;
}

void Trainer::throw_diverged(double loss, double norm) const {
    throw Error(fmt::format(
        "training diverged at update {} of {}: loss is {}, gradient norm {}; "
        "lower --learning-rate or --clip, delete the checkpoint beside the model if there is one, "
        "and start again",
        update_ + 1, total_updates(), loss, norm));
}

long Trainer::prune_end() const {
    // The last update at the latest, so that the masks are always made final.
    return std::min(total_updates() - 1,
                    std::lround(options_.prune.fraction * static_cast<double>(total_updates())));
}

Flat<float> Trainer::pruning_scores() const {
    switch (options_.prune.criterion) {
        case Criterion::Movement:
            return movement_;
        case Criterion::Saliency:
            return parameters_.cwiseAbs2().cwiseProduct(adam_.second);
        default:
            return parameters_.cwiseAbs();
    }
}

void Trainer::update_mask() {
    const auto& prune = options_.prune;
    const long end = prune_end();
    if (!prune.enabled() || update_ > end || (update_ < end && update_ % prune.interval != 0)) {
        return;
    }
    share_ = pruned_share(prune.schedule,
                          end == 0 ? 1.0 : static_cast<double>(update_) / static_cast<double>(end));
    mask_ = pruning_mask(layout_, prune, pruning_scores(), share_);
    mask_changed_ = true;
    if (update_ == end) {  // from here on the pruned weights are gone
        parameters_ = parameters_.cwiseProduct(mask_);
        adam_.first = adam_.first.cwiseProduct(mask_);
        adam_.second = adam_.second.cwiseProduct(mask_);
    }
}

const Flat<float>* Trainer::products_mask() const {
    return (integers_ || options_.prune.enabled()) && gradient_masked() ? &mask_ : nullptr;
}

bool Trainer::rounding() const {
    return static_cast<double>(update_) >=
               (1.0 - options_.round_fraction) * static_cast<double>(total_updates()) &&
           options_.round_fraction > 0.0;
}

Flat<float> Trainer::effective_parameters() const {
    return rounding() ? fake_quantised(pruned_parameters(), layout_, largest_input_) : pruned_parameters();
}

const Flat<float>& Trainer::effective() {
    if (integers_) {
        integers_->load(parameters_);
        return integers_->real();
    }
    if (!options_.prune.enabled() && !rounding()) {
        return parameters_;
    }
    effective_ = effective_parameters();
    return effective_;
}

double Trainer::learning_rate() const {
    return options_.learning_rate.at({update_, total_updates(), chunks_, reductions_});
}

bool Trainer::finished() const {
    return update_ >= total_updates() || (options_.patience > 0 && since_best_ >= options_.patience);
}

bool Trainer::settled() const {
    return (!options_.prune.enabled() || update_ > prune_end()) &&
           (options_.round_fraction <= 0.0 || rounding());
}

bool Trainer::note_validation(const Quality& quality) {
    if (!settled()) {
        return false;
    }
    if (!best_loss_ || quality.loss < *best_loss_) {
        best_loss_ = quality.loss;
        since_best_ = since_reduction_ = 0;
        if (options_.keep_best) {
            best_ = parameters_;
        }
        return true;
    }
    ++since_best_;
    if (++since_reduction_ >= options_.learning_rate.plateau) {
        ++reductions_;
        since_reduction_ = 0;
    }
    return false;
}

void Trainer::take_best() {
    if (best_) {
        parameters_ = *best_;
    }
}

double Trainer::operations_per_update() const {
    const auto& shape = layout_.shape();
    const auto steps = static_cast<double>(by_stream() ? options_.steps : data_.train.longest());
    double head = static_cast<double>(layout_.head_weight.size()) / (shape.last_step ? steps : 1.0);
    if (options_.sampled > 0) {
        head *= static_cast<double>(options_.sampled) / static_cast<double>(shape.head_rows());
    }
    double weights = head;
    for (std::size_t n = 0; n < layout_.layers.size(); ++n) {
        weights += static_cast<double>(layout_.layers[n].weight_h.size());
        // Characters cost one product per token of the vocabulary, next to nothing.
        weights += n > 0 || shape.task != Task::Characters
                       ? static_cast<double>(layout_.layers[n].weight_x.size())
                       : 0.0;
    }
    return weights * (teacher_ ? 8.0 : 6.0) * options_.streams * steps;
}

double Trainer::product_seconds() const {
    double seconds = 0.0;
    for (const auto& shard : shards_) {
        seconds += shard->network.product_seconds() + shard->teacher.product_seconds();
    }
    return seconds;
}

}  // namespace lacuna
