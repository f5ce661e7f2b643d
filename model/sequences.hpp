// Sequences of feature vectors as a file holds them, before classes are numbered and values normalised.
#pragma once

#include <Eigen/Core>
#include <filesystem>
#include <string>
#include <vector>

#include "common/error.hpp"

namespace lacuna {

struct Sequences {
    Eigen::MatrixXf inputs;           ///< [F, positions], one sequence after the other
    std::vector<long> starts = {0};   ///< first position of each sequence, and the end of the last
    std::vector<std::string> labels;  ///< classification: of each sequence; empty in regression
    Eigen::MatrixXf targets;          ///< regression: [O, positions], or with `last_step` [O, sequences]
    bool last_step = true;

    long count() const { return static_cast<long>(starts.size()) - 1; }
    long length(long sequence) const {
        return starts[static_cast<std::size_t>(sequence) + 1] - starts[static_cast<std::size_t>(sequence)];
    }
    /// The given sequences, in that order.
    Sequences chosen(const std::vector<long>& sequences) const;
    /// Steps first .. end - 1 of the only sequence.
    Sequences cut(long first, long end) const;
};

/// Problems of one kind: the first few in full, the others as a number.
class ProblemList {
  public:
    ProblemList(Problems& problems, std::string kind) : problems_(problems), kind_(std::move(kind)) {}
    ~ProblemList();
    ProblemList(const ProblemList&) = delete;
    ProblemList& operator=(const ProblemList&) = delete;

    void add(const std::string& problem);

  private:
    static constexpr std::size_t kShown = 4;

    Problems& problems_;
    std::string kind_;
    std::size_t count_ = 0;
};

/// Arrays of a .npz file, little-endian integers of 8 to 64 bits (but no unsigned ones of 32 or 64) or reals
/// of 32 or 64 bits; others than these are refused:
/// - `x` [N, T, F]: N sequences of T steps; or [T, F]: one long series
/// - `y` [N] of integers: classes; [N] or [N, O] of reals: values after the last step; [N, T, O]: after each
/// step.
///   For a series [T] or [T, O].
/// - `length` [N], optional: steps of each sequence that count, from the first; the rest is padding
/// @param suffix of the names: `x_train`, `y_train` with "_train"
/// @param values take integers in `y` as values, not as classes
Sequences read_npz_sequences(const std::filesystem::path& path, const std::string& suffix, bool values,
                             Problems& problems);
/// Whether the file holds x_train and its like, instead of x alone.
bool npz_has_splits(const std::filesystem::path& path);

/// What the columns of a CSV file are; docs/training.md describes the JSON text.
struct CsvSchema {
    char separator = ',';
    bool header = true;                ///< the first row names the columns; off: they are 0, 1, 2, ..
    std::string sequence;              ///< column whose value says to which sequence a row, one step, belongs
    long steps = 0;                    ///< > 0: a row is a whole sequence of so many steps
    std::vector<std::string> inputs;   ///< columns; `a:b` means all from a to b
    std::string label;                 ///< column with the class, or
    std::vector<std::string> targets;  ///< columns with the values
    bool last_step = false;            ///< targets: only those of a sequence's last row count
    long horizon = 0;                  ///< targets lie so many rows ahead

    /// Throws `Error` listing every problem of the file.
    static CsvSchema read(const std::filesystem::path& path);
};

/// Rows of numbers as `schema` says. Without `sequence` and `steps` the file is one long series.
Sequences read_csv_sequences(const std::filesystem::path& path, const CsvSchema& schema, Problems& problems);

}  // namespace lacuna
