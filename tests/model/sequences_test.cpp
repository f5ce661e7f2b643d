// Sequences from .npz and .csv files, good ones and all kinds of bad ones.
#include "model/sequences.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zip.h>

#include <cmath>
#include <fstream>

#include "common/file.hpp"
#include "model/dataset.hpp"
#include "tests/golden/temporary_folder.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

/// Bytes of a .npy array of F4 or I8.
template <class T>
std::string npy(const std::vector<std::size_t>& shape, const std::vector<T>& values) {
    std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({},), }}",
                                     std::is_integral_v<T> ? "<i8" : "<f4", fmt::join(shape, ", "));
    header.append(64 - (10 + header.size() + 1) % 64, ' ');
    header += '\n';
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(header.size());
    bytes += static_cast<char>(header.size() >> 8U);
    return bytes + header +
           std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

using Arrays = std::vector<std::pair<std::string, std::string>>;

/// @param stored as numpy.savez does, instead of compressed
void write_npz(const std::filesystem::path& path, const Arrays& arrays, bool stored = false) {
    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    REQUIRE(archive != nullptr);
    for (const auto& array : arrays) {
        zip_source_t* source = zip_source_buffer(archive, array.second.data(), array.second.size(), 0);
        const auto index = zip_file_add(archive, (array.first + ".npy").c_str(), source, 0);
        REQUIRE(index >= 0);
        zip_set_file_compression(archive, static_cast<zip_uint64_t>(index),
                                 stored ? ZIP_CM_STORE : ZIP_CM_DEFLATE, 0);
    }
    REQUIRE(zip_close(archive) == 0);
}

std::vector<float> ramp(std::size_t count) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        values[i] = static_cast<float>(i);
    }
    return values;
}

DataOptions data_in(const std::filesystem::path& path) {
    DataOptions options;
    options.path = path;
    return options;
}

std::string loading_error(const DataOptions& options) {
    return error_text([&] { load_dataset(options); });
}

/// A folder with the same arrays as all three splits.
void write_splits(const TemporaryFolder& folder, const Arrays& arrays) {
    for (const char* name : {"train.npz", "valid.npz", "test.npz"}) {
        write_npz(folder / name, arrays);
    }
}

void write_csv(const TemporaryFolder& folder, const std::string& schema, const std::string& csv) {
    write_text(folder / "d.csv.json", schema);
    write_text(folder / "d.csv", csv);
}

}  // namespace

TEST_CASE("labelled sequences of an .npz file become classes, normalised by the training split") {
    const TemporaryFolder folder;
    write_splits(folder, {{"x", npy<float>({4, 3, 2}, ramp(24))},
                          {"y", npy<long>({4}, {7, 3, 7, 11})},
                          {"length", npy<long>({4}, {3, 1, 2, 3})}});
    const auto data = load_dataset(data_in(folder / ""));
    CHECK(data.format.task == Task::Classification);
    CHECK(data.format.last_step);
    CHECK(data.format.classes == std::vector<std::string>{"3", "7", "11"});
    CHECK(data.train.labels == std::vector<int>{1, 0, 1, 2});
    CHECK(data.train.starts == std::vector<long>{0, 3, 4, 6, 9});
    CHECK(data.train.longest() == 3);
    // Positions 0 2 4 | 6 | 12 14 | 18 20 22 of feature 0.
    CHECK(data.format.input.mean[0] == doctest::Approx(98.0 / 9));
    CHECK(data.format.input.mean[1] == doctest::Approx(98.0 / 9 + 1));
    CHECK(data.train.inputs.rowwise().sum().norm() < 1e-5F);
    CHECK(data.train.inputs.row(0).squaredNorm() == doctest::Approx(9.0));
    CHECK(data.train.inputs(0, 3) * data.format.input.deviation[0] + data.format.input.mean[0] ==
          doctest::Approx(6.0));

    // The same as values, when that is asked for.
    auto options = data_in(folder / "");
    options.task = Task::Regression;
    const auto values = load_dataset(options);
    CHECK(values.format.last_step);
    CHECK(values.train.targets.cols() == 4);
    CHECK(values.format.output.mean[0] == doctest::Approx(7.0));
}

