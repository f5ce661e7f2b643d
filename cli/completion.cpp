#include <fmt/format.h>

#include <string>

#include "cli/commands.hpp"

namespace lacuna {
namespace {

std::string quoted(std::string text) {
    for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4) {
        text.replace(at, 1, "'\\''");
    }
    return "'" + text + "'";
}

std::string long_options(const CLI::App& command) {
    std::string names;
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            names += (names.empty() ? "--" : " --") + name;
        }
    }
    return names;
}

std::string subcommands(const CLI::App& app) {
    std::string names;
    for (const CLI::App* command : app.get_subcommands({})) {
        names += (names.empty() ? "" : " ") + command->get_name();
    }
    return names;
}

std::string bash_script(const CLI::App& app) {
    std::string cases;
    for (const CLI::App* command : app.get_subcommands({})) {
        cases += fmt::format("        {}) words='{}' ;;\n", command->get_name(), long_options(*command));
    }
    return fmt::format(
        "_lacuna() {{\n"
        "    local current=${{COMP_WORDS[COMP_CWORD]}} words=''\n"
        "    case ${{COMP_WORDS[1]}} in\n{}"
        "    esac\n"
        "    [[ $COMP_CWORD -eq 1 ]] && words='{}'\n"
        "    if [[ $COMP_CWORD -gt 1 && ${{COMP_WORDS[COMP_CWORD-1]}} == --port ]]; then\n"
        "        COMPREPLY=($(compgen -G \"${{current:-/dev/tty}}*\"))\n"
        "    elif [[ $COMP_CWORD -gt 1 && $current != -* ]]; then\n"
        "        COMPREPLY=($(compgen -f -- \"$current\"))\n"
        "    else\n"
        "        COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
        "    fi\n"
        "}}\n"
        "complete -o filenames -F _lacuna lacuna\n",
        cases, subcommands(app));
}

std::string zsh_script(const CLI::App& app) {
    std::string cases;
    for (const CLI::App* command : app.get_subcommands({})) {
        std::string options;
        for (const CLI::Option* option : command->get_options()) {
            for (const std::string& name : option->get_lnames()) {
                options +=
                    fmt::format(" {}", quoted(fmt::format("--{}:{}", name, option->get_description())));
            }
        }
        cases += fmt::format("        {}) options=({}) ;;\n", command->get_name(), options);
    }
    std::string commands;
    for (const CLI::App* command : app.get_subcommands({})) {
        commands += fmt::format(" {}", quoted(command->get_name() + ":" + command->get_description()));
    }
    return fmt::format(
        "#compdef lacuna\n"
        "_lacuna() {{\n"
        "    local -a commands options\n"
        "    commands=({})\n"
        "    if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
        "    case $words[2] in\n{}"
        "    esac\n"
        "    _describe option options\n"
        "    _files\n"
        "}}\n"
        "compdef _lacuna lacuna\n",
        commands, cases);
}

std::string fish_script(const CLI::App& app) {
    std::string text;
    for (const CLI::App* command : app.get_subcommands({})) {
        text += fmt::format("complete -c lacuna -n __fish_use_subcommand -f -a {} -d {}\n",
                            command->get_name(), quoted(command->get_description()));
        for (const CLI::Option* option : command->get_options()) {
            for (const std::string& name : option->get_lnames()) {
                text += fmt::format("complete -c lacuna -n '__fish_seen_subcommand_from {}' -l {} -d {}\n",
                                    command->get_name(), name, quoted(option->get_description()));
            }
        }
    }
    return text;
}

}  // namespace

void add_completion_command(CLI::App& app) {
    auto* command = app.add_subcommand("completion",
                                       "Print a shell's completion script: source <(lacuna completion bash)");
    auto shell = std::make_shared<std::string>();
    command->add_option("shell", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    command->callback([&app, shell] {
        const auto script = *shell == "bash"  ? bash_script(app)
                            : *shell == "zsh" ? zsh_script(app)
                                              : fish_script(app);
        fmt::print("{}", script);
    });
}

}  // namespace lacuna
