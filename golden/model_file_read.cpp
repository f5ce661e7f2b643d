#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "golden/model_file.hpp"

namespace lacuna {

namespace {

using nlohmann::json;

constexpr const char* kFormatKey = "lacuna.format";
constexpr const char* kModelKey = "lacuna.model";
constexpr const char* kVersion = "1";
constexpr const char* kHostPrefix = "host.";  // tensors for the host alone (model/host_part.hpp)
constexpr int kDefaultActivationBits = 8;
constexpr std::size_t kMaxLayers = 64;
constexpr std::size_t kMaxColumns = 1 << 20;  // keeps shapes computed from a damaged description small

/// Reads the description; every missing or mistyped field becomes a problem and a default value.
class Description {
  public:
    Description(const json& object, std::string path, Problems& problems)
        : object_(object), path_(std::move(path)), problems_(problems) {
        if (!object_.is_object()) {
            problems_.add(fmt::format("{} is {}, expected an object", path_, object_.dump().substr(0, 60)));
        }
    }

    std::int64_t integer(const char* key, std::int64_t low, std::int64_t high) const {
        const json* value = find(key);
        if (value != nullptr && (!value->is_number_integer() || *value < low || *value > high)) {
            problems_.add(fmt::format("{}.{} is {}, expected an integer {}..{}", path_, key,
                                      value->dump().substr(0, 60), low, high));
            return low;
        }
        return value == nullptr ? low : value->get<std::int64_t>();
    }
    std::size_t size(const char* key) const { return static_cast<std::size_t>(integer(key, 1, kMaxColumns)); }
    double real(const char* key) const {
        const json* value = find(key);
        if (value != nullptr && !value->is_number()) {
            problems_.add(
                fmt::format("{}.{} is {}, expected a number", path_, key, value->dump().substr(0, 60)));
            return 1.0;
        }
        return value == nullptr ? 1.0 : value->get<double>();
    }
    std::string text(const char* key) const {
        const json* value = find(key);
        if (value != nullptr && !value->is_string()) {
            problems_.add(fmt::format("{}.{} is {}, expected text", path_, key, value->dump().substr(0, 60)));
            return "";
        }
        return value == nullptr ? "" : value->get<std::string>();
    }
    const std::string& path() const { return path_; }
    bool has(const char* key) const { return object_.is_object() && object_.contains(key); }
    Description object(const char* key) const {
        return {child(key), fmt::format("{}.{}", path_, key), problems_};
    }
    const json& array(const char* key) const {
        const json& value = child(key);
        if (!value.is_array()) {
            problems_.add(fmt::format("{}.{} is missing or not a list", path_, key));
            static const json empty = json::array();
            return empty;
        }
        return value;
    }

  private:
    const json* find(const char* key) const {
        if (!has(key)) {
            problems_.add(fmt::format("{} lacks \"{}\"", path_, key));
            return nullptr;
        }
        return &object_[key];
    }
    const json& child(const char* key) const {
        static const json null;
        return has(key) ? object_[key] : null;
    }

    const json& object_;
    std::string path_;
    Problems& problems_;
};

/// Takes tensors out of a container, checking type and shape; knows which ones nobody asked for.
class TensorReader {
  public:
    TensorReader(const SafeTensors& file, Problems& problems) : file_(file), problems_(problems) {}

    template <class T>
    std::span<const T> take(const std::string& name, DType dtype, std::vector<std::size_t> shape) {
        wanted_.insert(name);
        const auto found = file_.tensors.find(name);
        if (found == file_.tensors.end()) {
            problems_.add(fmt::format("tensor '{}' is missing, expected {} [{}]", name, dtype_name(dtype),
                                      fmt::join(shape, ", ")));
            return {};
        }
        const Tensor& tensor = found->second;
        if (tensor.dtype != dtype || tensor.shape != shape) {
            problems_.add(fmt::format("tensor '{}' is {} [{}], expected {} [{}]", name,
                                      dtype_name(tensor.dtype), fmt::join(tensor.shape, ", "),
                                      dtype_name(dtype), fmt::join(shape, ", ")));
            return {};
        }
        return tensor.view<T>();
    }

    void report_surplus() const {
        for (const auto& [name, tensor] : file_.tensors) {
            if (!wanted_.contains(name) && !name.starts_with(kHostPrefix)) {
                problems_.add(fmt::format("tensor '{}' does not belong to the described model", name));
            }
        }
    }

