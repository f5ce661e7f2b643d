// The text to learn: a folder with train.txt, valid.txt and test.txt, turned into tokens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace lacuna {

struct Corpus {
    std::vector<std::uint8_t> vocab;  ///< byte of each token
    std::vector<int> train;
    std::vector<int> valid;
    std::vector<int> test;
    std::string sha256;  ///< of the three files' bytes, one after the other in this order
};

/// The vocabulary is the sorted set of bytes in the training split. Throws `Error` naming files that are
/// missing or empty and characters of valid.txt and test.txt that the training split lacks.
Corpus load_corpus(const std::filesystem::path& folder);

/// The same with a given vocabulary (of a trained model); all three files must fit it.
Corpus load_corpus(const std::filesystem::path& folder, const std::vector<std::uint8_t>& vocab);

/// Sorted set of the bytes of a text.
std::vector<std::uint8_t> bytes_of(const std::string& text);

}  // namespace lacuna
