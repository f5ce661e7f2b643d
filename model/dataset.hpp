// What a model learns from: the data of one task in three splits, as the network reads them.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/data_format.hpp"

namespace lacuna {

struct Split {
    std::vector<int> tokens;         ///< language: a stream, each token predicted from all before it
    Eigen::MatrixXf inputs;          ///< otherwise [F, positions], normalised, one sequence after the other
    std::vector<long> starts = {0};  ///< first position of each sequence, and the end of the last
    std::vector<int> labels;         ///< classification: class of each sequence
    Eigen::MatrixXf targets;         ///< regression: [O, positions] or [O, sequences], normalised

    long sequences() const { return static_cast<long>(starts.size()) - 1; }
    /// One sequence with targets after each step: learnt as a stream, like a text.
    bool series() const { return sequences() == 1 && labels.empty() && targets.cols() == starts.back(); }
    long longest() const;
};

struct Dataset {
    DataFormat format;
    Split train;
    Split valid;
    Split test;
    std::string sha256;        ///< of the files' bytes and, but for texts, what they were read by
    std::string parts_sha256;  ///< of texts: where they were cut, and the vocabulary

    Eigen::Index features() const { return train.inputs.rows(); }
};

struct DataOptions {
    /// A folder with train, valid and test .txt, .npz or .csv, or one file, which is then split.
    std::filesystem::path path = "data/kjv";
    std::optional<Task> task;        ///< nothing: characters of text, else classes or values as the data say
    std::size_t vocabulary = 10000;  ///< words: size, when it is built
    std::filesystem::path vocabulary_file;  ///< words: one a line; empty: built from the training split
    WordRule words;                         ///< words: how the text is cut
    std::array<double, 3> parts = {0.8, 0.1, 0.1};  ///< of one file: train, valid, test
    std::uint64_t split_seed = 1;                   ///< of the order in which sequences go to the parts
    std::filesystem::path schema;  ///< CSV: its JSON file; empty: `schema.json` in the folder, <file>.json

    void check(Problems& problems) const;
};

/// Reads data for a new model. Throws `Error` listing every problem: files that are missing, empty or ragged,
/// values that are not finite, labels outside the training split's, one class only, targets that are
/// constant, characters of valid and test that the training split lacks.
Dataset load_dataset(const DataOptions& options);

/// Reads data for a model that has a format already; all three splits must fit it. Task, vocabulary and word
/// rule of the options are not looked at.
Dataset load_dataset(const DataOptions& options, const DataFormat& format);

/// Share of the tokens that are `<unk>`; 0 for other tasks than words.
double unknown_share(const Dataset& data, const Split& split);

/// Texts of the three splits.
std::array<std::string, 3> read_texts(const DataOptions& options);
/// Tokens of texts, in `format` or, without one, in a vocabulary made from the first.
Dataset encode_texts(const DataOptions& options, const std::array<std::string, 3>& texts,
                     const DataFormat* format);

/// Sorted set of the bytes of a text.
std::vector<std::uint8_t> bytes_of(const std::string& text);

}  // namespace lacuna
