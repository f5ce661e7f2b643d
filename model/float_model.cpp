#include "model/float_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "common/error.hpp"

namespace lacuna {

namespace {

using nlohmann::json;

/// Takes tensors and metadata out of a file and gathers what is wrong with them.
class Loader {
  public:
    Loader(const SafeTensors& file, const std::string& subject) : file_(file), problems_(subject) {}

    FloatModel load() {
        FloatModel model;
        find_kind(model);
        const auto name = [&model](const char* tensor, std::size_t n) {
            return fmt::format("{}.{}_l{}", cell_name(model.cell), tensor, n);
        };
        const auto blocks = static_cast<Eigen::Index>(part_blocks(model.cell));
        while (file_.tensors.contains(name("weight_hh", model.layers.size()))) {
            model.layers.emplace_back();
        }
        if (model.layers.empty()) {
            problems_.add(fmt::format("has no tensor '{}'", name("weight_hh", 0)));
        }
        // An extent of -1 is not known yet; the first tensor that has it decides, the others must agree.
        Eigen::Index outputs = -1;
        Eigen::Index width = -1;
        if (is_language(model.format.task)) {
            model.embedding = matrix("embedding.weight", outputs, width);
        }
        for (std::size_t n = 0; n < model.layers.size(); ++n) {
            auto& layer = model.layers[n];
            Eigen::Index units = -1;
            Eigen::Index rows = -1;
            layer.weight_hh = matrix(name("weight_hh", n), rows, units);
            if (rows != blocks * units) {
                problems_.add(
                    fmt::format("tensor '{}' is [{}, {}], expected {} times as many rows as columns",
                                name("weight_hh", n), rows, units, blocks));
            }
            layer.weight_ih = matrix(name("weight_ih", n), rows, width);
            layer.bias_ih = vector(name("bias_ih", n), rows);
            layer.bias_hh = vector(name("bias_hh", n), rows);
            width = units;
        }
        model.head_weight = matrix("head.weight", outputs, width);
        model.head_bias = vector("head.bias", outputs);
        load_metadata(model);
        load_format(model, outputs);
        find_strangers();
        stop_if_bad();
        return model;
    }

  private:
    /// By the kind that the file names, or, as files of other programs name none, by its tensors.
    void find_kind(FloatModel& model) {
        const auto kind = file_.metadata.find("lacuna.kind");
        if (kind == file_.metadata.end()) {
            model.cell = file_.tensors.contains("gru.weight_hh_l0") ? Cell::Gru : Cell::Lstm;
            return;
        }
        std::vector<std::string> kinds;
        for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
            for (const Task task : kTasks) {
                kinds.push_back(float_kind(cell, task));
                if (kind->second == kinds.back()) {
                    model.cell = cell;
                    model.format.task = task;
                    return;
                }
            }
        }
        problems_.add(fmt::format("is of kind '{}', expected '{}'", kind->second, fmt::join(kinds, "', '")));
        stop_if_bad();
    }

    /// A tensor that is left out would change what the model computes without a word.
    void find_strangers() {
        for (const auto& entry : file_.tensors) {
            if (!asked_.contains(entry.first)) {
                problems_.add(
                    fmt::format("has a tensor '{}' that is no part of a model here (one direction, no "
                                "projection); remove it if the model works without",
                                entry.first));
            }
        }
    }

    void stop_if_bad() const {
        problems_.throw_if_any("Give a float model as `lacuna train` and `lacuna prune` write it.");
    }

    std::span<const float> floats(const std::string& name, std::vector<Eigen::Index*> extents) {
        asked_.insert(name);
        const auto found = file_.tensors.find(name);
        if (found == file_.tensors.end()) {
            problems_.add(fmt::format("has no tensor '{}'", name));
            return {};
        }
        const Tensor& tensor = found->second;
        if (tensor.dtype != DType::F32) {
            problems_.add(fmt::format("tensor '{}' holds {}, expected F32", name, dtype_name(tensor.dtype)));
            return {};
        }
        bool fits = tensor.shape.size() == extents.size() && tensor.size() > 0;
        std::vector<std::string> expected;
        for (std::size_t i = 0; i < extents.size(); ++i) {
            expected.push_back(*extents[i] < 0 ? "n" : std::to_string(*extents[i]));
            fits = fits && (*extents[i] < 0 || *extents[i] == static_cast<Eigen::Index>(tensor.shape[i]));
        }
        if (!fits) {
            problems_.add(fmt::format("tensor '{}' is [{}], expected [{}]", name,
                                      fmt::join(tensor.shape, ", "), fmt::join(expected, ", ")));
            return {};
        }
        for (std::size_t i = 0; i < extents.size(); ++i) {
            *extents[i] = static_cast<Eigen::Index>(tensor.shape[i]);
        }
        const auto values = tensor.view<float>();
        const auto bad = std::ranges::count_if(values, [](float value) { return !std::isfinite(value); });
        if (bad > 0) {
            problems_.add(fmt::format("tensor '{}' has {} values that are not finite", name, bad));
        }
        return values;
    }

