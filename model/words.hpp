// Words as tokens: how a text is cut, and the vocabulary.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lacuna {

/// How a text becomes words. Blanks separate them, and each line's end is the word `<eos>`.
struct WordRule {
    /// Punctuation marks are words of their own. Off: a text that is cut already, as Penn Treebank's.
    bool split = true;
    bool lowercase = false;  ///< ASCII letters only

    bool operator==(const WordRule&) const = default;
};

/// A word is a run of letters, digits and bytes from 0x80, with single ' or - inside; or a tag like <unk>; or
/// else one character. Each line's end gives `<eos>`, also that of a last line without one.
std::vector<std::string> words_of(std::string_view text, const WordRule& rule);

/// Whether a text is UTF-8, as what becomes JSON in a model file must be.
bool is_utf8(const std::string& text);

class WordVocabulary {
  public:
    static constexpr const char* kUnknown = "<unk>";
    static constexpr const char* kLineEnd = "<eos>";

    WordVocabulary() = default;
    /// @param words in the order of their tokens, with `<unk>` and `<eos>` among them. Throws `Error` naming
    /// what is missing, empty or there twice.
    WordVocabulary(std::vector<std::string> words, const WordRule& rule);

    /// `<unk>`, `<eos>` and the most frequent words of a text, `size` in all or fewer where the text has
    /// fewer; the most frequent first, equally frequent ones in the order of their bytes.
    static WordVocabulary most_frequent(std::string_view text, std::size_t size, const WordRule& rule);

    std::size_t size() const { return words_.size(); }
    const std::vector<std::string>& words() const { return words_; }
    const WordRule& rule() const { return rule_; }
    int unknown() const { return unknown_; }

    /// Words outside the vocabulary become `<unk>`.
    std::vector<int> encode(std::string_view text) const;

    bool operator==(const WordVocabulary& other) const {
        return words_ == other.words_ && rule_ == other.rule_;
    }

  private:
    std::vector<std::string> words_;
    WordRule rule_;
    std::unordered_map<std::string, int> token_;
    int unknown_ = 0;
};

}  // namespace lacuna
