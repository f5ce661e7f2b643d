// The trainer's state as a file. Random numbers need no state of their own: each is drawn from a seed derived
// from the run's seed and the update's number.
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "common/error.hpp"
#include "model/trainer.hpp"

namespace lacuna {

namespace {

constexpr const char* kCheckpointKind = "training-checkpoint";

template <class Array>
Tensor to_tensor(const Array& array) {
    const auto size = static_cast<std::size_t>(array.size());
    return Tensor::from<float>({size}, {array.data(), size});
}

/// Copies a tensor into an array of the size that it must have.
template <class Array>
void from_tensor(const SafeTensors& file, const std::string& name, Array& array, Problems& problems) {
    const auto found = file.tensors.find(name);
    const auto size = static_cast<std::size_t>(array.size());
    if (found == file.tensors.end() || found->second.dtype != DType::F32 || found->second.size() != size) {
        problems.add(fmt::format("has no tensor '{}' of {} F32 values", name, size));
        return;
    }
    std::ranges::copy(found->second.view<float>(), array.data());
}

std::string text_of(const SafeTensors& file, const std::string& key) {
    const auto found = file.metadata.find(key);
    return found == file.metadata.end() ? "" : found->second;
}

/// Every key whose value differs, those inside of objects too; what a list holds is compared as a whole.
void add_differences(const nlohmann::json& theirs, const nlohmann::json& ours, Problems& problems) {
    auto both = theirs;
    both.update(ours);
    for (const auto& item : both.items()) {
        const auto& key = item.key();
        const auto before = theirs.value(key, nlohmann::json());
        const auto now = ours.value(key, nlohmann::json());
        if (before.is_object() && now.is_object()) {
            add_differences(before, now, problems);
        } else if (before != now) {
            problems.add(fmt::format("was written with {} = {}, now {}", key,
                                     before.is_null() ? "nothing" : before.dump(),
                                     now.is_null() ? "nothing" : now.dump()));
        }
    }
}

/// Visits the carried state of every shard under the name it has in the file.
template <class Shards, class Visit>
void visit_states(Shards& shards, std::size_t layers, const Visit& visit) {
    for (std::size_t i = 0; i < shards.size(); ++i) {
        for (std::size_t n = 0; n < layers; ++n) {
            visit(fmt::format("shard{}.h{}", i, n), shards[i]->network.h(n));
            visit(fmt::format("shard{}.c{}", i, n), shards[i]->network.c(n));
            visit(fmt::format("shard{}.teacher_h{}", i, n), shards[i]->teacher.h(n));
            visit(fmt::format("shard{}.teacher_c{}", i, n), shards[i]->teacher.c(n));
        }
    }
}

}  // namespace

std::string Trainer::identity() const {
    nlohmann::json object = {{"options", nlohmann::json::parse(options_.to_json())},
                             {"data_sha256", data_.sha256},
                             {"start_sha256", start_},
                             {"embedding", layout_.shape().embedding},
                             {"units", layout_.shape().units}};
    if (layout_.shape().cell != Cell::Lstm) {  // not said of an LSTM, as before there were others
        object["cell"] = cell_name(layout_.shape().cell);
    }
    if (!data_.parts_sha256.empty()) {
        object["parts_sha256"] = data_.parts_sha256;
    }
    if (layout_.shape().task != Task::Characters) {
        object["task"] = task_name(layout_.shape().task);
    }
    return object.dump();
}

SafeTensors Trainer::checkpoint() const {
    SafeTensors file;
    file.metadata["lacuna.kind"] = kCheckpointKind;
    file.metadata["lacuna.run"] = identity();
    file.metadata["lacuna.update"] = std::to_string(update_);
    file.metadata["lacuna.pruned_share"] = fmt::format("{}", share_);
    file.tensors["parameters"] = to_tensor(parameters_);
    file.tensors["mask"] = to_tensor(mask_);
    if (movement_.size() > 0) {
        file.tensors["movement"] = to_tensor(movement_);
    }
    file.tensors["adam.first"] = to_tensor(adam_.first);
    file.tensors["adam.second"] = to_tensor(adam_.second);
    if (by_stream()) {  // sequences start from zero
        visit_states(shards_, layout_.layers.size(), [&file](const std::string& name, const auto& state) {
            file.tensors[name] = to_tensor(state);
        });
    }
    if (best_) {
        file.tensors["best"] = to_tensor(*best_);
    }
    if (best_loss_) {
        file.metadata["lacuna.best_loss"] = fmt::format("{:a}", *best_loss_);
    }
    file.metadata["lacuna.since_best"] = std::to_string(since_best_);
    file.metadata["lacuna.since_reduction"] = std::to_string(since_reduction_);
    file.metadata["lacuna.reductions"] = std::to_string(reductions_);
    return file;
}

void Trainer::restore(const SafeTensors& file, const std::string& subject) {
    Problems problems(subject);
    const std::string advice = "Delete it to start from the beginning, or repeat the command that wrote it.";
    if (text_of(file, "lacuna.kind") != kCheckpointKind) {
        problems.add(
            fmt::format("is of kind '{}', expected '{}'", text_of(file, "lacuna.kind"), kCheckpointKind));
        problems.throw_if_any(advice);
    }
    const auto theirs = nlohmann::json::parse(text_of(file, "lacuna.run"), nullptr, false);
    const auto ours = nlohmann::json::parse(identity());
    if (!theirs.is_object()) {
        problems.add("has no readable description of its run in metadata 'lacuna.run'");
        problems.throw_if_any(advice);
    }
    add_differences(theirs, ours, problems);
    problems.throw_if_any(advice);
    from_tensor(file, "parameters", parameters_, problems);
    from_tensor(file, "mask", mask_, problems);
    if (movement_.size() > 0) {
        from_tensor(file, "movement", movement_, problems);
    }
    from_tensor(file, "adam.first", adam_.first, problems);
    from_tensor(file, "adam.second", adam_.second, problems);
    if (by_stream()) {
        visit_states(shards_, layout_.layers.size(),
                     [&](const std::string& name, auto& state) { from_tensor(file, name, state, problems); });
    }
    if (file.tensors.contains("best")) {
        best_.emplace(parameters_.size());
        from_tensor(file, "best", *best_, problems);
    }
    if (const auto text = text_of(file, "lacuna.best_loss"); !text.empty()) {
        best_loss_ = std::strtod(text.c_str(), nullptr);
    }
    const auto number = [&](const std::string& key, auto& value) {
        const auto text = text_of(file, key);
        const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
        if (result.ec != std::errc() || value < 0) {
            problems.add(fmt::format("metadata '{}' is '{}', expected a number", key, text));
        }
    };
    number("lacuna.update", update_);
    number("lacuna.pruned_share", share_);
    number("lacuna.since_best", since_best_);
    number("lacuna.since_reduction", since_reduction_);
    number("lacuna.reductions", reductions_);
    problems.throw_if_any(advice);
    mask_changed_ = true;
}

}  // namespace lacuna
