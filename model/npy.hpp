// NumPy's array files (numpy.lib.format, versions 1 to 3), as far as training data, input vectors and outputs
// need them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace lacuna {

/// An array of numbers, row-major; `integers` when the file held integers.
struct NpyArray {
    std::vector<std::size_t> shape;
    bool integers = false;
    std::vector<double> values;
};

/// All arrays of a .npz file by name. Throws `Error` as `read_npy`.
std::map<std::string, NpyArray> read_npz(const std::filesystem::path& path);

/// A matrix of numbers; `integers` when the file held integers.
struct NpyMatrix {
    std::size_t rows = 0;
    std::size_t columns = 0;
    bool integers = false;
    std::vector<double> values;  ///< row by row
};

/// Reads a .npy file, or an array of a .npz file (`name.npz` with one array, or `name.npz:array`). One
/// dimension is one row. Throws `Error`: unreadable, not NumPy's, Fortran order, big-endian, or not of
/// numbers.
NpyMatrix read_npy(const std::string& path);

/// Writes a matrix of 32-bit integers.
void write_npy(const std::filesystem::path& path, std::span<const std::int32_t> values, std::size_t columns);

}  // namespace lacuna
