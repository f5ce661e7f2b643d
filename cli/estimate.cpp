#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/cell_flag.hpp"
#include "cli/commands.hpp"
#include "common/error.hpp"
#include "golden/blank_model.hpp"
#include "golden/model_file.hpp"
#include "model/engine_shape.hpp"
#include "pack/cycle_model.hpp"
#include "pack/device.hpp"
#include "pack/report.hpp"

namespace lacuna {

namespace {

struct EstimateSettings {
    std::string model;
    std::string shape;
    int k = 2;
    std::vector<int> k_x, k_h;
    int k_head = 0;
    Cell cell = Cell::Lstm;
    std::string device = "lfe5u-85f";
    std::optional<int> tiles, ports, weight_depth, bank_depth, row_depth, accumulator_bits, act;
    double clock_mhz = 100;
    bool json = false;
};

constexpr std::size_t kMostUnits = 16384;
constexpr int kWideAccumulatorBits = 32;  // usual for activations of 16 bits

/// Positive numbers between separators; complains into `problems`.
std::vector<std::size_t> numbers(const std::string& text, char separator, Problems& problems) {
    std::vector<std::size_t> values;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(separator, begin), text.size());
        std::size_t value = 0;
        const auto result = std::from_chars(text.data() + begin, text.data() + end, value);
        if (result.ec != std::errc() || result.ptr != text.data() + end || value < 1 || value > kMostUnits) {
            problems.add(fmt::format("--shape: got '{}', expected a number from 1 to {}",
                                     text.substr(begin, end - begin), kMostUnits));
            return {};
        }
        values.push_back(value);
        begin = end + 1;
    }
    return values;
}

/// `inputs,units[,units...][/head rows]`
ModelShape parse_shape(const EstimateSettings& settings) {
    Problems problems("estimate");
    ModelShape shape;
    const std::size_t slash = settings.shape.find('/');
    auto sizes = numbers(settings.shape.substr(0, slash), ',', problems);
    if (slash != std::string::npos) {
        const auto head = numbers(settings.shape.substr(slash + 1), ',', problems);
        shape.head_rows = head.empty() ? 0 : head.front();
        if (head.size() > 1) {
            problems.add(fmt::format("--shape: got {} numbers after the '/', expected 1, the head's rows",
                                     head.size()));
        }
    }
    if (problems.empty() && sizes.size() < 2) {
        problems.add(
            fmt::format("--shape: got '{}', expected inputs and the units of each layer", settings.shape));
    }
    const auto check = [&problems](const char* name, int k) {
        if (k < 1 || k > 16) {
            problems.add(fmt::format("{}: got {}, expected 1 to 16", name, k));
        }
    };
    check("--k", settings.k);
    check("--k-head", settings.k_head == 0 ? settings.k : settings.k_head);
    const auto of_layers = [&](const char* name, const std::vector<int>& given) {
        std::for_each(given.begin(), given.end(), [&](int k) { check(name, k); });
        if (!given.empty() && given.size() + 1 != sizes.size()) {
            problems.add(fmt::format("{}: got {} numbers, expected {}, one for each layer", name,
                                     given.size(), std::max<std::size_t>(sizes.size(), 1) - 1));
        }
        return given;
    };
    shape.k_x = of_layers("--k-x", settings.k_x);
    shape.k_h = of_layers("--k-h", settings.k_h);
    problems.throw_if_any(
        "For instance --shape 128,256,256/63 --k 2: 128 inputs, two layers of 256 units, a head of 63 rows.");
    shape.inputs = sizes.front();
    shape.units.assign(sizes.begin() + 1, sizes.end());
    if (shape.k_x.empty()) {
        shape.k_x.assign(shape.units.size(), settings.k);
    }
    if (shape.k_h.empty()) {
        shape.k_h.assign(shape.units.size(), settings.k);
    }
    shape.head_k = settings.k_head == 0 ? settings.k : settings.k_head;
    shape.activation_bits = settings.act.value_or(shape.activation_bits);
    shape.cell = settings.cell;
    return shape;
}

