#include "common/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "common/error.hpp"
#include "common/file.hpp"

namespace lacuna {

static_assert(std::endian::native == std::endian::little,
              "tensors are copied from and to memory as they are");

namespace {

using nlohmann::json;

struct DTypeInfo {
    DType dtype;
    const char* name;
    std::size_t size;
};
constexpr std::array<DTypeInfo, 8> kDTypes = {{{DType::F64, "F64", 8},
                                               {DType::F32, "F32", 4},
                                               {DType::I64, "I64", 8},
                                               {DType::I32, "I32", 4},
                                               {DType::I16, "I16", 2},
                                               {DType::I8, "I8", 1},
                                               {DType::U8, "U8", 1},
                                               {DType::Bool, "BOOL", 1}}};

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kDataAlignment = 8;
constexpr std::uint64_t kMaxHeader = 100'000'000;  // the format's own limit

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<double> : std::integral_constant<DType, DType::F64> {};
template <>
struct DTypeOf<float> : std::integral_constant<DType, DType::F32> {};
template <>
struct DTypeOf<std::int64_t> : std::integral_constant<DType, DType::I64> {};
template <>
struct DTypeOf<std::int32_t> : std::integral_constant<DType, DType::I32> {};
template <>
struct DTypeOf<std::int16_t> : std::integral_constant<DType, DType::I16> {};
template <>
struct DTypeOf<std::int8_t> : std::integral_constant<DType, DType::I8> {};
template <>
struct DTypeOf<std::uint8_t> : std::integral_constant<DType, DType::U8> {};
template <>
struct DTypeOf<bool> : std::integral_constant<DType, DType::Bool> {};

const DTypeInfo& info_of(DType dtype) {
    return *std::ranges::find(kDTypes, dtype, &DTypeInfo::dtype);
}

/// Product of the extents in bytes; nothing when it does not fit 64 bits.
std::optional<std::uint64_t> byte_count(const std::vector<std::size_t>& shape, std::size_t element) {
    std::uint64_t count = element;
    for (const std::size_t extent : shape) {
        if (extent != 0 && count > std::numeric_limits<std::uint64_t>::max() / extent) {
            return std::nullopt;
        }
        count *= extent;
    }
    return count;
}

std::string shape_text(const std::vector<std::size_t>& shape) {
    return fmt::format("[{}]", fmt::join(shape, ", "));
}

bool is_unsigned_array(const json& value) {
    return value.is_array() &&
           std::ranges::all_of(value, [](const json& item) { return item.is_number_unsigned(); });
}

struct Extent {
    std::uint64_t begin;
    std::uint64_t end;
    std::string name;
};

/// Header entry and data of one file, with the checks that need both.
class Parser {
  public:
    Parser(const std::filesystem::path& path, std::span<const std::byte> bytes)
        : problems_(fmt::format("tensor file '{}'", path.string())), bytes_(bytes) {}

    SafeTensors parse() {
        const json header = parse_header();
        SafeTensors file;
        for (const auto& [name, entry] : header.items()) {
            if (name == "__metadata__") {
                parse_metadata(entry, file);
            } else {
                parse_tensor(name, entry, file);
            }
        }
        check_extents();
        stop_if_bad();
        return file;
    }

  private:
    void stop_if_bad() const {
        problems_.throw_if_any("The file is damaged or not a safetensors file: fetch or make it again.");
    }

    json parse_header() {
        if (bytes_.size() < kLengthBytes) {
            problems_.add(fmt::format("got {} bytes, expected at least {}", bytes_.size(), kLengthBytes));
            stop_if_bad();
        }
        std::uint64_t length = 0;
        std::memcpy(&length, bytes_.data(), kLengthBytes);
        if (length > kMaxHeader || length > bytes_.size() - kLengthBytes) {
            problems_.add(fmt::format("header length is {} bytes, but only {} bytes follow (limit {})",
                                      length, bytes_.size() - kLengthBytes, kMaxHeader));
            stop_if_bad();
        }
        data_ = bytes_.subspan(kLengthBytes + length);
        const auto* text = reinterpret_cast<const char*>(bytes_.data()) + kLengthBytes;
        std::set<std::string> seen;
        const auto watch_keys = [&](int depth, json::parse_event_t event, json& value) {
            if (depth == 1 && event == json::parse_event_t::key && !seen.insert(value).second) {
                problems_.add(fmt::format("tensor '{}' occurs twice", value.get<std::string>()));
            }
            return true;
        };
        json header;
        try {
            header = json::parse(text, text + length, watch_keys);
        } catch (const json::exception& failure) {
            problems_.add(fmt::format("header is not JSON ({})", failure.what()));
        }
        if (problems_.empty() && !header.is_object()) {
            problems_.add(fmt::format("header is a JSON {}, expected an object", header.type_name()));
        }
        stop_if_bad();
        return header;
    }

