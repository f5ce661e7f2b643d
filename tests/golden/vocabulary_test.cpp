#include "golden/vocabulary.hpp"

#include <doctest/doctest.h>

#include "common/error.hpp"

namespace lacuna {

namespace {

const std::vector<std::uint8_t> token_bytes = {'\n', ' ', 'a', 'b', 0xff};

}  // namespace

TEST_CASE("text to tokens and back") {
    const Vocabulary vocabulary(token_bytes);
    const auto tokens = vocabulary.encode("a b\n\xff");
    CHECK(tokens == std::vector<int>{2, 1, 3, 0, 4});
    CHECK(vocabulary.decode(tokens) == "a b\n\xff");
    CHECK(vocabulary.find('b') == 3);
    CHECK(vocabulary.find('c') == -1);
    CHECK(vocabulary.encode("").empty());
}

TEST_CASE("characters outside the vocabulary are all named, with their places") {
    const Vocabulary vocabulary(token_bytes);
    const std::string text = std::string("axbx\t") + std::string(10, 'Q');
    for (const char* part : {"text of 15 characters", "'x' is not in the vocabulary (at character 2, 4)",
                             "'\\t' is not in the vocabulary (at character 5)",
                             "'Q' is not in the vocabulary (at character 6, 7, 8, 9, 10, ... (10 in all))",
                             "The model knows '\\n' ' ' 'a' 'b' 0xff."}) {
        CHECK_THROWS_WITH_AS(vocabulary.encode(text), doctest::Contains(part), Error);
    }
}

TEST_CASE("bad tokens and repeated bytes are refused") {
    const Vocabulary vocabulary(token_bytes);
    CHECK_THROWS_WITH_AS(vocabulary.byte(5), doctest::Contains("token 5 does not exist, expected 0..4"),
                         Error);
    CHECK_THROWS_AS(vocabulary.byte(-1), Error);
    const std::vector<std::uint8_t> twice = {'a', 'b', 'a'};
    CHECK_THROWS_WITH_AS(Vocabulary{twice}, doctest::Contains("'a' is both token 0 and token 2"), Error);
}

}  // namespace lacuna
