#include <fmt/format.h>

#include <memory>
#include <optional>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/port_options.hpp"
#include "golden/sampling.hpp"
#include "golden/vocabulary.hpp"

namespace lacuna {
namespace {

struct GenerateSettings {
    PortOptions port;
    std::string model;
    std::string prompt = "And God said unto ";
    std::size_t steps = 300;
    double temperature = 0.6;
    std::uint64_t seed = 1;
    bool greedy = false;
};

void show(const std::string& text, bool json) {
    if (!json) {
        fmt::print("{}", text);
        std::fflush(stdout);
    }
}

/// Feeds a list of tokens and gives the logits after the last one.
std::vector<std::int32_t> feed(Board& board, std::span<const int> tokens) {
    std::vector<std::int32_t> logits;
    std::size_t at = 0;
    board.run_tokens(
        [&] { return at < tokens.size() ? std::optional(tokens[at++]) : std::nullopt; },
        [&](std::span<const std::int32_t> outputs) { logits.assign(outputs.begin(), outputs.end()); },
        Interrupt::token());
    return logits;
}

void run_generate(const GenerateSettings& settings) {
    const std::stop_token stop = Interrupt::token();
    const NamedModel named = read_named_model(settings.model);
    if (!named.model.language) {
        throw Error(
            fmt::format("model '{}' writes no text: it has no vocabulary; 'lacuna run' gives it vectors",
                        settings.model));
    }
    if (settings.prompt.empty()) {
        throw Error("--prompt is empty, expected at least one character");
    }
    const Vocabulary vocabulary(named.model.vocab);
    const std::vector<int> prompt = vocabulary.encode(settings.prompt);
    Sampler sampler(settings.temperature, settings.seed, named.model.head->fraction);
    Connection connection(settings.port);
    ensure_model(*connection, named);
    connection->clear();
    std::string text;
    show(settings.prompt, settings.port.json);
    if (settings.greedy) {
        if (prompt.size() > 1) {
            feed(*connection, std::span(prompt).first(prompt.size() - 1));
        }
        text = vocabulary.decode(connection->generate(prompt.back(), settings.steps, stop));
        show(text, settings.port.json);
    } else {
        std::vector<std::int32_t> logits = feed(*connection, prompt);
        while (text.size() < settings.steps && !stop.stop_requested()) {
            const int token = sampler.choose(logits);
            text += static_cast<char>(vocabulary.byte(token));
            show(text.substr(text.size() - 1), settings.port.json);
            if (text.size() < settings.steps) {
                logits = feed(*connection, std::span(&token, 1));
            }
        }
    }
    if (settings.port.json) {
        const nlohmann::json root = {
            {"prompt", settings.prompt}, {"text", text}, {"steps", connection->steps()}};
        fmt::print("{}\n", root.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    } else {
        fmt::print("\n");
    }
}

}  // namespace

void add_generate_command(CLI::App& app) {
    auto* command = app.add_subcommand("generate", "Let a language model on a device write text");
    auto settings = std::make_shared<GenerateSettings>();
    command->add_option("model", settings->model, "Quantised model (.safetensors)")->required();
    command->add_option("--prompt", settings->prompt, "Text that the model reads first")
        ->capture_default_str();
    command->add_option("--steps", settings->steps, "Characters to write")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command
        ->add_option("--temperature", settings->temperature,
                     "Of the draw of the next character; 0: the likeliest")
        ->capture_default_str();
    command->add_option("--seed", settings->seed, "Of the draw")->capture_default_str();
    command->add_flag("--greedy", settings->greedy,
                      "The device feeds itself the likeliest character: one byte a step");
    add_port_options(*command, settings->port);
    command->callback([settings] { run_generate(*settings); });
}

}  // namespace lacuna