    RowMatrix matrix(const std::string& name, Eigen::Index& rows, Eigen::Index& cols) {
        const auto values = floats(name, {&rows, &cols});
        return values.empty() ? RowMatrix()
                              : RowMatrix(Eigen::Map<const RowMatrix>(values.data(), rows, cols));
    }

    Eigen::VectorXf vector(const std::string& name, Eigen::Index& rows) {
        const auto values = floats(name, {&rows});
        return values.empty() ? Eigen::VectorXf()
                              : Eigen::VectorXf(Eigen::Map<const Eigen::VectorXf>(values.data(), rows));
    }

    /// The JSON value of a metadata entry; nothing (and a problem) when it is absent or broken.
    std::optional<json> metadata(const std::string& key) {
        const auto found = file_.metadata.find(key);
        if (found == file_.metadata.end()) {
            problems_.add(fmt::format("has no metadata '{}'", key));
            return std::nullopt;
        }
        auto value = json::parse(found->second, nullptr, false);
        if (value.is_discarded()) {
            problems_.add(fmt::format("metadata '{}' is not JSON: {}", key, found->second.substr(0, 80)));
            return std::nullopt;
        }
        return value;
    }

    /// Numbers of a metadata array (or of a single number) that must lie in [low, high].
    std::vector<int> numbers(const std::string& key, int low, int high, std::size_t count) {
        auto value = metadata(key);
        if (!value) {
            return {};
        }
        if (value->is_number()) {
            value = json::array({*value});
        }
        const bool fits =
            value->is_array() && value->size() == count &&
            std::ranges::all_of(*value, [low, high](const json& item) {
                return item.is_number_integer() && item.get<long>() >= low && item.get<long>() <= high;
            });
        if (!fits) {
            problems_.add(fmt::format("metadata '{}' is {}, expected {} numbers from {} to {}", key,
                                      value->dump().substr(0, 80), count, low, high));
            return {};
        }
        return value->get<std::vector<int>>();
    }

    /// What the data are, with as many tokens, classes or values as the head has rows.
    void load_format(FloatModel& model, Eigen::Index outputs) {
        if (model.format.task == Task::Characters) {
            const auto bytes =
                numbers("lacuna.vocab", 0, 255, static_cast<std::size_t>(std::max<Eigen::Index>(outputs, 0)));
            model.format.vocab.assign(bytes.begin(), bytes.end());
            if (std::set(bytes.begin(), bytes.end()).size() != bytes.size()) {
                problems_.add("metadata 'lacuna.vocab' names a byte twice");
            }
            return;
        }
        const auto text = file_.metadata.find("lacuna.data");
        if (text == file_.metadata.end()) {
            problems_.add("has no metadata 'lacuna.data'");
            return;
        }
        const Task task = model.format.task;
        const auto before = problems_.size();
        model.format = DataFormat::from_json(text->second, problems_);
        if (problems_.size() != before) {
            return;
        }
        if (model.format.task != task) {
            problems_.add(fmt::format("metadata 'lacuna.data' is of task '{}', expected '{}'",
                                      task_name(model.format.task), task_name(task)));
        } else if (model.format.outputs() != outputs) {
            problems_.add(fmt::format("metadata 'lacuna.data' has {} outputs, expected {} as the head",
                                      model.format.outputs(), outputs));
        } else if (!is_language(task) && model.format.input.mean.size() != model.layers.front().inputs()) {
            problems_.add(fmt::format("metadata 'lacuna.data' has {} features, expected {} as layer 0",
                                      model.format.input.mean.size(), model.layers.front().inputs()));
        }
    }

