// Sequences of a .npz file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <set>
#include <utility>

#include "model/npy.hpp"
#include "model/sequences.hpp"

namespace lacuna {

namespace {

std::string shape_text(const NpyArray& array) {
    return fmt::format("[{}]", fmt::join(array.shape, ", "));
}

/// Indices of an element from its place, for messages.
std::string place_text(const NpyArray& array, std::size_t at) {
    std::vector<std::size_t> indices(array.shape.size());
    for (std::size_t i = array.shape.size(); i-- > 0;) {
        indices[i] = at % array.shape[i];
        at /= array.shape[i];
    }
    return fmt::format("[{}]", fmt::join(indices, ", "));
}

class NpzReader {
  public:
    NpzReader(const std::filesystem::path& path, std::string suffix, Problems& problems)
        : subject_(path.string()), suffix_(std::move(suffix)), arrays_(read_npz(path)), problems_(problems) {}

    Sequences read(bool values) {
        check_names();
        const auto* x = find("x", true);
        const auto* y = find("y", true);
        if (x == nullptr || y == nullptr) {
            return {};
        }
        if (x->shape.size() == 2) {
            return read_series(*x, *y);
        }
        if (x->shape.size() != 3 || x->values.empty()) {
            problems_.add(
                fmt::format("{}: x{} is {}, expected [sequences, steps, features], or [steps, "
                            "features] for one series, none of them 0",
                            subject_, suffix_, shape_text(*x)));
            return {};
        }
        return read_sequences(*x, *y, values);
    }

  private:
    /// A misspelt `length` must not be taken for none.
    void check_names() const {
        static const std::set<std::string> known = [] {
            std::set<std::string> names;
            for (const char* name : {"x", "y", "length"}) {
                for (const char* suffix : {"", "_train", "_valid", "_test"}) {
                    names.insert(fmt::format("{}{}", name, suffix));
                }
            }
            return names;
        }();
        for (const auto& entry : arrays_) {
            if (!known.contains(entry.first)) {
                problems_.add(
                    fmt::format("{}: array '{}' has no meaning, expected x, y or length, with _train, "
                                "_valid or _test behind where the file has all three; remove it",
                                subject_, entry.first));
            }
        }
    }

    const NpyArray* find(const std::string& name, bool needed) {
        const auto found = arrays_.find(name + suffix_);
        if (found != arrays_.end()) {
            return &found->second;
        }
        if (needed) {
            std::vector<std::string> names;
            for (const auto& entry : arrays_) {
                names.push_back(entry.first);
            }
            problems_.add(
                fmt::format("{}: has no array '{}', but {}", subject_, name + suffix_,
                            names.empty() ? "none at all" : fmt::format("{}", fmt::join(names, ", "))));
        }
        return nullptr;
    }

    /// Copies `count` values; the ones that are not finite become problems.
    void copy(const NpyArray& array, const char* name, std::size_t from, std::size_t count, float* to,
              ProblemList& bad) const {
        for (std::size_t i = 0; i < count; ++i) {
            const double value = array.values[from + i];
            to[i] = static_cast<float>(value);
            if (!std::isfinite(to[i])) {
                bad.add(fmt::format("{}: {}{}{} is {}, expected a finite number", subject_, name, suffix_,
                                    place_text(array, from + i), value));
            }
        }
    }

    Sequences read_series(const NpyArray& x, const NpyArray& y) {
        const bool fits = !y.shape.empty() && y.shape.size() <= 2 && y.shape[0] == x.shape[0] &&
                          !x.values.empty() && !y.values.empty();
        if (!fits) {
            problems_.add(
                fmt::format("{}: x{} is {} and y{} is {}, expected [steps, features] and [steps] or "
                            "[steps, outputs], none of them 0",
                            subject_, suffix_, shape_text(x), suffix_, shape_text(y)));
            return {};
        }
        if (find("length", false) != nullptr) {
            problems_.add(fmt::format("{}: length{} goes with sequences, but x{} is one series, {}", subject_,
                                      suffix_, suffix_, shape_text(x)));
        }
        Sequences result;
        result.last_step = false;
        const auto steps = static_cast<Eigen::Index>(x.shape[0]);
        result.starts = {0, steps};
        result.inputs.resize(static_cast<Eigen::Index>(x.shape[1]), steps);
        result.targets.resize(static_cast<Eigen::Index>(y.shape.size() == 2 ? y.shape[1] : 1), steps);
        ProblemList bad(problems_, "values like these");
        copy(x, "x", 0, x.values.size(), result.inputs.data(), bad);
        copy(y, "y", 0, y.values.size(), result.targets.data(), bad);
        return result;
    }