/// The engine that the settings describe, for the activations of a model where they do not say.
Geometry geometry_of(const EstimateSettings& settings, int activation_bits) {
    Geometry geometry = find_device(settings.device).geometry;
    if (settings.tiles) {
        geometry.tiles = *settings.tiles;
        geometry.ports = default_ports(geometry.tiles);
    }
    geometry.ports = settings.ports.value_or(geometry.ports);
    geometry.weight_depth = settings.weight_depth.value_or(geometry.weight_depth);
    geometry.bank_depth = settings.bank_depth.value_or(geometry.bank_depth);
    geometry.row_depth = settings.row_depth.value_or(geometry.row_depth);
    geometry.activation_bits = settings.act.value_or(activation_bits);
    geometry.accumulator_bits = settings.accumulator_bits.value_or(
        geometry.activation_bits == 16 ? kWideAccumulatorBits : geometry.accumulator_bits);
    if (!geometry.within_limits()) {
        throw Error(fmt::format(
            "no such engine: {}; expected tiles 1 to {}, ports 1 or 2 and at most tiles, weight "
            "depth 2 to 1048576, bank "
            "depth 2 to 4096, row depth 2 to 16384, accumulator bits 16 to 32 (36 with act 16), act 8 or 16",
            geometry.to_string(), kMaxTiles));
    }
    return geometry;
}

std::string shape_text(const QuantisedModel& model) {
    std::string text = fmt::format("{}", model.input_size());
    for (const RecurrentLayer& layer : model.layers) {
        text += fmt::format(" -> {} (k {}, {})", layer.units, layer.x.k, layer.h.k);
    }
    return model.head ? text + fmt::format(" -> head {} (k {})", model.head->h.rows, model.head->h.k) : text;
}

/// What is estimated: a quantised model, the shape that a float model needs, or a shape.
struct Subject {
    QuantisedModel model;
    std::size_t kept = 0;  ///< weights
    std::size_t all = 0;
};

Subject subject_of(const EstimateSettings& settings) {
    if (settings.model.empty()) {
        Subject subject{blank_model(parse_shape(settings))};
        subject.kept = subject.model.total_slots();
        subject.all = subject.model.dense_weights();
        return subject;
    }
    const SafeTensors file = read_safetensors(settings.model);
    const std::string name = fmt::format("model file '{}'", settings.model);
    if (is_quantised_model(file)) {
        Subject subject{quantised_model_from(file, name)};
        subject.kept = subject.model.total_slots();
        subject.all = subject.model.dense_weights();
        return subject;
    }
    EngineShape needed = engine_shape(float_model_from(file, name));
    needed.shape.activation_bits = settings.act.value_or(needed.shape.activation_bits);
    Subject subject{blank_model(needed.shape), needed.kept, needed.all};
    subject.model.name = std::filesystem::path(settings.model).stem().string();
    return subject;
}

