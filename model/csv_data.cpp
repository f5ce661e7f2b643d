// Sequences of a CSV file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "common/file.hpp"
#include "model/sequences.hpp"

namespace lacuna {

namespace {

using nlohmann::json;

/// Fields of a line; a field in double quotes may hold the separator, and "" for a quote.
std::vector<std::string> fields_of(std::string_view line, char separator) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (quoted && line[i] == '"' && i + 1 < line.size() && line[i + 1] == '"') {
            fields.back() += line[++i];
        } else if (line[i] == '"') {
            quoted = !quoted;
        } else if (line[i] == separator && !quoted) {
            fields.emplace_back();
        } else {
            fields.back() += line[i];
        }
    }
    return fields;
}

std::optional<float> number_of(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '+')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    float value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size() || !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

/// A row of the file: its line number and its fields.
struct Row {
    std::size_t line = 0;
    std::vector<std::string> fields;
};

class CsvReader {
  public:
    CsvReader(const std::filesystem::path& path, const CsvSchema& schema, Problems& problems)
        : subject_(path.string()), schema_(schema), problems_(problems) {
        const std::string text = read_text(path);
        std::string_view rest = text;
        ProblemList ragged(problems_, "rows like these");
        for (std::size_t line = 1; !rest.empty(); ++line) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            std::string_view content = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
            if (!content.empty() && content.back() == '\r') {
                content.remove_suffix(1);
            }
            if (!content.empty()) {
                take({line, fields_of(content, schema.separator)}, ragged);
            }
        }
    }

    Sequences read() {
        if (rows_.empty()) {
            problems_.add(fmt::format("{}: has no rows", subject_));
            return {};
        }
        const auto before = problems_.size();
        for (const auto& name : schema_.inputs) {
            find_columns(name, inputs_);
        }
        for (const auto& name : schema_.targets) {
            find_columns(name, targets_);
        }
        std::vector<std::size_t> label;
        std::vector<std::size_t> sequence;
        if (!schema_.label.empty()) {
            find_columns(schema_.label, label);
        }
        if (!schema_.sequence.empty()) {
            find_columns(schema_.sequence, sequence);
        }
        if (problems_.size() != before) {
            return {};
        }
        if (schema_.steps > 0) {
            return read_wide(label);
        }
        return read_steps(label, sequence);
    }

  private:
    void take(Row row, ProblemList& ragged) {
        if (names_.empty()) {
            for (std::size_t i = 0; i < row.fields.size(); ++i) {
                names_.push_back(schema_.header ? row.fields[i] : std::to_string(i));
            }
            if (schema_.header) {
                return;
            }
        }
        if (row.fields.size() != names_.size()) {
            ragged.add(fmt::format("{}: line {} has {} fields, expected {}", subject_, row.line,
                                   row.fields.size(), names_.size()));
            return;
        }
        rows_.push_back(std::move(row));
    }

    std::size_t find_column(const std::string& name) {
        const auto found = std::ranges::find(names_, name);
        if (found == names_.end()) {
            problems_.add(fmt::format("{}: has no column '{}', but {}", subject_, name,
                                      fmt::format("{}", fmt::join(names_, ", ")).substr(0, 200)));
            return 0;
        }
        if (std::ranges::count(names_, name) > 1) {
            problems_.add(fmt::format("{}: has {} columns '{}', expected one; rename the others", subject_,
                                      std::ranges::count(names_, name), name));
        }
        return static_cast<std::size_t>(found - names_.begin());
    }

    void find_columns(const std::string& name, std::vector<std::size_t>& columns) {
        const auto colon = name.find(':');
        if (colon == std::string::npos || std::ranges::find(names_, name) != names_.end()) {
            columns.push_back(find_column(name));
            return;
        }
        const std::size_t first = find_column(name.substr(0, colon));
        const std::size_t last = find_column(name.substr(colon + 1));
        if (first > last) {
            problems_.add(
                fmt::format("{}: '{}' names no columns, as its first lies behind its last", subject_, name));
        }
        for (std::size_t i = first; i <= last; ++i) {
            columns.push_back(i);
        }
    }

    float number(const Row& row, std::size_t column, ProblemList& bad) const {
        const auto value = number_of(row.fields[column]);
        if (!value) {
            bad.add(fmt::format("{}: line {}, column '{}' is '{}', expected a finite number", subject_,
                                row.line, names_[column], row.fields[column].substr(0, 40)));
        }
        return value.value_or(0.0F);
    }

    /// Every row a sequence.
    Sequences read_wide(const std::vector<std::size_t>& label) {
        Sequences result;
        const auto steps = static_cast<std::size_t>(schema_.steps);
        if (inputs_.size() % steps != 0) {
            problems_.add(
                fmt::format("{}: {} input columns are no whole number of values for each of {} steps",
                            subject_, inputs_.size(), steps));
            return result;
        }
        const std::size_t features = inputs_.size() / steps;
        result.inputs.resize(static_cast<long>(features), static_cast<long>(rows_.size() * steps));
        result.targets.resize(static_cast<long>(targets_.size()), static_cast<long>(rows_.size()));
        ProblemList bad(problems_, "fields like these");
        for (std::size_t r = 0; r < rows_.size(); ++r) {
            for (std::size_t i = 0; i < inputs_.size(); ++i) {
                result.inputs.data()[r * inputs_.size() + i] = number(rows_[r], inputs_[i], bad);
            }
            for (std::size_t i = 0; i < targets_.size(); ++i) {
                result.targets.data()[r * targets_.size() + i] = number(rows_[r], targets_[i], bad);
            }
            if (!label.empty()) {
                result.labels.push_back(rows_[r].fields[label[0]]);
            }
            result.starts.push_back(static_cast<long>((r + 1) * steps));
        }
        return result;
    }

    /// Rows of each sequence, in the file's order; sequences in the order of their first rows.
    std::vector<std::vector<std::size_t>> grouped(const std::vector<std::size_t>& sequence) const {
        std::map<std::string, std::size_t> number;
        std::vector<std::vector<std::size_t>> groups;
        for (std::size_t r = 0; r < rows_.size(); ++r) {
            const std::string name = sequence.empty() ? "" : rows_[r].fields[sequence[0]];
            const auto entry = number.emplace(name, groups.size());
            if (entry.second) {
                groups.emplace_back();
            }
            groups[entry.first->second].push_back(r);
        }
        return groups;
    }

    /// Every row a step.
    Sequences read_steps(const std::vector<std::size_t>& label, const std::vector<std::size_t>& sequence) {
        Sequences result;
        result.last_step = !label.empty() || schema_.last_step;
        const auto horizon = static_cast<std::size_t>(schema_.horizon);
        std::vector<float> inputs;
        std::vector<float> targets;
        ProblemList bad(problems_, "fields like these");
        for (const auto& group : grouped(sequence)) {
            if (group.size() <= horizon) {
                bad.add(fmt::format(
                    "{}: the sequence from line {} has {} rows, expected more than the horizon, {}", subject_,
                    rows_[group.front()].line, group.size(), horizon));
                continue;
            }
            const std::size_t steps = group.size() - horizon;
            for (std::size_t t = 0; t < steps; ++t) {
                for (const std::size_t column : inputs_) {
                    inputs.push_back(number(rows_[group[t]], column, bad));
                }
                if (!result.last_step || t + 1 == steps) {
                    for (const std::size_t column : targets_) {
                        targets.push_back(number(rows_[group[t + horizon]], column, bad));
                    }
                }
            }
            result.starts.push_back(result.starts.back() + static_cast<long>(steps));
            if (!label.empty()) {
                add_label(group, label[0], result, bad);
            }
        }
        const auto as_matrix = [](const std::vector<float>& values, std::size_t rows) -> Eigen::MatrixXf {
            if (rows == 0) {
                return {};
            }
            return Eigen::Map<const Eigen::MatrixXf>(values.data(), static_cast<long>(rows),
                                                     static_cast<long>(values.size() / rows));
        };
        result.inputs = as_matrix(inputs, inputs_.size());
        result.targets = as_matrix(targets, targets_.size());
        return result;
    }

    void add_label(const std::vector<std::size_t>& group, std::size_t column, Sequences& result,
                   ProblemList& bad) const {
        const auto& first = rows_[group.front()];
        for (const std::size_t r : group) {
            if (rows_[r].fields[column] != first.fields[column]) {
                bad.add(fmt::format("{}: line {} has label '{}', but its sequence began with '{}' in line {}",
                                    subject_, rows_[r].line, rows_[r].fields[column], first.fields[column],
                                    first.line));
                break;
            }
        }
        result.labels.push_back(first.fields[column]);
    }

    std::string subject_;
    const CsvSchema& schema_;
    Problems& problems_;
    std::vector<std::string> names_;
    std::vector<Row> rows_;
    std::vector<std::size_t> inputs_;
    std::vector<std::size_t> targets_;
};

}  // namespace