TEST_CASE("a feature that is hardly ever there does not reach further than the others") {
    const TemporaryFolder folder;
    std::vector<float> x(200);
    std::vector<long> y(100);
    for (std::size_t i = 0; i < y.size(); ++i) {
        x[2 * i] = i % 2 == 0 ? 1.0F : -1.0F;
        x[2 * i + 1] = i == 7 ? 16.0F : 0.0F;  // 10 deviations from the mean
        y[i] = static_cast<long>(i % 2);
    }
    write_splits(folder, {{"x", npy<float>({100, 1, 2}, x)}, {"y", npy<long>({100}, y)}});
    const auto data = load_dataset(data_in(folder / ""));
    CHECK(data.format.input.deviation[0] == doctest::Approx(1.0));
    CHECK(data.format.input.deviation[1] == doctest::Approx((16 - 0.16) / 4));
    CHECK(data.train.inputs.maxCoeff() == doctest::Approx(4.0));
}

TEST_CASE("values after each step, and one long series, cut by time") {
    const TemporaryFolder folder;
    write_npz(folder / "s.npz", {{"x", npy<float>({40, 1}, ramp(40))}, {"y", npy<float>({40}, ramp(40))}});
    auto options = data_in(folder / "s.npz");
    options.parts = {0.5, 0.25, 0.25};
    const auto data = load_dataset(options);
    CHECK(data.format.task == Task::Regression);
    CHECK_FALSE(data.format.last_step);
    CHECK(data.train.series());
    CHECK(data.train.inputs.cols() == 20);
    CHECK(data.valid.inputs.cols() == 10);
    CHECK(data.test.inputs(0, 0) * data.format.input.deviation[0] + data.format.input.mean[0] ==
          doctest::Approx(30.0));

    write_splits(folder, {{"x", npy<float>({2, 3, 1}, ramp(6))}, {"y", npy<float>({2, 3, 2}, ramp(12))}});
    const auto every = load_dataset(data_in(folder / ""));
    CHECK_FALSE(every.train.series());
    CHECK(every.train.targets.rows() == 2);
    CHECK(every.train.targets.cols() == 6);
}

TEST_CASE("one file of sequences is split by a seed, each sequence once") {
    const TemporaryFolder folder;
    std::vector<long> labels;
    for (long i = 0; i < 20; ++i) {
        labels.push_back(i % 2);
    }
    write_npz(folder / "c.npz", {{"x", npy<float>({20, 1, 1}, ramp(20))}, {"y", npy<long>({20}, labels)}});
    auto options = data_in(folder / "c.npz");
    const auto values_of = [](const Dataset& data) {
        std::vector<int> values;
        for (const auto* split : {&data.train, &data.valid, &data.test}) {
            for (const float x : split->inputs.reshaped()) {
                values.push_back(static_cast<int>(
                    std::lround(x * data.format.input.deviation[0] + data.format.input.mean[0])));
            }
        }
        return values;
    };
    const auto data = load_dataset(options);
    CHECK(data.train.sequences() == 16);
    CHECK(data.valid.sequences() == 2);
    auto values = values_of(data);
    CHECK(values == values_of(load_dataset(options)));
    options.split_seed = 2;
    CHECK(values != values_of(load_dataset(options)));
    CHECK(load_dataset(options).sha256 != data.sha256);
    std::ranges::sort(values);
    for (int i = 0; i < 20; ++i) {
        CHECK(values[static_cast<std::size_t>(i)] == i);
    }
}

TEST_CASE("bad arrays are listed together, with their places") {
    const TemporaryFolder folder;
    auto x = ramp(24);
    x[7] = NAN;
    x[20] = INFINITY;
    write_splits(folder, {{"x", npy<float>({4, 3, 2}, x)}, {"y", npy<long>({4}, {0, -1, 1, 1})}});
    const auto text = loading_error(data_in(folder / ""));
    CHECK(contains(text, "x[1, 0, 1] is nan, expected a finite number"));
    CHECK(contains(text, "x[3, 1, 0] is inf"));
    CHECK(contains(text, "y[1] is -1, expected a class from 0 up"));
    CHECK(contains(text, "valid.npz"));

    write_splits(folder, {{"x", npy<float>({4, 3, 2}, ramp(24))}, {"y", npy<long>({3}, {0, 1, 1})}});
    CHECK(contains(loading_error(data_in(folder / "")), "x is [4, 3, 2] and y is [3]"));
    write_splits(folder, {{"x", npy<float>({4, 3, 2}, ramp(24))}, {"z", npy<long>({4}, {0, 1, 1, 0})}});
    CHECK(contains(loading_error(data_in(folder / "")), "has no array 'y', but x, z"));
    write_splits(folder, {{"x", npy<float>({0, 3, 2}, {})}, {"y", npy<long>({0}, {})}});
    CHECK(contains(loading_error(data_in(folder / "")), "x is [0, 3, 2]"));
    write_splits(folder, {{"x", npy<float>({2, 3, 2}, ramp(12))},
                          {"y", npy<long>({2}, {0, 1})},
                          {"length", npy<long>({2}, {0, 4})}});
    const auto lengths = loading_error(data_in(folder / ""));
    CHECK(contains(lengths, "length[0] is 0, expected 1 to 3"));
    CHECK(contains(lengths, "length[1] is 4"));
}

