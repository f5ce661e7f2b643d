#include "model/npy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zip.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <string_view>

#include "common/error.hpp"
#include "common/file.hpp"

namespace lacuna {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kVersionAt = 6;
constexpr std::size_t kShortHeaderAt = 10;  // version 1: a length of 2 bytes
constexpr std::size_t kLongHeaderAt = 12;   // later ones: of 4
constexpr std::size_t kAlignment = 64;

struct ElementType {
    std::size_t size;
    bool integer;
    std::function<double(const std::byte*)> read;
};

template <class T>
ElementType element() {
    return {sizeof(T), std::is_integral_v<T>, [](const std::byte* at) {
                T value;
                std::memcpy(&value, at, sizeof value);
                return static_cast<double>(value);
            }};
}

const std::map<std::string, ElementType>& element_types() {
    static const std::map<std::string, ElementType> types = {
        {"|i1", element<std::int8_t>()},   {"|u1", element<std::uint8_t>()}, {"<i2", element<std::int16_t>()},
        {"<u2", element<std::uint16_t>()}, {"<i4", element<std::int32_t>()}, {"<i8", element<std::int64_t>()},
        {"<f4", element<float>()},         {"<f8", element<double>()},
    };
    return types;
}

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
    throw Error(fmt::format(
        "'{}': {}; write it with numpy.save(path, array) from a C-ordered array of numbers", path, what));
}

std::vector<std::size_t> parse_shape(const std::string& header, const std::string& path) {
    std::smatch tuple;
    if (!std::regex_search(header, tuple, std::regex(R"('shape': *\(([0-9, ]*)\))"))) {
        refuse(path, "has no shape in its header: " + header);
    }
    std::vector<std::size_t> shape;
    const std::string extents = tuple[1];
    const std::regex number("[0-9]+");
    for (auto at = std::sregex_iterator(extents.begin(), extents.end(), number); at != std::sregex_iterator();
         ++at) {
        if (at->length() > 9) {
            refuse(path, "is larger than any input: " + header);
        }
        shape.push_back(std::stoul(at->str()));
    }
    return shape;
}

NpyArray parse_npy(const std::vector<std::byte>& bytes, const std::string& path) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.size() < kLongHeaderAt || text.substr(0, kMagic.size()) != kMagic) {
        refuse(path, "is no NumPy array");
    }
    const bool first_version = text[kVersionAt] == 1;
    const std::size_t header_at = first_version ? kShortHeaderAt : kLongHeaderAt;
    std::size_t length = 0;
    for (std::size_t i = kVersionAt + 2; i < header_at; ++i) {
        length |= std::to_integer<std::size_t>(bytes[i]) << (8 * (i - kVersionAt - 2));
    }
    if (length > text.size() - header_at) {
        refuse(path, "ends inside its header");
    }
    const std::string header(text.substr(header_at, length));
    std::smatch type;
    if (!std::regex_search(header, type, std::regex("'descr': *'([^']*)'"))) {
        refuse(path, "holds no plain numbers: " + header);
    }
    if (header.find("'fortran_order': True") != std::string::npos) {
        refuse(path, "is in Fortran order");
    }
    const auto found = element_types().find(type[1]);
    if (found == element_types().end()) {
        refuse(path, fmt::format("holds elements of type '{}'", type[1].str()));
    }
    const ElementType& element = found->second;
    NpyArray array;
    array.shape = parse_shape(header, path);
    array.integers = element.integer;
    std::size_t count = 1;
    const std::size_t data = header_at + length;
    const std::size_t available = (bytes.size() - data) / element.size;
    for (const std::size_t extent : array.shape) {
        count = extent == 0 ? 0 : count > available / extent ? available + 1 : count * extent;
    }
    if (bytes.size() - data != count * element.size) {
        refuse(path, fmt::format("holds {} bytes of data, {} than its shape [{}] needs", bytes.size() - data,
                                 available < count ? "less" : "more", fmt::join(array.shape, ", ")));
    }
    array.values.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        array.values.push_back(element.read(bytes.data() + data + i * element.size));
    }
    return array;
}

