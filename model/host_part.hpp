// What the host computes around the engine for a quantised model: inputs from data, and, of a word model, the
// embedding and the head. It lies in the model's file beside what the engine needs.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "common/safetensors.hpp"
#include "golden/quantised_model.hpp"
#include "model/data_format.hpp"
#include "model/float_model.hpp"

namespace lacuna {

struct HostPart {
    DataFormat format;
    std::vector<std::int16_t> embedding;  ///< words: x of each, [V * X]
    RowMatrix head_weight;                ///< words: on real h, [V, H]
    Eigen::VectorXf head_bias;            ///< words: [V]

    bool has_head() const { return head_bias.size() > 0; }
};

/// x of real (normalised) inputs: rounded half up to steps of the input scale, limited to the activation's
/// bits.
std::vector<std::int16_t> quantised_input(const QuantisedModel& model, std::span<const float> input);

/// A model with its host part: what `lacuna quantise` makes.
struct HostedModel {
    QuantisedModel model;
    HostPart host;
    int weight_bits = 8;  ///< to which it was quantised; not in the file
};

/// Writes both into one file: the model as docs/model-file.md says, metadata `lacuna.data`, and of a word
/// model the tensors `host.embedding`, `host.head.weight` and `host.head.bias`.
void save_hosted_model(const std::filesystem::path& path, const HostedModel& hosted);

/// Throws `Error` listing what is missing or does not fit.
HostedModel hosted_model_from(const SafeTensors& file, const std::string& subject);

}  // namespace lacuna