  private:
    const SafeTensors& file_;
    Problems& problems_;
    std::set<std::string> wanted_;
};

std::size_t index_bytes(std::size_t slots) {
    return (slots + 1) / 2;
}

void read_part(TensorReader& reader, Problems& problems, const std::string& name, PartWeights& part) {
    const auto value = reader.take<std::int8_t>(name + ".value", DType::I8, {part.rows, part.slots});
    const auto packed =
        reader.take<std::uint8_t>(name + ".index", DType::U8, {part.rows, index_bytes(part.slots)});
    if (value.empty() || packed.empty()) {
        return;
    }
    part = PartWeights(part.rows, part.columns, part.k);
    std::ranges::copy(value, part.value.begin());
    for (std::size_t row = 0; row < part.rows; ++row) {
        const auto bytes = packed.subspan(row * index_bytes(part.slots), index_bytes(part.slots));
        for (std::size_t slot = 0; slot < part.slots; ++slot) {
            part.index[row * part.slots + slot] =
                slot % 2 == 0 ? bytes[slot / 2] & 15U : bytes[slot / 2] >> 4U;
        }
        if (part.slots % 2 == 1 && bytes.back() >> 4U != 0) {
            problems.add(fmt::format("{}.index: row {} uses its last nibble, expected 0", name, row));
            return;
        }
    }
}

template <class T>
constexpr DType integer_type() {
    return sizeof(T) == 1 ? DType::I8 : sizeof(T) == 2 ? DType::I16 : DType::I32;
}

/// A tensor whose elements have the type that the bits of an activation ask for: `Wide` for 16, else
/// `Narrow`.
template <class Narrow, class Wide>
std::vector<Wide> read_by_width(TensorReader& reader, const std::string& name, int activation_bits,
                                const std::vector<std::size_t>& shape) {
    if (activation_bits == 16) {
        const auto values = reader.take<Wide>(name, integer_type<Wide>(), shape);
        return {values.begin(), values.end()};
    }
    const auto values = reader.take<Narrow>(name, integer_type<Narrow>(), shape);
    return {values.begin(), values.end()};
}

std::vector<RowScale> read_rows(TensorReader& reader, const std::string& name, std::size_t rows,
                                int activation_bits) {
    const auto mantissa = reader.take<std::int16_t>(name + ".mantissa", DType::I16, {rows});
    const auto shift = reader.take<std::uint8_t>(name + ".shift", DType::U8, {rows});
    const auto bias =
        read_by_width<std::int16_t, std::int32_t>(reader, name + ".bias", activation_bits, {rows});
    std::vector<RowScale> scales;
    // What is there is checked even when something is missing: the missing tensor is reported already.
    for (std::size_t row = 0; row < std::max({mantissa.size(), shift.size(), bias.size()}); ++row) {
        scales.push_back({mantissa.empty() ? std::int16_t{0} : mantissa[row],
                          shift.empty() ? std::uint8_t{0} : shift[row], bias.empty() ? 0 : bias[row]});
    }
    return scales;
}

/// A part without weights: a damaged description must not make us allocate what it claims.
PartWeights shape_of(std::size_t rows, std::size_t columns, std::int64_t k) {
    PartWeights part;
    part.rows = rows;
    part.columns = columns;
    part.k = static_cast<int>(k);
    part.slots = slots_per_row(columns, part.k);
    return part;
}

/// Sets cell and purpose from the name of the kind.
void read_kind(const Description& top, QuantisedModel& model, Problems& problems) {
    const std::string kind = top.text("kind");
    for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
        for (const bool language : {false, true}) {
            if (kind == kind_name(cell, language)) {
                model.cell = cell;
                model.language = language;
                return;
            }
        }
    }
    if (!kind.empty()) {
        problems.add(fmt::format("kind is '{}', expected 'lstm-lm', 'lstm', 'gru-lm' or 'gru'", kind));
    }
}

RecurrentLayer read_layer(const Description& item, Cell cell, int activation_bits, Problems& problems) {
    if (const auto type = item.text("type"); type != cell_name(cell)) {
        problems.add(fmt::format("{}.type is '{}', expected '{}'", item.path(), type, cell_name(cell)));
    }
    RecurrentLayer layer;
    layer.inputs = item.size("x");
    layer.units = item.size("h");
    const std::size_t rows = part_blocks(cell) * layer.units;
    layer.x = shape_of(rows, layer.inputs, item.integer("k_x", 1, PartWeights::kBankWidth));
    layer.h = shape_of(rows, layer.units, item.integer("k_h", 1, PartWeights::kBankWidth));
    layer.shift_x = static_cast<int>(item.integer("shift_x", 0, 7));
    layer.shift_h = static_cast<int>(item.integer("shift_h", 0, 7));
    const auto [low, high] = cell == Cell::Gru ? std::pair(kGruStateFraction, kGruStateFraction)
                                               : std::pair(NumberFormat::kMinCellFraction,
                                                           number_format(activation_bits).max_cell_fraction);
    layer.cell_fraction = static_cast<int>(item.integer("cell_fraction", low, high));
    return layer;
}

/// 8 where the file does not say.
int read_activation_bits(const Description& top, Problems& problems) {
    if (!top.has("act")) {
        return kDefaultActivationBits;
    }
    const auto bits = static_cast<int>(top.integer("act", 1, 64));
    if (NumberFormat::supports(bits)) {
        return bits;
    }
    problems.add(fmt::format("model.act is {}, expected 8 or 16 bits of an activation", bits));
    return kDefaultActivationBits;
}

/// Everything the metadata says; parts have their shapes, but no weights yet.
QuantisedModel read_description(const json& root, Problems& problems) {
    QuantisedModel model;
    const Description top(root, "model", problems);
    model.name = top.text("name");
    read_kind(top, model, problems);
    model.activation_bits = read_activation_bits(top, problems);
    top.integer("bank_width", PartWeights::kBankWidth, PartWeights::kBankWidth);
    const Description input = top.object("input");
    const std::size_t inputs = input.size("size");
    model.input_scale = input.real("scale");
    const json& layers = top.array("layers");
    if (layers.size() > kMaxLayers) {
        problems.add(
            fmt::format("model.layers has {} entries, expected at most {}", layers.size(), kMaxLayers));
        return model;
    }
    for (const json& entry : layers) {
        const Description item(entry, fmt::format("model.layers[{}]", model.layers.size()), problems);
        model.layers.push_back(read_layer(item, model.cell, model.activation_bits, problems));
    }
    if (!model.layers.empty() && model.layers.front().inputs != inputs) {
        problems.add(fmt::format("model.input.size is {}, but layer 0 has {} inputs", inputs,
                                 model.layers.front().inputs));
    }
    if (top.has("head") && !model.layers.empty()) {
        const Description item = top.object("head");
        Head head;
        head.h = shape_of(item.size("rows"), model.layers.back().units,
                          item.integer("k", 1, PartWeights::kBankWidth));
        head.fraction = static_cast<int>(
            item.integer("fraction", 0, number_format(model.activation_bits).max_head_fraction()));
        model.head = std::move(head);
    }
    if (model.language || top.has("vocab")) {
        for (const json& byte : top.array("vocab")) {
            if (!byte.is_number_integer() || byte < 0 || byte > 255) {
                problems.add(fmt::format("model.vocab[{}] is {}, expected a byte value 0..255",
                                         model.vocab.size(), byte.dump().substr(0, 60)));
                break;
            }
            model.vocab.push_back(byte.get<std::uint8_t>());
        }
    }
    if (top.has("history")) {
        model.history = root["history"].dump();
    }
    return model;
}

void read_tensors(const SafeTensors& file, QuantisedModel& model, Problems& problems) {
    TensorReader reader(file, problems);
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
        const std::string name = fmt::format("l.{}", l);
        read_part(reader, problems, name + ".x", model.layers[l].x);
        read_part(reader, problems, name + ".h", model.layers[l].h);
        model.layers[l].rows = read_rows(reader, name, kGates * model.layers[l].units, model.activation_bits);
    }
    if (model.head) {
        read_part(reader, problems, "head", model.head->h);
        model.head->rows = read_rows(reader, "head", model.head->h.rows, model.activation_bits);
    }
    if (!model.vocab.empty()) {
        model.embedding = read_by_width<std::int8_t, std::int16_t>(reader, "embedding", model.activation_bits,
                                                                   {model.vocab.size(), model.input_size()});
    }
    reader.report_surplus();
}

}  // namespace

