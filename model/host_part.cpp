#include "model/host_part.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "golden/model_file.hpp"

namespace lacuna {

namespace {

constexpr const char* kEmbedding = "host.embedding";
constexpr const char* kHeadWeight = "host.head.weight";
constexpr const char* kHeadBias = "host.head.bias";

/// A tensor of the host of the given type and shape; nothing, and a problem, when there is none.
const Tensor* find(const SafeTensors& file, const char* name, DType dtype, std::vector<std::size_t> shape,
                   Problems& problems) {
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end() || found->second.dtype != dtype || found->second.shape != shape) {
        problems.add(
            fmt::format("has no tensor '{}' of {} [{}]", name, dtype_name(dtype), fmt::join(shape, ", ")));
        return nullptr;
    }
    return &found->second;
}

void load_words(const SafeTensors& file, const QuantisedModel& model, HostPart& part, Problems& problems) {
    const auto words = part.format.words.size();
    const auto units = model.layers.back().units;
    const bool wide = model.activation_bits == 16;
    if (const auto* tensor =
            find(file, kEmbedding, wide ? DType::I16 : DType::I8, {words, model.input_size()}, problems)) {
        if (wide) {
            const auto values = tensor->view<std::int16_t>();
            part.embedding.assign(values.begin(), values.end());
        } else {
            const auto values = tensor->view<std::int8_t>();
            part.embedding.assign(values.begin(), values.end());
        }
    }
    if (const auto* tensor = find(file, kHeadWeight, DType::F32, {words, units}, problems)) {
        part.head_weight = Eigen::Map<const RowMatrix>(
            tensor->view<float>().data(), static_cast<Eigen::Index>(words), static_cast<Eigen::Index>(units));
    }
    if (const auto* tensor = find(file, kHeadBias, DType::F32, {words}, problems)) {
        part.head_bias =
            Eigen::Map<const Eigen::VectorXf>(tensor->view<float>().data(), static_cast<Eigen::Index>(words));
    }
}

}  // namespace

std::vector<std::int16_t> quantised_input(const QuantisedModel& model, std::span<const float> input) {
    const NumberFormat format = number_format(model.activation_bits);
    std::vector<std::int16_t> x;
    x.reserve(input.size());
    for (const float value : input) {
        const double rounded = std::floor(static_cast<double>(value) / model.input_scale + 0.5);
        x.push_back(static_cast<std::int16_t>(
            std::clamp<double>(rounded, format.min_activation(), format.max_activation())));
    }
    return x;
}

void save_hosted_model(const std::filesystem::path& path, const HostedModel& hosted) {
    auto file = safetensors_from(hosted.model);
    if (hosted.host.format.task != Task::Characters) {
        file.metadata["lacuna.data"] = hosted.host.format.to_json();
    }
    if (hosted.host.has_head()) {
        const auto& head = hosted.host.head_weight;
        const auto rows = static_cast<std::size_t>(head.rows());
        const auto units = static_cast<std::size_t>(head.cols());
        const auto& embedding = hosted.host.embedding;
        if (hosted.model.activation_bits == 16) {
            file.tensors[kEmbedding] =
                Tensor::from<std::int16_t>({rows, hosted.model.input_size()}, embedding);
        } else {
            const std::vector<std::int8_t> narrow(embedding.begin(), embedding.end());
            file.tensors[kEmbedding] = Tensor::from<std::int8_t>({rows, hosted.model.input_size()}, narrow);
        }
        file.tensors[kHeadWeight] = Tensor::from<float>({rows, units}, {head.data(), rows * units});
        file.tensors[kHeadBias] = Tensor::from<float>({rows}, {hosted.host.head_bias.data(), rows});
    }
    write_safetensors(path, file);
}

HostedModel hosted_model_from(const SafeTensors& file, const std::string& subject) {
    HostedModel hosted;
    hosted.model = quantised_model_from(file, subject);
    const QuantisedModel& model = hosted.model;
    HostPart& part = hosted.host;
    if (model.language) {
        part.format.vocab = model.vocab;
        return hosted;
    }
    Problems problems(subject);
    constexpr const char* kAdvice = "Make it again with `lacuna quantise`.";
    const auto data = file.metadata.find("lacuna.data");
    if (data == file.metadata.end()) {
        problems.add("does not say what data it is for (metadata 'lacuna.data')");
        problems.throw_if_any(kAdvice);
    }
    part.format = DataFormat::from_json(data->second, problems);
    problems.throw_if_any(kAdvice);
    if (part.format.task == Task::Words) {
        load_words(file, model, part, problems);
    } else if (!model.head || static_cast<Eigen::Index>(model.head->h.rows) != part.format.outputs()) {
        problems.add(fmt::format("needs a head of {} rows", part.format.outputs()));
    } else if (part.format.input.mean.size() != static_cast<Eigen::Index>(model.input_size())) {
        problems.add(fmt::format("describes {} features, expected {}", part.format.input.mean.size(),
                                 model.input_size()));
    }
    problems.throw_if_any(kAdvice);
    return hosted;
}

}  // namespace lacuna
