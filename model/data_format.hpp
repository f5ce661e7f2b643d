// How data become a model's inputs and targets; a model file keeps it, so that new data are read alike.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "model/task.hpp"
#include "model/words.hpp"

namespace lacuna {

/// A value is mean + deviation * (what the network sees), element by element.
struct Normalisation {
    Eigen::VectorXf mean;
    /// Standard deviation, of inputs at least a quarter of the largest distance from the mean; 1 where a
    /// column is constant.
    Eigen::VectorXf deviation;

    /// Turns columns of values into what the network sees, in place.
    void apply(Eigen::Ref<Eigen::MatrixXf> values) const;
    bool operator==(const Normalisation& other) const {
        return mean.size() == other.mean.size() && deviation.size() == other.deviation.size() &&
               mean == other.mean && deviation == other.deviation;
    }
};

struct DataFormat {
    Task task = Task::Characters;
    std::vector<std::uint8_t> vocab;   ///< characters: byte of each token
    WordVocabulary words;              ///< words
    std::vector<std::string> classes;  ///< classification: name of each class
    /// The head reads only the last step of a sequence: always in classification, in regression by choice.
    bool last_step = false;
    Normalisation input;   ///< classification and regression: [F]
    Normalisation output;  ///< regression: [O]

    /// Tokens of a language model; 0 without.
    Eigen::Index tokens() const;
    /// Rows of the head: tokens, classes or values.
    Eigen::Index outputs() const;

    /// All but the characters' bytes, as a JSON object; empty for characters, which need no more.
    std::string to_json() const;
    /// The inverse. Adds what is wrong with the text to `problems`.
    static DataFormat from_json(const std::string& text, Problems& problems);

    bool operator==(const DataFormat&) const = default;
};

}  // namespace lacuna