CsvSchema CsvSchema::read(const std::filesystem::path& path) {
    Problems problems(fmt::format("schema '{}'", path.string()));
    CsvSchema schema;
    const auto object = json::parse(read_text(path), nullptr, false);
    if (!object.is_object()) {
        problems.add("is not a JSON object");
        problems.throw_if_any();
    }
    const auto set = [](auto& value) { return [&value](const json& item) { item.get_to(value); }; };
    const auto set_whole = [](long& value) {
        return [&value](const json& item) {
            if (!item.is_number_integer()) {
                throw Error("expected a whole number");
            }
            item.get_to(value);
        };
    };
    const auto set_separator = [&schema](const json& item) {
        const auto text = item.get<std::string>();
        if (text.size() != 1) {
            throw Error("expected one character");
        }
        schema.separator = text.front();
    };
    const std::map<std::string, std::function<void(const json&)>> keys = {
        {"separator", set_separator},          {"header", set(schema.header)},
        {"sequence", set(schema.sequence)},    {"steps", set_whole(schema.steps)},
        {"inputs", set(schema.inputs)},        {"label", set(schema.label)},
        {"targets", set(schema.targets)},      {"last_step", set(schema.last_step)},
        {"horizon", set_whole(schema.horizon)}};
    for (const auto& item : object.items()) {
        const auto known = keys.find(item.key());
        if (known == keys.end()) {
            problems.add(fmt::format("has an unknown key '{}'", item.key()));
            continue;
        }
        const auto complain = [&](const char* why) {
            problems.add(fmt::format("'{}' is {}, {}", item.key(), item.value().dump().substr(0, 60), why));
        };
        try {
            known->second(item.value());
        } catch (const Error& error) {
            complain(error.what());
        } catch (const std::exception&) {
            complain("which docs/training.md does not allow");
        }
    }
    if (schema.inputs.empty()) {
        problems.add("names no 'inputs'");
    }
    if (schema.label.empty() == schema.targets.empty()) {
        problems.add("needs either a 'label' or 'targets'");
    }
    if (schema.steps < 0 || (schema.steps > 0 && (!schema.sequence.empty() || schema.horizon > 0))) {
        problems.add(
            fmt::format("'steps' is {}, expected 1 or more, and neither 'sequence' nor 'horizon' beside it",
                        schema.steps));
    }
    if (schema.horizon < 0) {
        problems.add(fmt::format("'horizon' is {}, expected 0 or more", schema.horizon));
    }
    problems.throw_if_any("docs/training.md lists the keys.");
    return schema;
}

Sequences read_csv_sequences(const std::filesystem::path& path, const CsvSchema& schema, Problems& problems) {
    return CsvReader(path, schema, problems).read();
}

}  // namespace lacuna
