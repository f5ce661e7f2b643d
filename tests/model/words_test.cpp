#include "model/words.hpp"

#include <doctest/doctest.h>

#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("words are runs of letters; punctuation stands alone; a line's end is <eos>") {
    CHECK(words_of("In the beginning, God's well-beloved\nsaid: Go!\n", {}) ==
          Words{"In", "the", "beginning", ",", "God's", "well-beloved", "<eos>", "said", ":", "Go", "!",
                "<eos>"});
    CHECK(words_of("don't- 'tis a--b <unk> <not closed", {}) ==
          Words{"don't", "-", "'", "tis", "a", "-", "-", "b", "<unk>", "<", "not", "closed", "<eos>"});
    CHECK(words_of("caf\xC3\xA9 12th\n\n", {}) == Words{"caf\xC3\xA9", "12th", "<eos>", "<eos>"});
    CHECK(words_of("", {}).empty());
}

TEST_CASE("a text that is cut already is cut at blanks only") {
    const WordRule rule{false, false};
    CHECK(words_of(" the N @-@ year , co. 's \r\n", rule) ==
          Words{"the", "N", "@-@", "year", ",", "co.", "'s", "<eos>"});
    CHECK(words_of("The END", {true, true}) == Words{"the", "end", "<eos>"});
}

TEST_CASE("the vocabulary is the most frequent words, and the rest is <unk>") {
    const auto vocabulary = WordVocabulary::most_frequent("b a a c b a <unk> d\n", 4, {});
    CHECK(vocabulary.words() == Words{"<unk>", "<eos>", "a", "b"});
    CHECK(vocabulary.encode("a c <unk> b\n") == std::vector<int>{2, 0, 0, 3, 1});
    CHECK(WordVocabulary::most_frequent("b a", 100, {}).words() == Words{"<unk>", "<eos>", "a", "b"});
}

TEST_CASE("a vocabulary of words that lacks something says what") {
    const auto text = error_text([] { WordVocabulary({"a", "b", "a", ""}, {}); });
    CHECK(contains(text, "word 2, 'a', is there twice"));
    CHECK(contains(text, "word 3 is empty"));
    CHECK(contains(text, "lacks '<unk>'"));
    CHECK(contains(text, "lacks '<eos>'"));
}

}  // namespace lacuna