    void parse_metadata(const json& entry, SafeTensors& file) {
        if (!entry.is_object()) {
            problems_.add(fmt::format("__metadata__ is a JSON {}, expected an object", entry.type_name()));
            return;
        }
        for (const auto& [key, value] : entry.items()) {
            if (value.is_string()) {
                file.metadata.emplace(key, value.get<std::string>());
            } else {
                problems_.add(
                    fmt::format("metadata '{}' is a JSON {}, expected a string", key, value.type_name()));
            }
        }
    }

    void parse_tensor(const std::string& name, const json& entry, SafeTensors& file) {
        if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
            !entry.contains("shape") || !is_unsigned_array(entry["shape"]) ||
            !entry.contains("data_offsets") || !is_unsigned_array(entry["data_offsets"]) ||
            entry["data_offsets"].size() != 2) {
            problems_.add(
                fmt::format("tensor '{}' needs \"dtype\": text, \"shape\": [sizes], "
                            "\"data_offsets\": [begin, end]; got {}",
                            name, entry.dump().substr(0, 200)));
            return;
        }
        const auto type_text = entry["dtype"].get<std::string>();
        const auto* type = std::ranges::find(kDTypes, type_text, &DTypeInfo::name);
        const auto begin = entry["data_offsets"][0].get<std::uint64_t>();
        const auto end = entry["data_offsets"][1].get<std::uint64_t>();
        if (begin > end) {
            problems_.add(
                fmt::format("tensor '{}' has bytes [{}, {}), which end before they begin", name, begin, end));
            return;
        }
        extents_.push_back({begin, end, name});
        if (end > data_.size()) {
            return;  // said once for all such tensors, in check_extents
        }
        if (type == kDTypes.end()) {
            problems_.add(
                fmt::format("tensor '{}' has dtype {}, expected one of F64, F32, I64, I32, I16, I8, "
                            "U8, BOOL",
                            name, type_text));
            return;
        }
        Tensor tensor;
        tensor.dtype = type->dtype;
        tensor.shape = entry["shape"].get<std::vector<std::size_t>>();
        const auto expected = byte_count(tensor.shape, type->size);
        if (!expected || *expected != end - begin) {
            problems_.add(fmt::format("tensor '{}' is {} {}, which needs {} bytes, but has {}", name,
                                      type->name, shape_text(tensor.shape),
                                      expected ? std::to_string(*expected) : "more than 2^64", end - begin));
            return;
        }
        const auto part = data_.subspan(begin, end - begin);
        tensor.bytes.assign(part.begin(), part.end());
        file.tensors.emplace(name, std::move(tensor));
    }

    /// The tensors' extents must tile the data: no overlap, no hole, nothing left over.
    void check_extents() {
        std::ranges::sort(extents_, {}, [](const Extent& e) { return std::pair(e.begin, e.end); });
        std::uint64_t position = 0;
        for (const auto& extent : extents_) {
            if (extent.begin < position) {
                problems_.add(
                    fmt::format("tensor '{}' begins at data byte {}, inside the tensor before it, "
                                "which ends at {}",
                                extent.name, extent.begin, position));
            } else if (extent.begin > position) {
                problems_.add(fmt::format("data bytes [{}, {}) before tensor '{}' belong to no tensor",
                                          position, extent.begin, extent.name));
            }
            position = std::max(position, extent.end);
        }
        if (position > data_.size()) {
            problems_.add(
                fmt::format("truncated: the tensors end at data byte {}, but the file has {} data bytes",
                            position, data_.size()));
        } else if (position < data_.size() && problems_.empty()) {
            problems_.add(
                fmt::format("{} bytes are left over after the last tensor", data_.size() - position));
        }
    }