TEST_CASE("arrays that would be left out, and files that are not what was written, are refused") {
    const TemporaryFolder folder;
    const auto x = npy<float>({2, 3, 2}, ramp(12));
    const auto y = npy<long>({2}, {0, 1});
    write_splits(folder, {{"x", x}, {"y", y}, {"lengths", npy<long>({2}, {1, 3})}});
    CHECK(contains(loading_error(data_in(folder / "")),
                   "array 'lengths' has no meaning, expected x, y or length"));
    write_npz(folder / "s.npz", {{"x", npy<float>({40, 1}, ramp(40))},
                                 {"y", npy<float>({40}, ramp(40))},
                                 {"length", npy<long>({1}, {7})}});
    CHECK(contains(loading_error(data_in(folder / "s.npz")),
                   "length goes with sequences, but x is one series"));
    write_splits(folder, {{"x", x}, {"y", npy<long>({2, 1}, {0, 1})}});
    CHECK(contains(loading_error(data_in(folder / "")), "y is [2, 1] of integers, expected classes as [2]"));
    write_splits(folder, {{"x", x}, {"y", y}, {"length", npy<float>({2}, {1, 3})}});
    CHECK(contains(loading_error(data_in(folder / "")), "length is [2] of reals, expected [2] of integers"));
    write_splits(folder, {{"x", x + "more"}, {"y", y}});
    CHECK(contains(loading_error(data_in(folder / "")),
                   "holds 52 bytes of data, more than its shape [2, 3, 2]"));
    // Names and data of a stored array, but not its checksum, are as they were.
    write_splits(folder, {{"x", x}, {"y", y}});
    write_npz(folder / "train.npz", {{"x", x}, {"y", y}}, true);
    auto bytes = read_bytes(folder / "train.npz");
    const auto found = std::search(bytes.begin(), bytes.end(), x.end() - 4, x.end(), [](auto a, auto b) {
        return static_cast<unsigned char>(a) == static_cast<unsigned char>(b);
    });
    REQUIRE(found != bytes.end());
    *found ^= std::byte{1};
    write_bytes(folder / "train.npz", bytes);
    CHECK(contains(loading_error(data_in(folder / "")), "cannot read array 'x.npy'"));
}

TEST_CASE("one class only, unknown classes and constant values are refused") {
    const TemporaryFolder folder;
    write_splits(folder, {{"x", npy<float>({3, 1, 1}, ramp(3))}, {"y", npy<long>({3}, {5, 5, 5})}});
    CHECK(contains(loading_error(data_in(folder / "")),
                   "all 3 sequences are of class '5', expected at least 2"));
    write_npz(folder / "train.npz",
              {{"x", npy<float>({3, 1, 1}, ramp(3))}, {"y", npy<long>({3}, {0, 1, 2})}});
    const auto text = loading_error(data_in(folder / ""));
    CHECK(contains(text, "valid: sequence 0 is of class '5', expected one of 0, 1, 2"));
    CHECK(contains(text, "test: sequence 2 is of class '5'"));
    write_splits(folder, {{"x", npy<float>({3, 1, 1}, ramp(3))}, {"y", npy<float>({3}, {2, 2, 2})}});
    CHECK(contains(loading_error(data_in(folder / "")), "value 0 is 2 everywhere"));
    // A series whose first tenth, which is not scored, alone varies.
    std::vector<float> flat(400, 1.0F);
    flat[0] = 2.0F;
    flat[320] = flat[360] = 3.0F;  // the first steps of the other two parts
    write_npz(folder / "s.npz", {{"x", npy<float>({400, 1}, ramp(400))}, {"y", npy<float>({400}, flat)}});
    const auto series = loading_error(data_in(folder / "s.npz"));
    CHECK(contains(series, "train: value 0 is 1 everywhere from step 32 on"));
    CHECK(contains(series, "test: value 0 is 1 everywhere from step 4 on"));
    CHECK(contains(loading_error(data_in(folder / "none.npz")), "there is no such file or folder"));
    auto options = data_in(folder / "");
    options.task = Task::Classification;
    CHECK(contains(loading_error(options), "so its task is regression, not classification"));
    options.task = Task::Words;
    CHECK(contains(loading_error(options), "words are learnt from .txt"));
}