bool is_quantised_model(const SafeTensors& file) {
    return file.metadata.contains(kModelKey);
}

QuantisedModel quantised_model_from(const SafeTensors& file, const std::string& subject) {
    constexpr const char* kAdvice =
        "The file is damaged or of another version of Lacuna: fetch it again or make it with 'lacuna "
        "quantise'.";
    Problems problems(subject);
    const auto format = file.metadata.find(kFormatKey);
    const auto description = file.metadata.find(kModelKey);
    if (format == file.metadata.end() || format->second != kVersion) {
        problems.add(format == file.metadata.end()
                         ? fmt::format("no metadata '{}'; this is not a quantised Lacuna model", kFormatKey)
                         : fmt::format("version is '{}', expected '{}'", format->second, kVersion));
    }
    if (description == file.metadata.end() || !json::accept(description->second)) {
        problems.add(fmt::format("metadata '{}' is missing or not JSON", kModelKey));
        problems.throw_if_any(kAdvice);
    }
    const std::size_t before = problems.size();
    const json root = json::parse(description->second);
    QuantisedModel model = read_description(root, problems);
    if (problems.size() == before) {
        model.check_description(problems);
        read_tensors(file, model, problems);
        model.check_values(problems);
    }
    problems.throw_if_any(kAdvice);
    return model;
}

}  // namespace lacuna
