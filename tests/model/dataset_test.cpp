#include "model/dataset.hpp"

#include <doctest/doctest.h>

#include "common/file.hpp"
#include "common/sha256.hpp"
#include "tests/golden/temporary_folder.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

void write_splits(const TemporaryFolder& folder, const std::string& train, const std::string& valid,
                  const std::string& test) {
    write_text(folder / "train.txt", train);
    write_text(folder / "valid.txt", valid);
    write_text(folder / "test.txt", test);
}

DataOptions data_in(const std::filesystem::path& path) {
    DataOptions options;
    options.path = path;
    return options;
}

}  // namespace

TEST_CASE("the vocabulary is the sorted set of the training split's bytes") {
    const TemporaryFolder folder;
    write_splits(folder, "cab\xE9\nab", "abc", "b\n");
    const auto corpus = load_dataset(data_in(folder / ""));
    CHECK(corpus.format.vocab == std::vector<std::uint8_t>{'\n', 'a', 'b', 'c', 0xE9});
    CHECK(corpus.train.tokens == std::vector<int>{3, 1, 2, 4, 0, 1, 2});
    CHECK(corpus.valid.tokens == std::vector<int>{1, 2, 3});
    CHECK(corpus.test.tokens == std::vector<int>{2, 0});
    CHECK(corpus.sha256 == sha256_hex("cab\xE9\nababcb\n"));
}

TEST_CASE("characters outside the vocabulary are named with their file") {
    const TemporaryFolder folder;
    write_splits(folder, "abab", "ab\nz", "aq");
    const auto text = error_text([&] { load_dataset(data_in(folder / "")); });
    CHECK(contains(text, "valid.txt"));
    CHECK(contains(text, "'z'"));
    CHECK(contains(text, "test.txt"));
    CHECK(contains(text, "'q'"));
    DataFormat format;
    format.vocab = {'\n', 'a', 'q', 'z'};
    const auto other = error_text([&] { load_dataset(data_in(folder / ""), format); });
    CHECK(contains(other, "train.txt"));
    CHECK(contains(other, "'b'"));
}

TEST_CASE("missing and empty files are listed together") {
    const TemporaryFolder folder;
    write_text(folder / "train.txt", "");
    write_text(folder / "valid.txt", "ab");
    const auto text = error_text([&] { load_dataset(data_in(folder / "")); });
    CHECK(contains(text, "2 problems"));
    CHECK(contains(text, "train.txt has 0 characters"));
    CHECK(contains(text, "test.txt': No such file"));
    CHECK(contains(text, "make data"));
}

}  // namespace lacuna