    Problems problems_;
    std::span<const std::byte> bytes_;
    std::span<const std::byte> data_;
    std::vector<Extent> extents_;
};

}  // namespace

std::size_t dtype_size(DType dtype) {
    return info_of(dtype).size;
}

const char* dtype_name(DType dtype) {
    return info_of(dtype).name;
}

std::size_t Tensor::size() const {
    return bytes.size() / dtype_size(dtype);
}

template <class T>
std::span<const T> Tensor::view() const {
    if (DTypeOf<T>::value != dtype) {
        throw Error(fmt::format("tensor of shape {} holds {}, expected {}", shape_text(shape),
                                dtype_name(dtype), dtype_name(DTypeOf<T>::value)));
    }
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

template <class T>
Tensor Tensor::from(std::vector<std::size_t> shape, std::span<const T> values) {
    const auto expected = byte_count(shape, sizeof(T));
    if (!expected || *expected != values.size_bytes()) {
        throw Error(
            fmt::format("cannot make a tensor of shape {} from {} values", shape_text(shape), values.size()));
    }
    const auto bytes = std::as_bytes(values);
    return {DTypeOf<T>::value, std::move(shape), {bytes.begin(), bytes.end()}};
}

#define LACUNA_INSTANTIATE(T)                            \
    template std::span<const T> Tensor::view<T>() const; \
    template Tensor Tensor::from<T>(std::vector<std::size_t> shape, std::span<const T> values);
LACUNA_INSTANTIATE(double)
LACUNA_INSTANTIATE(float)
LACUNA_INSTANTIATE(std::int64_t)
LACUNA_INSTANTIATE(std::int32_t)
LACUNA_INSTANTIATE(std::int16_t)
LACUNA_INSTANTIATE(std::int8_t)
LACUNA_INSTANTIATE(std::uint8_t)
LACUNA_INSTANTIATE(bool)
#undef LACUNA_INSTANTIATE

SafeTensors read_safetensors(const std::filesystem::path& path) {
    const auto bytes = read_bytes(path);
    return Parser(path, bytes).parse();
}

void write_safetensors(const std::filesystem::path& path, const SafeTensors& file) {
    std::vector<const std::pair<const std::string, Tensor>*> order;
    for (const auto& entry : file.tensors) {
        order.push_back(&entry);
    }
    // Wide elements first keeps every tensor aligned to its element size without holes.
    std::ranges::stable_sort(order, std::greater<>{},
                             [](const auto* entry) { return dtype_size(entry->second.dtype); });

    json header = json::object();
    if (!file.metadata.empty()) {
        header["__metadata__"] = file.metadata;
    }
    std::uint64_t position = 0;
    for (const auto* entry : order) {
        const auto& [name, tensor] = *entry;
        const auto expected = byte_count(tensor.shape, dtype_size(tensor.dtype));
        if (name == "__metadata__" || !expected || *expected != tensor.bytes.size()) {
            throw Error(fmt::format("cannot write '{}': tensor '{}' of shape {} holds {} bytes",
                                    path.string(), name, shape_text(tensor.shape), tensor.bytes.size()));
        }
        header[name] = {{"dtype", dtype_name(tensor.dtype)},
                        {"shape", tensor.shape},
                        {"data_offsets", {position, position + tensor.bytes.size()}}};
        position += tensor.bytes.size();
    }
    std::string text = header.dump();
    text.resize((text.size() + kDataAlignment - 1) / kDataAlignment * kDataAlignment, ' ');

    const std::uint64_t length = text.size();
    std::vector<std::byte> bytes;
    bytes.reserve(kLengthBytes + text.size() + position);
    const auto append = [&bytes](std::span<const std::byte> part) {
        bytes.insert(bytes.end(), part.begin(), part.end());
    };
    append(std::as_bytes(std::span(&length, 1)));
    append(std::as_bytes(std::span(text)));
    for (const auto* entry : order) {
        append(entry->second.bytes);
    }
    write_bytes(path, bytes);
}

}  // namespace lacuna
