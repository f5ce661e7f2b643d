#include "common/safetensors.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>

#include "common/file.hpp"
#include "tests/golden/temporary_folder.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

SafeTensors sample() {
    SafeTensors file;
    file.metadata["note"] = "a \"quoted\" text\n";
    file.tensors["bytes"] = Tensor::from<std::int8_t>({3}, std::vector<std::int8_t>{-1, 0, 127});
    file.tensors["matrix"] = Tensor::from<float>({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6.5F});
    file.tensors["none"] = Tensor::from<float>({0, 4}, std::vector<float>{});
    file.tensors["scalar"] = Tensor::from<std::int64_t>({}, std::vector<std::int64_t>{-5});
    return file;
}

/// Bytes of a file with the given header text and data.
std::string raw(const std::string& header, const std::string& data) {
    const std::uint64_t length = header.size();
    std::string bytes(sizeof length, '\0');
    std::memcpy(bytes.data(), &length, sizeof length);
    return bytes + header + data;
}

std::string reading_error(const std::string& bytes) {
    const TemporaryFolder folder;
    const auto path = folder / "damaged.safetensors";
    write_text(path, bytes);
    auto text = error_text([&] { read_safetensors(path); });
    CHECK(contains(text, "damaged.safetensors"));
    return text;
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape, int begin,
                  int end) {
    return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":[)" +
           std::to_string(begin) + "," + std::to_string(end) + "]}";
}

}  // namespace

TEST_CASE("tensors and metadata survive a round trip") {
    const TemporaryFolder folder;
    const auto path = folder / "a.safetensors";
    write_safetensors(path, sample());
    const auto file = read_safetensors(path);
    CHECK(file.metadata == sample().metadata);
    REQUIRE(file.tensors.size() == 4);
    CHECK(file.tensors.at("matrix").shape == std::vector<std::size_t>{2, 3});
    CHECK(file.tensors.at("matrix").view<float>()[5] == 6.5F);
    CHECK(file.tensors.at("bytes").view<std::int8_t>()[0] == -1);
    CHECK(file.tensors.at("none").size() == 0);
    CHECK(file.tensors.at("scalar").shape.empty());
    CHECK(file.tensors.at("scalar").view<std::int64_t>()[0] == -5);
}

TEST_CASE("the same content gives the same bytes, and data starts at a multiple of 8") {
    const TemporaryFolder folder;
    write_safetensors(folder / "a", sample());
    write_safetensors(folder / "b", read_safetensors(folder / "a"));
    const auto bytes = read_text(folder / "a");
    CHECK(bytes == read_text(folder / "b"));
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    CHECK((8 + length) % 8 == 0);
}

TEST_CASE("a truncated file is refused at every length") {
    const TemporaryFolder folder;
    write_safetensors(folder / "a", sample());
    const auto bytes = read_text(folder / "a");
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        CAPTURE(length);
        CHECK(reading_error(bytes.substr(0, length)) != "no error");
    }
    CHECK(contains(reading_error(bytes + "x"), "1 bytes are left over"));
}

TEST_CASE("damaged headers are named") {
    CHECK(contains(reading_error("abc"), "got 3 bytes, expected at least 8"));
    CHECK(contains(reading_error(std::string(8, '\xFF') + "{}"), "header length is 18446744073709551615"));
    CHECK(contains(reading_error(raw("{\"a\":", "")), "header is not JSON"));
    CHECK(contains(reading_error(raw("[]", "")), "header is a JSON array"));
    CHECK(contains(reading_error(raw(R"({"a":{"dtype":"F32"}})", "")), "tensor 'a' needs"));
    CHECK(contains(reading_error(raw(R"({"a":7})", "")), "tensor 'a' needs"));
    CHECK(contains(reading_error(raw(R"({"__metadata__":{"k":1}})", "")), "metadata 'k' is a JSON number"));
    const auto twice = "{" + entry("a", "I8", "[1]", 0, 1) + "," + entry("a", "I8", "[1]", 0, 1) + "}";
    CHECK(contains(reading_error(raw(twice, "x")), "tensor 'a' occurs twice"));
}

TEST_CASE("tensors that do not tile the data are named") {
    const auto first = entry("a", "I8", "[4]", 0, 4);
    CHECK(contains(reading_error(raw("{" + first + "," + entry("b", "I8", "[4]", 2, 6) + "}", "123456")),
                   "tensor 'b' begins at data byte 2, inside the tensor before it"));
    CHECK(contains(reading_error(raw("{" + first + "," + entry("b", "I8", "[1]", 5, 6) + "}", "123456")),
                   "data bytes [4, 5) before tensor 'b' belong to no tensor"));
    CHECK(contains(reading_error(raw("{" + entry("a", "I8", "[9]", 0, 9) + "}", "1234")),
                   "but the file has 4"));
    CHECK(contains(reading_error(raw("{" + entry("a", "F32", "[2]", 0, 4) + "}", "1234")),
                   "is F32 [2], which needs 8 bytes, but has 4"));
    CHECK(contains(reading_error(raw("{" + entry("a", "F8", "[4]", 0, 4) + "}", "1234")), "has dtype F8"));
    const auto huge = entry("a", "F64", "[4294967296,4294967296]", 0, 4);
    CHECK(contains(reading_error(raw("{" + huge + "}", "1234")), "more than 2^64"));
}

TEST_CASE("all problems are listed at once") {
    const auto text = reading_error(
        raw("{" + entry("a", "F8", "[4]", 0, 4) + "," + entry("b", "F32", "[3]", 4, 8) + "}", "12345678"));
    CHECK(contains(text, "2 problems"));
    CHECK(contains(text, "tensor 'a'"));
    CHECK(contains(text, "tensor 'b'"));
}

TEST_CASE("views and tensors of the wrong type or size are refused") {
    const auto tensor = Tensor::from<float>({2}, std::vector<float>{1, 2});
    CHECK(contains(error_text([&] { tensor.view<std::int8_t>(); }), "holds F32, expected I8"));
    CHECK(contains(error_text([] { Tensor::from<float>({3}, std::vector<float>{1, 2}); }), "from 2 values"));
    SafeTensors file;
    file.tensors["bad"] = tensor;
    file.tensors["bad"].shape = {5};
    const TemporaryFolder folder;
    CHECK(contains(error_text([&] { write_safetensors(folder / "f", file); }), "tensor 'bad'"));
    CHECK_FALSE(std::filesystem::exists(folder / "f"));
}

}  // namespace lacuna
