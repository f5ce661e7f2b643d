#include "model/corpus.hpp"

#include <fmt/format.h>

#include <array>
#include <set>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/sha256.hpp"
#include "golden/vocabulary.hpp"

namespace lacuna {

namespace {

constexpr std::array<const char*, 3> kFiles = {"train.txt", "valid.txt", "test.txt"};
constexpr const char* kAdvice =
    "`make data` makes the default corpus; a corpus of your own is a folder with train.txt, valid.txt, "
    "test.txt.";

std::array<std::string, 3> read_texts(const std::filesystem::path& folder) {
    Problems problems(fmt::format("data folder '{}'", folder.string()));
    std::array<std::string, 3> texts;
    for (std::size_t i = 0; i < kFiles.size(); ++i) {
        try {
            texts[i] = read_text(folder / kFiles[i]);
            if (texts[i].size() < 2) {
                problems.add(
                    fmt::format("{} has {} characters, expected at least 2", kFiles[i], texts[i].size()));
            }
        } catch (const Error& error) {
            problems.add(error.what());
        }
    }
    problems.throw_if_any(kAdvice);
    return texts;
}

Corpus encode(const std::filesystem::path& folder, const std::array<std::string, 3>& texts,
              const std::vector<std::uint8_t>& vocab) {
    const Vocabulary vocabulary(vocab);
    Corpus corpus;
    corpus.vocab = vocab;
    corpus.sha256 = sha256_hex(texts[0] + texts[1] + texts[2]);
    const std::array<std::vector<int>*, 3> splits = {&corpus.train, &corpus.valid, &corpus.test};
    Problems problems(fmt::format("data folder '{}'", folder.string()));
    for (std::size_t i = 0; i < kFiles.size(); ++i) {
        try {
            *splits[i] = vocabulary.encode(texts[i]);
        } catch (const Error& error) {
            problems.add(fmt::format("{}: {}", kFiles[i], error.what()));
        }
    }
    problems.throw_if_any("Remove or replace these characters, or train on text that has them.");
    return corpus;
}

}  // namespace

std::vector<std::uint8_t> bytes_of(const std::string& text) {
    const std::set<std::uint8_t> bytes(text.begin(), text.end());
    return {bytes.begin(), bytes.end()};
}

Corpus load_corpus(const std::filesystem::path& folder) {
    const auto texts = read_texts(folder);
    return encode(folder, texts, bytes_of(texts[0]));
}

Corpus load_corpus(const std::filesystem::path& folder, const std::vector<std::uint8_t>& vocab) {
    return encode(folder, read_texts(folder), vocab);
}

}  // namespace lacuna
