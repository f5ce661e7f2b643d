#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "golden/model_file.hpp"

namespace lacuna {

namespace {

using nlohmann::json;

void add_part(SafeTensors& file, const std::string& name, const PartWeights& part) {
    const std::size_t bytes_per_row = (part.slots + 1) / 2;
    std::vector<std::uint8_t> packed(part.rows * bytes_per_row, 0);
    for (std::size_t row = 0; row < part.rows; ++row) {
        for (std::size_t slot = 0; slot < part.slots; ++slot) {
            const std::uint8_t column = part.index[row * part.slots + slot];
            auto& byte = packed[row * bytes_per_row + slot / 2];
            byte = static_cast<std::uint8_t>(byte | (slot % 2 == 0 ? column : column << 4U));
        }
    }
    file.tensors[name + ".value"] = Tensor::from<std::int8_t>({part.rows, part.slots}, part.value);
    file.tensors[name + ".index"] = Tensor::from<std::uint8_t>({part.rows, bytes_per_row}, packed);
}

/// A tensor of elements `Wide`, or of `Narrow` where activations have 8 bits.
template <class Narrow, class Wide>
void add_by_width(SafeTensors& file, const std::string& name, int activation_bits,
                  const std::vector<std::size_t>& shape, const std::vector<Wide>& values) {
    if (activation_bits == 16) {
        file.tensors[name] = Tensor::from<Wide>(shape, values);
        return;
    }
    std::vector<Narrow> narrow;
    narrow.reserve(values.size());
    for (const Wide value : values) {
        narrow.push_back(static_cast<Narrow>(value));
    }
    file.tensors[name] = Tensor::from<Narrow>(shape, narrow);
}

void add_rows(SafeTensors& file, const std::string& name, const std::vector<RowScale>& rows,
              int activation_bits) {
    std::vector<std::int16_t> mantissa;
    std::vector<std::uint8_t> shift;
    std::vector<std::int32_t> bias;
    for (const RowScale& row : rows) {
        mantissa.push_back(row.mantissa);
        shift.push_back(row.shift);
        bias.push_back(row.bias);
    }
    file.tensors[name + ".mantissa"] = Tensor::from<std::int16_t>({rows.size()}, mantissa);
    file.tensors[name + ".shift"] = Tensor::from<std::uint8_t>({rows.size()}, shift);
    add_by_width<std::int16_t>(file, name + ".bias", activation_bits, {rows.size()}, bias);
}

json describe(const QuantisedModel& model) {
    json root = {{"name", model.name},
                 {"kind", model.kind()},
                 {"act", model.activation_bits},
                 {"bank_width", PartWeights::kBankWidth},
                 {"input", {{"size", model.input_size()}, {"scale", model.input_scale}}},
                 {"history", json::parse(model.history)}};
    for (const RecurrentLayer& layer : model.layers) {
        root["layers"].push_back({{"type", cell_name(model.cell)},
                                  {"x", layer.inputs},
                                  {"h", layer.units},
                                  {"k_x", layer.x.k},
                                  {"k_h", layer.h.k},
                                  {"shift_x", layer.shift_x},
                                  {"shift_h", layer.shift_h},
                                  {"cell_fraction", layer.cell_fraction}});
    }
    if (model.head) {
        root["head"] = {
            {"rows", model.head->h.rows}, {"k", model.head->h.k}, {"fraction", model.head->fraction}};
    }
    if (!model.vocab.empty()) {
        root["vocab"] = model.vocab;
    }
    return root;
}

}  // namespace

SafeTensors safetensors_from(const QuantisedModel& model) {
    model.validate();
    SafeTensors file;
    file.metadata.emplace("lacuna.format", "1");
    file.metadata.emplace("lacuna.model", describe(model).dump());
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
        const std::string name = fmt::format("l.{}", l);
        add_part(file, name + ".x", model.layers[l].x);
        add_part(file, name + ".h", model.layers[l].h);
        add_rows(file, name, model.layers[l].rows, model.activation_bits);
    }
    if (model.head) {
        add_part(file, "head", model.head->h);
        add_rows(file, "head", model.head->rows, model.activation_bits);
    }
    if (!model.vocab.empty()) {
        add_by_width<std::int8_t>(file, "embedding", model.activation_bits,
                                  {model.vocab.size(), model.input_size()}, model.embedding);
    }
    return file;
}

void save_quantised_model(const std::filesystem::path& path, const QuantisedModel& model) {
    write_safetensors(path, safetensors_from(model));
}

QuantisedModel load_quantised_model(const std::filesystem::path& path) {
    return quantised_model_from(read_safetensors(path), fmt::format("model file '{}'", path.string()));
}

}  // namespace lacuna