TEST_CASE("rows of a CSV file are steps of named sequences") {
    const TemporaryFolder folder;
    write_csv(
        folder, R"({"sequence": "id", "inputs": ["a", "b"], "label": "kind"})",
        "id,a,b,kind\n1,0.5,1,\"x, y\"\n2,1,1,z\n1,2,3,\"x, y\"\r\n3,1e1,2,z\n4,0,0,z\n5,1,0,\"x, y\"\n");
    Problems problems("csv");
    const auto sequences =
        read_csv_sequences(folder / "d.csv", CsvSchema::read(folder / "d.csv.json"), problems);
    CHECK(problems.empty());
    CHECK(sequences.labels == std::vector<std::string>{"x, y", "z", "z", "z", "x, y"});
    CHECK(sequences.starts == std::vector<long>{0, 2, 3, 4, 5, 6});
    CHECK(sequences.inputs(0, 1) == 2.0F);
    CHECK(sequences.inputs(1, 1) == 3.0F);
    CHECK(sequences.inputs(0, 3) == 10.0F);
}

TEST_CASE("rows of a CSV file are whole sequences, or one series with targets ahead") {
    const TemporaryFolder folder;
    write_csv(folder, R"({"header": false, "steps": 2, "inputs": ["0:3"], "label": "4"})",
              "1,2,3,4,0\n5,6,7,8,1\n");
    Problems problems("csv");
    const auto wide = read_csv_sequences(folder / "d.csv", CsvSchema::read(folder / "d.csv.json"), problems);
    CHECK(wide.starts == std::vector<long>{0, 2, 4});
    CHECK(wide.inputs(1, 2) == 6.0F);
    CHECK(wide.labels == std::vector<std::string>{"0", "1"});

    write_csv(folder, R"({"separator": ";", "inputs": ["v"], "targets": ["v"], "horizon": 2})",
              "t;v\n0;1\n1;2\n2;3\n3;4\n4;5\n");
    const auto series =
        read_csv_sequences(folder / "d.csv", CsvSchema::read(folder / "d.csv.json"), problems);
    CHECK(problems.empty());
    CHECK_FALSE(series.last_step);
    CHECK(series.inputs.cols() == 3);
    CHECK(series.targets(0, 0) == 3.0F);
    CHECK(series.targets(0, 2) == 5.0F);
}

TEST_CASE("bad CSV files and schemas are refused with all problems") {
    const TemporaryFolder folder;
    write_csv(folder, R"({"inputs": ["a"], "targets": ["b"]})", "a,b\n1,2\n3\nx,4\n5,nan\n6,7,8\n");
    const auto text = loading_error(data_in(folder / "d.csv"));
    CHECK(contains(text, "line 3 has 1 fields, expected 2"));
    CHECK(contains(text, "line 6 has 3 fields, expected 2"));
    CHECK(contains(text, "line 4, column 'a' is 'x', expected a finite number"));
    CHECK(contains(text, "line 5, column 'b' is 'nan'"));

    write_csv(folder, R"({"inputs": ["q"], "targets": ["b"]})", "a,b\n1,2\n");
    CHECK(contains(loading_error(data_in(folder / "d.csv")), "has no column 'q', but a, b"));
    write_csv(folder, R"({"inputs": ["a"], "targets": ["b"]})", "");
    CHECK(contains(loading_error(data_in(folder / "d.csv")), "has no rows"));
    write_csv(folder, R"({"inputs": [], "label": "a", "targets": ["b"], "step": 3})", "a,b\n1,2\n");
    const auto schema = loading_error(data_in(folder / "d.csv"));
    CHECK(contains(schema, "unknown key 'step'"));
    CHECK(contains(schema, "names no 'inputs'"));
    CHECK(contains(schema, "either a 'label' or 'targets'"));
    std::filesystem::remove(folder / "d.csv.json");
    CHECK(contains(loading_error(data_in(folder / "d.csv")), "needs a schema"));
}

}  // namespace lacuna
