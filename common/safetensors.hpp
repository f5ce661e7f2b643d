// Reader and writer of the safetensors container (https://github.com/huggingface/safetensors):
//   1. 8 bytes: length n of the header, unsigned, little endian
//   2. n bytes: JSON object {"name": {"dtype": "I8", "shape": [..], "data_offsets": [begin, end]}, ..,
//      "__metadata__": {"key": "value", ..}}; offsets count from the end of the header
//   3. the tensors' bytes, little endian, row-major, without holes or overlaps
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace lacuna {

enum class DType { F64, F32, I64, I32, I16, I8, U8, Bool };

std::size_t dtype_size(DType dtype);
const char* dtype_name(DType dtype);

/// A dense row-major array of plain values.
struct Tensor {
    DType dtype = DType::F32;
    std::vector<std::size_t> shape;
    std::vector<std::byte> bytes;

    /// Number of elements; 1 for a scalar (empty shape).
    std::size_t size() const;

    /// A typed view; throws `Error` when T is not the tensor's type.
    template <class T>
    std::span<const T> view() const;

    template <class T>
    static Tensor from(std::vector<std::size_t> shape, std::span<const T> values);
};

struct SafeTensors {
    std::map<std::string, std::string> metadata;
    std::map<std::string, Tensor> tensors;
};

/// Reads a whole file. Throws `Error` naming the file and every problem found: cannot be opened, truncated,
/// header not JSON, unknown dtype, shape and offsets that disagree, holes, overlaps, bytes left over.
SafeTensors read_safetensors(const std::filesystem::path& path);

/// Writes to `<path>.partial`, then renames: a reader sees the old file or the new one, never half of it.
/// Same content, same bytes (keys are sorted; data starts at a multiple of 8).
void write_safetensors(const std::filesystem::path& path, const SafeTensors& file);

}  // namespace lacuna