NpyMatrix matrix_of(NpyArray array, const std::string& path) {
    if (array.shape.empty() || array.shape.size() > 2) {
        refuse(path, fmt::format("has {} dimensions, expected 1 or 2", array.shape.size()));
    }
    NpyMatrix matrix;
    matrix.rows = array.shape.size() == 1 ? 1 : array.shape[0];
    matrix.columns = array.shape.back();
    matrix.integers = array.integers;
    matrix.values = std::move(array.values);
    return matrix;
}

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;

Archive open_archive(const std::string& path) {
    int code = 0;
    Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &code), &zip_discard);
    if (!archive) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        const std::string text = zip_error_strerror(&error);
        zip_error_fini(&error);
        throw Error(fmt::format("cannot read '{}': {}", path, text));
    }
    return archive;
}

std::vector<std::byte> read_entry(zip_t* archive, zip_uint64_t index, const std::string& path) {
    zip_stat_t status;
    zip_stat_index(archive, index, 0, &status);
    std::vector<std::byte> bytes(status.size);
    const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen_index(archive, index, 0),
                                                                  &zip_fclose);
    std::byte beyond{};  // what is read past the end makes libzip compare the checksum
    if (!file ||
        zip_fread(file.get(), bytes.data(), bytes.size()) != static_cast<zip_int64_t>(bytes.size()) ||
        zip_fread(file.get(), &beyond, 1) != 0) {
        throw Error(fmt::format("cannot read array '{}' of '{}': damaged archive",
                                zip_get_name(archive, index, 0), path));
    }
    return bytes;
}

std::string array_name(zip_t* archive, zip_uint64_t index) {
    const std::string entry = zip_get_name(archive, index, 0);
    return entry.substr(0, entry.rfind(".npy"));
}

/// An array of an archive; its only one when no name is given.
std::vector<std::byte> read_member(const std::string& path, const std::string& name) {
    const auto archive = open_archive(path);
    std::string names;
    const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
    for (zip_uint64_t i = 0; i < count; ++i) {
        const std::string entry = array_name(archive.get(), i);
        names += " " + entry;
        if (entry == name || (name.empty() && count == 1)) {
            return read_entry(archive.get(), i, path);
        }
    }
    throw Error(fmt::format("'{}' holds the arrays{}: choose one with {}:NAME", path, names, path));
}

}  // namespace

std::map<std::string, NpyArray> read_npz(const std::filesystem::path& path) {
    const auto archive = open_archive(path.string());
    std::map<std::string, NpyArray> arrays;
    const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
    for (zip_uint64_t i = 0; i < count; ++i) {
        const auto name = array_name(archive.get(), i);
        arrays[name] =
            parse_npy(read_entry(archive.get(), i, path.string()), fmt::format("{}:{}", path.string(), name));
    }
    return arrays;
}

NpyMatrix read_npy(const std::string& path) {
    const std::size_t archive = path.find(".npz");
    if (archive == std::string::npos) {
        return matrix_of(parse_npy(read_bytes(path), path), path);
    }
    const std::size_t end = archive + 4;
    const std::string name = path.size() > end + 1 && path[end] == ':' ? path.substr(end + 1) : "";
    return matrix_of(parse_npy(read_member(path.substr(0, end), name), path), path);
}

void write_npy(const std::filesystem::path& path, std::span<const std::int32_t> values, std::size_t columns) {
    std::string header = fmt::format("{{'descr': '<i4', 'fortran_order': False, 'shape': ({}, {}), }}",
                                     values.size() / columns, columns);
    header.append(kAlignment - (kShortHeaderAt + header.size() + 1) % kAlignment, ' ');
    header += '\n';
    std::string bytes = fmt::format("{}{}{}{}{}", kMagic, '\1', '\0', static_cast<char>(header.size()),
                                    static_cast<char>(header.size() >> 8));
    bytes += header;
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    write_text(path, bytes);
}

}  // namespace lacuna
