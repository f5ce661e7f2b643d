#include "model/dataset.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "common/file.hpp"
#include "common/sha256.hpp"
#include "golden/prng.hpp"
#include "model/sequences.hpp"
#include "model/walk.hpp"

namespace lacuna {

namespace {

constexpr std::array<const char*, 3> kSplits = {"train", "valid", "test"};
constexpr std::array<const char*, 3> kKinds = {".txt", ".npz", ".csv"};

std::string subject_of(const DataOptions& options) {
    return fmt::format("data '{}'", options.path.string());
}

/// The kind of files that the path holds.
std::string kind_of(const DataOptions& options) {
    Problems problems(subject_of(options));
    if (!std::filesystem::exists(options.path)) {
        problems.add("there is no such file or folder");
        problems.throw_if_any(
            "`make data` makes the default corpus; docs/training.md says what data may be.");
    }
    std::vector<std::string> found;
    for (const char* kind : kKinds) {
        const bool there = std::filesystem::is_regular_file(options.path)
                               ? options.path.extension() == kind
                               : std::filesystem::exists(options.path / fmt::format("train{}", kind));
        if (there) {
            found.emplace_back(kind);
        }
    }
    if (found.size() > 1) {
        problems.add(
            fmt::format("holds training data of several kinds: train{}", fmt::join(found, ", train")));
        problems.throw_if_any("Keep one of them in the folder.");
    }
    // Without any, the reader of texts says what is missing.
    const bool other_file = std::filesystem::is_regular_file(options.path) && found.empty();
    if (other_file) {
        problems.add(
            fmt::format("ends in '{}', expected .txt, .npz or .csv", options.path.extension().string()));
        problems.throw_if_any();
    }
    return found.empty() ? kKinds[0] : found.front();
}

/// Cuts what one file holds into three parts: a series by time, sequences in a random order.
std::array<Sequences, 3> cut(const Sequences& all, const DataOptions& options) {
    std::array<Sequences, 3> result;
    const bool series = all.count() == 1 && !all.last_step;
    const long count = series ? all.starts.back() : all.count();
    std::vector<long> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0L);
    SplitMix64 random(options.split_seed);
    for (std::size_t i = order.size(); i > 1 && !series; --i) {
        std::swap(order[i - 1],
                  order[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(i) - 1))]);
    }
    long first = 0;
    double share = 0;
    for (std::size_t i = 0; i < result.size(); ++i) {
        share += options.parts[i];
        const long end = i + 1 == result.size()
                             ? count
                             : std::clamp(std::lround(share * static_cast<double>(count)), first, count);
        result[i] = series ? all.cut(first, end)
                           : all.chosen(std::vector<long>(order.begin() + first, order.begin() + end));
        first = end;
    }
    return result;
}

std::filesystem::path schema_path(const DataOptions& options) {
    if (!options.schema.empty()) {
        return options.schema;
    }
    if (std::filesystem::is_regular_file(options.path)) {
        return options.path.string() + ".json";
    }
    return options.path / "schema.json";
}

std::array<Sequences, 3> read_sequences(const DataOptions& options, const std::string& kind,
                                        std::string& sha256) {
    Problems problems(subject_of(options));
    const bool values = options.task == Task::Regression;
    const bool one_file = std::filesystem::is_regular_file(options.path);
    std::array<Sequences, 3> result;
    std::string content;
    std::optional<CsvSchema> schema;
    if (kind == ".csv") {
        const auto path = schema_path(options);
        if (!std::filesystem::exists(path)) {
            throw Error(
                fmt::format("{} needs a schema that says what its columns are: write '{}' "
                            "(docs/training.md), or give another file with --schema",
                            subject_of(options), path.string()));
        }
        schema = CsvSchema::read(path);
        content += read_text(path);
    }
    const auto read = [&](const std::filesystem::path& path, const std::string& suffix) {
        return schema ? read_csv_sequences(path, *schema, problems)
                      : read_npz_sequences(path, suffix, values, problems);
    };
    if (one_file && (schema || !npz_has_splits(options.path))) {
        content += read_text(options.path);
        const auto all = read(options.path, "");
        if (problems.empty()) {
            result = cut(all, options);
            content += fmt::format("{} {}", fmt::join(options.parts, " "), options.split_seed);
        }
    } else {
        if (one_file) {
            content += read_text(options.path);
        }
        for (std::size_t i = 0; i < result.size(); ++i) {
            try {
                const auto path =
                    one_file ? options.path : options.path / fmt::format("{}{}", kSplits[i], kind);
                content += one_file ? "" : read_text(path);
                result[i] = read(path, one_file ? fmt::format("_{}", kSplits[i]) : "");
            } catch (const Error& error) {
                problems.add(error.what());
            }
        }
    }
    problems.throw_if_any("Nothing was trained; mend the data and try again.");
    sha256 = sha256_hex(content);
    return result;
}

