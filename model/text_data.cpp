// Texts: characters or words as tokens.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "common/file.hpp"
#include "common/sha256.hpp"
#include "golden/vocabulary.hpp"
#include "model/dataset.hpp"

namespace lacuna {

namespace {

constexpr std::array<const char*, 3> kFiles = {"train.txt", "valid.txt", "test.txt"};
constexpr const char* kAdvice =
    "`make data` makes the default corpus; a corpus of your own is a folder with train.txt, valid.txt, "
    "test.txt, or one .txt file.";

std::string subject_of(const DataOptions& options) {
    return fmt::format("data '{}'", options.path.string());
}

/// Cuts one text into three, each part at a line's end where there is one.
std::array<std::string, 3> cut(const std::string& text, const std::array<double, 3>& parts) {
    std::array<std::string, 3> texts;
    std::size_t first = 0;
    double share = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        share += parts[i];
        auto end = std::max(first, static_cast<std::size_t>(share * static_cast<double>(text.size())));
        const auto line_end = text.find('\n', end);
        end = i + 1 == texts.size() ? text.size() : line_end == std::string::npos ? end : line_end + 1;
        texts[i] = text.substr(first, end - first);
        first = end;
    }
    return texts;
}

/// Words become JSON in the model file, so they must be UTF-8.
void check_utf8(const std::string& text, const std::string& file, Problems& problems) {
    std::size_t line = 1;
    std::size_t first = 0;
    while (first < text.size()) {
        const std::size_t end = std::min(text.find('\n', first), text.size());
        if (!is_utf8(text.substr(first, end - first))) {
            problems.add(fmt::format("{}: line {} is not UTF-8; convert it with iconv", file, line));
            return;
        }
        first = end + 1;
        ++line;
    }
}

WordVocabulary vocabulary_for(const DataOptions& options, const std::string& train) {
    if (options.vocabulary_file.empty()) {
        return WordVocabulary::most_frequent(train, options.vocabulary, options.words);
    }
    const auto text = read_text(options.vocabulary_file);
    Problems problems("the vocabulary");
    check_utf8(text, options.vocabulary_file.string(), problems);
    problems.throw_if_any();
    std::vector<std::string> words;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        words.push_back(std::move(line));
    }
    return {std::move(words), options.words};
}

}  // namespace

std::vector<std::uint8_t> bytes_of(const std::string& text) {
    const std::set<std::uint8_t> bytes(text.begin(), text.end());
    return {bytes.begin(), bytes.end()};
}

std::array<std::string, 3> read_texts(const DataOptions& options) {
    Problems problems(subject_of(options));
    std::array<std::string, 3> texts;
    if (std::filesystem::is_regular_file(options.path)) {
        texts = cut(read_text(options.path), options.parts);
    }
    for (std::size_t i = 0; i < kFiles.size(); ++i) {
        try {
            if (!std::filesystem::is_regular_file(options.path)) {
                texts[i] = read_text(options.path / kFiles[i]);
            }
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

Dataset encode_texts(const DataOptions& options, const std::array<std::string, 3>& texts,
                     const DataFormat* format) {
    Dataset data;
    data.format.task = options.task.value_or(Task::Characters);
    Problems problems(subject_of(options));
    if (format != nullptr) {
        data.format = *format;
    }
    const bool words = data.format.task == Task::Words;
    if (words) {
        for (std::size_t i = 0; i < texts.size(); ++i) {
            check_utf8(texts[i], kFiles[i], problems);
        }
        problems.throw_if_any();
    }
    if (format == nullptr && words) {
        data.format.words = vocabulary_for(options, texts[0]);
    } else if (format == nullptr) {
        data.format.vocab = bytes_of(texts[0]);
    }
    data.sha256 = sha256_hex(texts[0] + texts[1] + texts[2]);
    data.parts_sha256 =
        sha256_hex(fmt::format("{} {} {} {}", texts[0].size(), texts[1].size(), texts[2].size(),
                               words ? data.format.to_json() : nlohmann::json(data.format.vocab).dump()));
    const Vocabulary characters(data.format.vocab);
    const std::array<Split*, 3> splits = {&data.train, &data.valid, &data.test};
    for (std::size_t i = 0; i < texts.size(); ++i) {
        try {
            splits[i]->tokens = words ? data.format.words.encode(texts[i]) : characters.encode(texts[i]);
            if (splits[i]->tokens.size() < 2) {
                problems.add(fmt::format("{} has {} {}, expected at least 2", kFiles[i],
                                         splits[i]->tokens.size(), token_noun(data.format.task)));
            }
        } catch (const Error& error) {
            problems.add(fmt::format("{}: {}", kFiles[i], error.what()));
        }
    }
    problems.throw_if_any("Remove or replace these characters, or train on text that has them.");
    return data;
}

double unknown_share(const Dataset& data, const Split& split) {
    if (data.format.task != Task::Words || split.tokens.empty()) {
        return 0.0;
    }
    const auto count = std::ranges::count(split.tokens, data.format.words.unknown());
    return static_cast<double>(count) / static_cast<double>(split.tokens.size());
}

}  // namespace lacuna