    void load_metadata(FloatModel& model) {
        model.tied = file_.metadata.contains("lacuna.tied");
        if (model.tied &&
            (model.embedding.cols() != model.head_weight.cols() ||
             model.embedding.rows() != model.head_weight.rows() || model.embedding != model.head_weight)) {
            problems_.add("says that 'head.weight' is 'embedding.weight', but they differ");
        }
        // Files of other programs name no k: their models are dense.
        const auto counts = [this](const std::string& key, std::size_t count) {
            return file_.metadata.contains("lacuna.kind") || file_.metadata.contains(key)
                       ? numbers(key, 1, 16, count)
                       : std::vector<int>();
        };
        const auto k_x = counts("lacuna.k_x", model.layers.size());
        const auto k_h = counts("lacuna.k_h", model.layers.size());
        const auto k_head = counts("lacuna.k_head", 1);
        for (std::size_t n = 0; n < model.layers.size(); ++n) {
            model.layers[n].k_x = k_x.empty() ? 16 : k_x[n];
            model.layers[n].k_h = k_h.empty() ? 16 : k_h[n];
        }
        model.k_head = k_head.empty() ? 16 : k_head.front();
        if (const auto history = file_.metadata.find("lacuna.history"); history != file_.metadata.end()) {
            model.history = history->second;
        }
    }

    const SafeTensors& file_;
    Problems problems_;
    std::set<std::string> asked_;  // tensors
};

Tensor to_tensor(const RowMatrix& matrix) {
    return Tensor::from<float>(
        {static_cast<std::size_t>(matrix.rows()), static_cast<std::size_t>(matrix.cols())},
        {matrix.data(), static_cast<std::size_t>(matrix.size())});
}

Tensor to_tensor(const Eigen::VectorXf& vector) {
    const auto size = static_cast<std::size_t>(vector.size());
    return Tensor::from<float>({size}, {vector.data(), size});
}

}  // namespace

std::string float_kind(Cell cell, Task task) {
    return fmt::format("float-{}-{}", cell_name(cell), task == Task::Characters ? "lm" : task_name(task));
}

Eigen::VectorXf gate_bias(Cell cell, const FloatLayer& layer) {
    if (cell == Cell::Lstm) {
        return layer.bias_ih + layer.bias_hh;
    }
    const auto units = layer.units();
    Eigen::VectorXf bias(4 * units);
    bias << layer.bias_ih.head(2 * units) + layer.bias_hh.head(2 * units), layer.bias_ih.tail(units),
        layer.bias_hh.tail(units);
    return bias;
}

FloatModel float_model_from(const SafeTensors& file, const std::string& subject) {
    return Loader(file, subject).load();
}

FloatModel load_float_model(const std::filesystem::path& path) {
    return float_model_from(read_safetensors(path), fmt::format("model file '{}'", path.string()));
}

SafeTensors to_safetensors(const FloatModel& model) {
    SafeTensors file;
    std::vector<int> k_x;
    std::vector<int> k_h;
    if (model.embedding.size() > 0) {
        file.tensors["embedding.weight"] = to_tensor(model.embedding);
    }
    for (std::size_t n = 0; n < model.layers.size(); ++n) {
        const auto& layer = model.layers[n];
        const std::string cell = cell_name(model.cell);
        file.tensors[fmt::format("{}.weight_ih_l{}", cell, n)] = to_tensor(layer.weight_ih);
        file.tensors[fmt::format("{}.weight_hh_l{}", cell, n)] = to_tensor(layer.weight_hh);
        file.tensors[fmt::format("{}.bias_ih_l{}", cell, n)] = to_tensor(layer.bias_ih);
        file.tensors[fmt::format("{}.bias_hh_l{}", cell, n)] = to_tensor(layer.bias_hh);
        k_x.push_back(layer.k_x);
        k_h.push_back(layer.k_h);
    }
    file.tensors["head.weight"] = to_tensor(model.head_weight);
    file.tensors["head.bias"] = to_tensor(model.head_bias);
    file.metadata["lacuna.kind"] = float_kind(model.cell, model.format.task);
    if (model.format.task == Task::Characters) {
        file.metadata["lacuna.vocab"] = json(model.format.vocab).dump();
    } else {
        file.metadata["lacuna.data"] = model.format.to_json();
    }
    if (model.tied) {
        file.metadata["lacuna.tied"] = "head.weight = embedding.weight";
    }
    file.metadata["lacuna.k_x"] = json(k_x).dump();
    file.metadata["lacuna.k_h"] = json(k_h).dump();
    file.metadata["lacuna.k_head"] = json(model.k_head).dump();
    file.metadata["lacuna.history"] = model.history;
    return file;
}

void save_float_model(const std::filesystem::path& path, const FloatModel& model) {
    write_safetensors(path, to_safetensors(model));
}

}  // namespace lacuna
