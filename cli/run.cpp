#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/port_options.hpp"
#include "common/file.hpp"
#include "common/progress.hpp"
#include "golden/vocabulary.hpp"
#include "model/npy.hpp"

namespace lacuna {
namespace {

struct RunSettings {
    PortOptions port;
    std::string model;
    std::string input = "-";
    std::string text;
    std::string out;
    std::string mode = "score";
    std::size_t batch = 0;
    bool raw = false;
    bool keep_state = false;
};

bool ends_with(const std::string& text, std::string_view end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// A real input, or with --raw the integer itself, as the engine takes it.
std::int16_t quantised(double value, const QuantisedModel& model, bool raw, const std::string& where) {
    const NumberFormat format = number_format(model.activation_bits);
    const double x = raw ? value : std::nearbyint(value / model.input_scale);
    if (!std::isfinite(value) ||
        (raw && (x != std::nearbyint(x) || x < format.min_activation() || x > format.max_activation()))) {
        throw Error(fmt::format("{}: got {}, expected {} from {} to {}", where, value,
                                raw ? "an integer" : "a number", format.min_activation(),
                                format.max_activation()));
    }
    return static_cast<std::int16_t>(std::clamp<double>(x, format.min_activation(), format.max_activation()));
}

/// Input vectors from lines of numbers between commas.
class CsvSource {
  public:
    CsvSource(const std::string& path, const QuantisedModel& model, bool raw)
        : name_(path == "-" ? "standard input" : path), model_(model), raw_(raw) {
        if (path != "-") {
            file_.open(path);
            if (!file_) {
                throw Error(fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
            }
        }
    }

    std::optional<std::vector<std::int16_t>> operator()() {
        std::istream& in = file_.is_open() ? file_ : std::cin;
        std::string line;
        do {
            if (!std::getline(in, line)) {
                return std::nullopt;
            }
            ++number_;
        } while (line.find_first_not_of(" \t\r") == std::string::npos);
        std::vector<std::int16_t> x;
        for (std::size_t begin = 0; begin <= line.size();) {
            const std::size_t end = std::min(line.find(',', begin), line.size());
            const std::string where = fmt::format("{}, line {}, column {}", name_, number_, x.size() + 1);
            const std::size_t first = std::min(line.find_first_not_of(" \t", begin), end);
            double value = 0;
            const auto parsed = std::from_chars(line.data() + first, line.data() + end, value);
            const std::string_view rest(parsed.ptr, static_cast<std::size_t>(line.data() + end - parsed.ptr));
            if (parsed.ec != std::errc() || rest.find_first_not_of(" \t\r") != std::string_view::npos) {
                throw Error(
                    fmt::format("{}: got '{}', expected a number", where, line.substr(begin, end - begin)));
            }
            x.push_back(quantised(value, model_, raw_, where));
            begin = end + 1;
        }
        if (x.size() != model_.input_size()) {
            throw Error(fmt::format("{}, line {}: got {} numbers, expected {}", name_, number_, x.size(),
                                    model_.input_size()));
        }
        return x;
    }

  private:
    std::string name_;
    const QuantisedModel& model_;
    bool raw_;
    std::ifstream file_;
    std::size_t number_ = 0;
};

Board::Source npy_source(const std::string& path, const QuantisedModel& model, bool raw) {
    auto matrix = std::make_shared<NpyMatrix>(read_npy(path));
    if (matrix->columns != model.input_size()) {
        throw Error(fmt::format("'{}' has {} columns, expected {}: one row for each step", path,
                                matrix->columns, model.input_size()));
    }
    return [matrix, &model, raw, path,
            row = std::size_t{0}]() mutable -> std::optional<std::vector<std::int16_t>> {
        if (row == matrix->rows) {
            return std::nullopt;
        }
        std::vector<std::int16_t> x;
        for (std::size_t i = 0; i < matrix->columns; ++i) {
            x.push_back(quantised(matrix->values[row * matrix->columns + i], model, raw,
                                  fmt::format("{}, row {}, column {}", path, row, i)));
        }
        ++row;
        return x;
    };
}

/// Writes rows of outputs as they come, or all at once into a .npy file.
class OutputWriter {
  public:
    explicit OutputWriter(std::string path) : path_(std::move(path)), npy_(ends_with(path_, ".npy")) {
        if (!path_.empty() && !npy_) {
            file_.open(path_);
            if (!file_) {
                throw Error(fmt::format("cannot write '{}': {}", path_, std::strerror(errno)));
            }
        }
    }
    void operator()(std::span<const std::int32_t> outputs) {
        columns_ = outputs.size();
        if (npy_) {
            values_.insert(values_.end(), outputs.begin(), outputs.end());
            return;
        }
        std::ostream& out = file_.is_open() ? file_ : std::cout;
        out << fmt::format("{}\n", fmt::join(outputs, ",")) << std::flush;
    }
    void finish() {
        if (npy_ && columns_ > 0) {
            write_npy(path_, values_, columns_);
        }
    }

  private:
    std::string path_;
    bool npy_;
    std::ofstream file_;
    std::vector<std::int32_t> values_;
    std::size_t columns_ = 0;
};

void run_run(const RunSettings& settings) {
    const std::stop_token stop = Interrupt::token();
    const NamedModel named = read_named_model(settings.model);
    const bool text = !settings.text.empty() || ends_with(settings.input, ".txt");
    std::vector<int> tokens;
    Board::Source source;
    if (text) {
        if (!named.model.language) {
            throw Error(
                fmt::format("model '{}' reads no text: it has no vocabulary; give vectors (.npy, .npz, .csv)",
                            settings.model));
        }
        tokens = Vocabulary(named.model.vocab)
                     .encode(settings.text.empty() ? read_text(settings.input) : settings.text);
    } else if (settings.input.find(".np") != std::string::npos) {
        source = npy_source(settings.input, named.model, settings.raw);
    } else {
        source = [csv = std::make_shared<CsvSource>(settings.input, named.model, settings.raw)] {
            return (*csv)();
        };
    }
    OutputWriter writer(settings.out);
    Connection connection(settings.port);
    ensure_model(*connection, named);
    if (!settings.keep_state) {
        connection->clear();
    }
    // Whoever types wants each answer before the next line.
    const std::size_t batch = settings.batch == 0 && !text && settings.input == "-" ? 1 : settings.batch;
    const Board::Sink sink = [&](std::span<const std::int32_t> outputs) { writer(outputs); };
    RunTotals totals;
    if (text) {
        std::size_t at = 0;
        totals = connection->run_tokens(
            [&] { return at < tokens.size() ? std::optional(tokens[at++]) : std::nullopt; }, sink, stop,
            batch);
    } else if (batch == 1) {
        while (const auto x = source()) {
            bool given = false;
            const RunTotals one = connection->run(
                Mode::Generate, [&] { return std::exchange(given, true) ? std::nullopt : x; }, sink, stop);
            totals.steps += one.steps;
            totals.cycles += one.cycles;
        }
    } else {
        totals = connection->run(settings.mode == "score" ? Mode::Score : Mode::Generate, source, sink, stop,
                                 batch);
    }
    writer.finish();
    const double mean =
        static_cast<double>(totals.cycles) / static_cast<double>(std::max<std::uint64_t>(totals.steps, 1));
    if (settings.port.json) {
        const nlohmann::json root = {{"steps", totals.steps},
                                     {"cycles", totals.cycles},
                                     {"counted", connection->steps()},
                                     {"resent", connection->device().statistics().resent}};
        fmt::print(stderr, "{}\n", root.dump(2));
    } else {
        fmt::print(stderr, "{} steps, {:.1f} cycles each\n", totals.steps, mean);
    }
}

}  // namespace

void add_run_command(CLI::App& app) {
    auto* command = app.add_subcommand("run", "Run a model on a device: inputs in, outputs out");
    auto settings = std::make_shared<RunSettings>();
    command->add_option("model", settings->model, "Quantised model (.safetensors)")->required();
    command
        ->add_option(
            "input", settings->input,
            "Inputs, one step a row: .npy, .npz (file.npz:array), .csv, .txt of a language model, or - for "
            "lines of numbers on standard input")
        ->capture_default_str();
    command->add_option("--text", settings->text, "Instead: text for a language model");
    command->add_option("--out", settings->out,
                        "Outputs, one step a row: .csv or .npy (default: standard output)");
    command->add_option("--mode", settings->mode, "Program")
        ->check(CLI::IsMember({"score", "generate"}))
        ->capture_default_str();
    command->add_option("--batch", settings->batch,
                        "Steps of a request at most; 0: as many as fit, 1 for standard input");
    command->add_flag("--raw", settings->raw, "Inputs are the engine's integers, not real numbers");
    command->add_flag("--keep-state", settings->keep_state, "Go on from the state that the device has");
    add_port_options(*command, settings->port);
    command->callback([settings] { run_run(*settings); });
}

}  // namespace lacuna
