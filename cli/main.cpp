// lacuna: from a text to a compressed model, one subcommand a step.
#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.hpp"

int main(int argc, char** argv) {
    CLI::App app("Trains, prunes and quantises LSTMs and GRUs for the Lacuna engine");
    app.require_subcommand(1);
    lacuna::add_train_command(app);
    lacuna::add_prune_command(app);
    lacuna::add_quantise_command(app);
    lacuna::add_evaluate_command(app);
    lacuna::add_estimate_command(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    } catch (const std::exception& error) {
        fmt::print(stderr, "lacuna: {}\n", error.what());
        return 1;
    }
    return 0;
}
