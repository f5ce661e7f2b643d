#include "model/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/error.hpp"

namespace lacuna {

namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/// Part of a word, whatever the locale: ASCII letters and digits, and all bytes of UTF-8 sequences.
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
}

/// End of the tag, like <unk>, that begins at `at`; `at` when there is none.
std::size_t end_of_tag(std::string_view text, std::size_t at) {
    std::size_t end = at + 1;
    while (end < text.size() && is_letter(text[end])) {
        ++end;
    }
    return text[at] == '<' && end > at + 1 && end < text.size() && text[end] == '>' ? end + 1 : at;
}

std::size_t end_of_word(std::string_view text, std::size_t at) {
    if (const std::size_t end = end_of_tag(text, at); end != at) {
        return end;
    }
    std::size_t end = at;
    while (end < text.size() &&
           (is_letter(text[end]) || (end > at && (text[end] == '\'' || text[end] == '-') &&
                                     end + 1 < text.size() && is_letter(text[end + 1])))) {
        ++end;
    }
    return std::max(end, at + 1);
}

std::size_t end_of_run(std::string_view text, std::size_t at) {
    while (at < text.size() && !is_blank(text[at]) && text[at] != '\n') {
        ++at;
    }
    return at;
}

std::string lower(std::string word) {
    for (char& c : word) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return word;
}

}  // namespace

std::vector<std::string> words_of(std::string_view text, const WordRule& rule) {
    std::vector<std::string> words;
    std::size_t at = 0;
    bool open = false;  // a line that has not ended
    while (at < text.size()) {
        if (text[at] == '\n') {
            words.emplace_back(WordVocabulary::kLineEnd);
            open = false;
            ++at;
        } else if (is_blank(text[at])) {
            ++at;
        } else {
            const std::size_t end = rule.split ? end_of_word(text, at) : end_of_run(text, at);
            std::string word(text.substr(at, end - at));
            words.push_back(rule.lowercase ? lower(std::move(word)) : std::move(word));
            open = true;
            at = end;
        }
    }
    if (open) {
        words.emplace_back(WordVocabulary::kLineEnd);
    }
    return words;
}

bool is_utf8(const std::string& text) {
    try {
        static_cast<void>(nlohmann::json(text).dump());
        return true;
    } catch (const nlohmann::json::exception&) {
        return false;
    }
}

WordVocabulary::WordVocabulary(std::vector<std::string> words, const WordRule& rule)
    : words_(std::move(words)), rule_(rule) {
    Problems problems("vocabulary of words");
    for (std::size_t i = 0; i < words_.size(); ++i) {
        if (words_[i].empty()) {
            problems.add(fmt::format("word {} is empty", i));
        } else if (!token_.emplace(words_[i], static_cast<int>(i)).second) {
            problems.add(fmt::format("word {}, '{}', is there twice", i, words_[i]));
        }
    }
    for (const char* needed : {kUnknown, kLineEnd}) {
        if (!token_.contains(needed)) {
            problems.add(fmt::format("lacks '{}'", needed));
        }
    }
    problems.throw_if_any("A vocabulary has one word a line, <unk> and <eos> among them.");
    unknown_ = token_.at(kUnknown);
}

WordVocabulary WordVocabulary::most_frequent(std::string_view text, std::size_t size, const WordRule& rule) {
    std::map<std::string, std::size_t> counts;
    for (auto& word : words_of(text, rule)) {
        ++counts[std::move(word)];
    }
    counts.erase(kUnknown);
    counts.erase(kLineEnd);
    std::vector<std::pair<std::size_t, std::string>> order;
    order.reserve(counts.size());
    for (const auto& entry : counts) {
        order.emplace_back(entry.second, entry.first);
    }
    std::ranges::stable_sort(order, [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<std::string> words = {kUnknown, kLineEnd};
    for (auto& entry : order) {
        if (words.size() >= size) {
            break;
        }
        words.push_back(std::move(entry.second));
    }
    return {std::move(words), rule};
}

std::vector<int> WordVocabulary::encode(std::string_view text) const {
    std::vector<int> tokens;
    for (const auto& word : words_of(text, rule_)) {
        const auto found = token_.find(word);
        tokens.push_back(found == token_.end() ? unknown_ : found->second);
    }
    return tokens;
}

}  // namespace lacuna