void run_estimate(const CLI::App& command, const EstimateSettings& settings) {
    Problems problems("estimate");
    if (settings.model.empty() == settings.shape.empty()) {
        problems.add("give either a model file or --shape, for instance --shape 128,256,256/63 --k 2");
    }
    for (const char* name : {"--k", "--k-x", "--k-h", "--k-head", "--cell"}) {
        if (!settings.model.empty() && command.get_option(name)->count() > 0) {
            problems.add(fmt::format("{} is part of a --shape, but '{}' has its own; leave it out", name,
                                     settings.model));
        }
    }
    if (!(settings.clock_mhz > 0 && std::isfinite(settings.clock_mhz))) {
        problems.add(fmt::format("--clock-mhz is {}, expected more than 0", settings.clock_mhz));
    }
    problems.throw_if_any();
    const Subject subject = subject_of(settings);
    const QuantisedModel& model = subject.model;
    const Geometry geometry = geometry_of(settings, model.activation_bits);
    const Layout layout = Layout::unchecked(model, geometry);
    const bool fitting = fits(model, geometry);

    nlohmann::json json = {{"model", model.name}, {"fits", fitting}, {"engine", geometry.to_string()}};
    json["weights"] = {{"kept", subject.kept}, {"all", subject.all}};
    json["shape"] = shape_text(model);
    for (const Resource& resource : resources_of(model, layout)) {
        json["resources"].push_back(
            {{"name", resource.name}, {"needed", resource.needed}, {"available", resource.available}});
    }
    std::string text = fmt::format("{}\nengine: {}\n\n{}", shape_text(model), geometry.to_string(),
                                   resource_table(model, layout));
    text += fitting ? "it fits\n" : fmt::format("it does not fit; {}\n", what_would_fit(model, geometry));
    std::string lines;
    for (const Mode mode : {Mode::Score, Mode::Generate}) {
        const RunStatistics run = predict_cycles(layout, mode, kPredictedSteps);
        const Figures figures =
            figures_of(model, layout, mode, run, predict_dense_cycles(model, mode, geometry));
        text += fmt::format("\n{} mode\n{}{}", mode_name(mode), cycle_table(layout, mode, run),
                            figure_table(figures, layout, settings.clock_mhz));
        lines += fmt::format(
            "estimate: mode={} fits={} cycles/step={:.1f} sweep_eff={:.4f} pe_util={:.4f} speedup={:.2f}\n",
            mode_name(mode), fitting ? "yes" : "no", figures.cycles_per_step, figures.sweep_eff,
            figures.pe_util, figures.speedup);
        json["figures"].push_back(figures.to_json());
    }
    fmt::print("{}", settings.json ? json.dump(2) + "\n" : text + "\n" + lines);
    if (!fitting) {
        throw Error("the model does not fit this engine; the figures hold for one with deeper memories");
    }
}

}  // namespace

void add_estimate_command(CLI::App& app) {
    auto* command = app.add_subcommand("estimate",
                                       "Predict fit and cycles of a model, or of a shape, on an engine, "
                                       "exactly and before anything is built");
    auto settings = std::make_shared<EstimateSettings>();
    command->add_option("model", settings->model,
                        "Quantised model, or a float model however it was pruned (.safetensors)");
    command->add_option("--shape", settings->shape,
                        "Instead of a model: inputs,units[,units...][/head rows]");
    command->add_option("--k", settings->k, "With --shape: weights kept of each bank of 16")
        ->capture_default_str();
    command->add_option("--k-x", settings->k_x, "The same for the input matrix of each layer: 4,2")
        ->delimiter(',');
    command->add_option("--k-h", settings->k_h, "The same for the recurrent matrix of each layer")
        ->delimiter(',');
    command->add_option("--k-head", settings->k_head, "The same for the head");
    add_cell_flag(*command, settings->cell);
    command
        ->add_option("--device", settings->device,
                     "Part whose default engine is meant: lfe5u-25f, -45f, -85f")
        ->capture_default_str();
    command->add_option("--tiles", settings->tiles, "Tiles per lane instead of the device's");
    command->add_option("--ports", settings->ports, "Drain ports per lane (default: 2 from 9 tiles up)");
    command->add_option("--weight-depth", settings->weight_depth, "Weight words per tile");
    command->add_option("--bank-depth", settings->bank_depth, "Banks of the activation memory");
    command->add_option("--row-depth", settings->row_depth, "Row scales per port and lane");
    command->add_option("--accumulator-bits", settings->accumulator_bits, "Accumulator width");
    command->add_option("--act", settings->act, "Bits of an activation, 8 or 16 (default: the model's)");
    command->add_option("--clock-mhz", settings->clock_mhz, "Clock for times and rates")
        ->capture_default_str();
    command->add_flag("--json", settings->json, "Print JSON");
    command->callback([command, settings] { run_estimate(*command, *settings); });
}

}  // namespace lacuna