    std::vector<std::size_t> lengths(std::size_t sequences, std::size_t steps) {
        std::vector<std::size_t> result(sequences, steps);
        const auto* length = find("length", false);
        if (length == nullptr) {
            return result;
        }
        if (!length->integers || length->shape != std::vector<std::size_t>{sequences}) {
            problems_.add(fmt::format("{}: length{} is {} of {}, expected [{}] of integers", subject_,
                                      suffix_, shape_text(*length), length->integers ? "integers" : "reals",
                                      sequences));
            return result;
        }
        ProblemList bad(problems_, "lengths like these");
        for (std::size_t s = 0; s < sequences; ++s) {
            if (length->values[s] < 1 || length->values[s] > static_cast<double>(steps)) {
                bad.add(fmt::format("{}: length{}[{}] is {}, expected 1 to {}", subject_, suffix_, s,
                                    length->values[s], steps));
            } else {
                result[s] = static_cast<std::size_t>(length->values[s]);
            }
        }
        return result;
    }

    Sequences read_sequences(const NpyArray& x, const NpyArray& y, bool values) {
        const std::size_t sequences = x.shape[0];
        const std::size_t steps = x.shape[1];
        const std::size_t features = x.shape[2];
        const bool every_step = y.shape.size() == 3;
        const bool classes = y.shape.size() == 1 && y.integers && !values;
        const bool fits = !y.shape.empty() && y.shape.size() <= 3 && y.shape[0] == sequences &&
                          !y.values.empty() && (!every_step || y.shape[1] == steps);
        if (!fits) {
            problems_.add(fmt::format(
                "{}: x{} is {} and y{} is {}, expected y as [{}] (integers: classes; reals: values), [{}, "
                "outputs], or [{}, {}, outputs]",
                subject_, suffix_, shape_text(x), suffix_, shape_text(y), sequences, sequences, sequences,
                steps));
            return {};
        }
        if (y.integers && !values && !classes) {
            problems_.add(
                fmt::format("{}: y{} is {} of integers, expected classes as [{}]; as values they need "
                            "--task regression",
                            subject_, suffix_, shape_text(y), sequences));
            return {};
        }
        Sequences result;
        result.last_step = !every_step;
        const auto length = lengths(sequences, steps);
        for (const std::size_t count : length) {
            result.starts.push_back(result.starts.back() + static_cast<long>(count));
        }
        result.inputs.resize(static_cast<Eigen::Index>(features), result.starts.back());
        const std::size_t outputs = y.shape.size() == 1 ? 1 : y.shape.back();
        if (!classes) {
            result.targets.resize(static_cast<Eigen::Index>(outputs),
                                  every_step ? result.starts.back() : static_cast<long>(sequences));
        }
        ProblemList bad(problems_, "values like these");
        for (std::size_t s = 0; s < sequences; ++s) {
            const long first = result.starts[s];
            copy(x, "x", s * steps * features, length[s] * features, result.inputs.col(first).data(), bad);
            if (classes) {
                add_label(y.values[s], s, result, bad);
            } else if (every_step) {
                copy(y, "y", s * steps * outputs, length[s] * outputs, result.targets.col(first).data(), bad);
            } else {
                copy(y, "y", s * outputs, outputs, result.targets.col(static_cast<long>(s)).data(), bad);
            }
        }
        return result;
    }

    void add_label(double label, std::size_t sequence, Sequences& result, ProblemList& bad) const {
        if (label < 0) {
            bad.add(fmt::format("{}: y{}[{}] is {}, expected a class from 0 up", subject_, suffix_, sequence,
                                label));
        }
        result.labels.push_back(fmt::format("{}", static_cast<long>(label)));
    }

    std::string subject_;
    std::string suffix_;
    std::map<std::string, NpyArray> arrays_;
    Problems& problems_;
};

}  // namespace

Sequences read_npz_sequences(const std::filesystem::path& path, const std::string& suffix, bool values,
                             Problems& problems) {
    return NpzReader(path, suffix, problems).read(values);
}

bool npz_has_splits(const std::filesystem::path& path) {
    return read_npz(path).contains("x_train");
}

}  // namespace lacuna