/// A feature that is rarely not zero has values many deviations away. All inputs share one scale when they
/// become integers, so that a single such feature would leave few steps to all others.
constexpr double kWidestInput = 4;

/// @param widest values lie at most so many deviations from the mean; a column with others counts as wider
Normalisation normalisation_of(const Eigen::MatrixXf& values, double widest) {
    const Eigen::MatrixXd exact = values.cast<double>();
    const Eigen::VectorXd mean = exact.rowwise().mean();
    const Eigen::MatrixXd distance = (exact.colwise() - mean).cwiseAbs();
    const Eigen::VectorXd deviation =
        distance.cwiseAbs2().rowwise().mean().cwiseSqrt().cwiseMax(distance.rowwise().maxCoeff() / widest);
    Normalisation result{mean.cast<float>(), deviation.cast<float>()};
    result.deviation = (result.deviation.array() > 0).select(result.deviation, 1.0F);
    return result;
}

bool is_integer(const std::string& text) {
    return !text.empty() && text.size() < 10 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Sorted names; by value when all are numbers.
std::vector<std::string> classes_of(const std::vector<std::string>& labels) {
    const std::set<std::string> names(labels.begin(), labels.end());
    std::vector<std::string> classes(names.begin(), names.end());
    if (std::ranges::all_of(classes, is_integer)) {
        std::ranges::sort(classes, {}, [](const std::string& name) { return std::stol(name); });
    }
    return classes;
}

DataFormat format_of(const Sequences& train, const DataOptions& options, Problems& problems) {
    DataFormat format;
    format.task = train.labels.empty() ? Task::Regression : Task::Classification;
    format.last_step = train.last_step;
    if (options.task && *options.task != format.task) {
        problems.add(fmt::format("holds {}, so its task is {}, not {}",
                                 train.labels.empty() ? "values to predict" : "classes",
                                 task_name(format.task), task_name(*options.task)));
    }
    if (train.count() == 0) {
        problems.add("train: has no sequences");
        return format;
    }
    format.input = normalisation_of(train.inputs, kWidestInput);
    if (format.task == Task::Classification) {
        format.classes = classes_of(train.labels);
        if (format.classes.size() < 2) {
            problems.add(fmt::format("train: all {} sequences are of class '{}', expected at least 2 classes",
                                     train.count(), format.classes.front()));
        }
        ProblemList broken(problems, "classes like these");
        for (const auto& name : format.classes) {  // they become JSON in the model file
            if (!is_utf8(name)) {
                broken.add(
                    fmt::format("train: the name of class '{}' is not UTF-8; convert it with iconv", name));
            } else if (name.empty()) {
                broken.add("train: a label is empty, expected the name of a class");
            }
        }
        return format;
    }
    format.output = normalisation_of(train.targets, std::numeric_limits<double>::infinity());
    return format;
}

Split split_of(const Sequences& source, const DataFormat& format, const char* name, Problems& problems) {
    Split split;
    split.starts = source.starts;
    if (source.count() == 0 || source.starts.back() == 0) {
        problems.add(fmt::format("{}: has no sequences", name));
        return split;
    }
    if (source.labels.empty() == (format.task == Task::Classification)) {
        problems.add(fmt::format("{}: holds {}, but the task is {}", name,
                                 source.labels.empty() ? "values to predict" : "classes",
                                 task_name(format.task)));
        return split;
    }
    const auto features = format.input.mean.size();
    if (source.inputs.rows() != features) {
        problems.add(
            fmt::format("{}: has {} features a step, expected {}", name, source.inputs.rows(), features));
        return split;
    }
    split.inputs = source.inputs;
    format.input.apply(split.inputs);
    if (format.task == Task::Classification) {
        ProblemList unknown(problems, "labels like these");
        for (std::size_t i = 0; i < source.labels.size(); ++i) {
            const auto found = std::ranges::find(format.classes, source.labels[i]);
            if (found == format.classes.end()) {
                unknown.add(fmt::format("{}: sequence {} is of class '{}', expected one of {}", name, i,
                                        source.labels[i],
                                        fmt::format("{}", fmt::join(format.classes, ", ")).substr(0, 200)));
            }
            split.labels.push_back(static_cast<int>(found - format.classes.begin()));
        }
        return split;
    }
    if (source.targets.rows() != format.output.mean.size() || source.last_step != format.last_step) {
        problems.add(fmt::format("{}: has {} values {}, expected {} {}", name, source.targets.rows(),
                                 source.last_step ? "after the last step" : "after each step",
                                 format.output.mean.size(),
                                 format.last_step ? "after the last step" : "after each step"));
        return split;
    }
    split.targets = source.targets;
    format.output.apply(split.targets);
    const long settled = settling_steps(split, source.starts.back());
    for (Eigen::Index o = 0; o < source.targets.rows(); ++o) {
        const auto scored = source.targets.row(o).tail(source.targets.cols() - settled);
        if (scored.minCoeff() == scored.maxCoeff()) {
            problems.add(fmt::format("{}: value {} is {} everywhere{}, so there is nothing to predict", name,
                                     o, scored[0],
                                     settled > 0 ? fmt::format(" from step {} on", settled) : ""));
        }
    }
    return split;
}

Dataset load(const DataOptions& options, const DataFormat* format) {
    Problems problems(subject_of(options));
    options.check(problems);
    problems.throw_if_any();
    const std::string kind = kind_of(options);
    const auto task = format != nullptr ? std::optional(format->task) : options.task;
    if (task && is_language(*task) != (kind == ".txt")) {
        problems.add(fmt::format("holds {} files, but {} are learnt from {}", kind, task_name(*task),
                                 is_language(*task) ? ".txt" : ".npz or .csv"));
        problems.throw_if_any("Give other data or another --task.");
    }
    if (!options.schema.empty() && kind != ".csv") {
        problems.add(fmt::format("holds {} files, but --schema says what the columns of .csv are", kind));
        problems.throw_if_any("Leave out --schema.");
    }
    if (kind == ".txt") {
        return encode_texts(options, read_texts(options), format);
    }
    Dataset data;
    DataOptions known = options;
    known.task = task;
    const auto sequences = read_sequences(known, kind, data.sha256);
    data.format = format != nullptr ? *format : format_of(sequences[0], options, problems);
    problems.throw_if_any("Nothing was trained; mend the data and try again.");
    const std::array<Split*, 3> splits = {&data.train, &data.valid, &data.test};
    for (std::size_t i = 0; i < splits.size(); ++i) {
        *splits[i] = split_of(sequences[i], data.format, kSplits[i], problems);
    }
    problems.throw_if_any("Nothing was trained; mend the data and try again.");
    return data;
}

}  // namespace

long Split::longest() const {
    long result = 0;
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
        result = std::max(result, starts[i + 1] - starts[i]);
    }
    return result;
}

void DataOptions::check(Problems& problems) const {
    constexpr std::size_t kFewestWords = 3;
    if (vocabulary < kFewestWords) {
        problems.add(fmt::format("--vocabulary is {}, expected at least {}", vocabulary, kFewestWords));
    }
    const double sum = parts[0] + parts[1] + parts[2];
    if (!(parts[0] > 0 && parts[1] > 0 && parts[2] > 0 && std::abs(sum - 1) < 1e-6)) {
        problems.add(
            fmt::format("--parts is {}, expected three parts above 0 with sum 1", fmt::join(parts, ",")));
    }
}

Dataset load_dataset(const DataOptions& options) {
    return load(options, nullptr);
}

Dataset load_dataset(const DataOptions& options, const DataFormat& format) {
    return load(options, &format);
}

}  // namespace lacuna
