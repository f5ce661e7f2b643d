// lacuna: from a text to a compressed model, one subcommand a step.
#include "cli/commands.hpp"
#include "common/program.hpp"

int main(int argc, char** argv) {
    return lacuna::run_program("lacuna", [&] {
        CLI::App app("Trains, prunes and quantises LSTMs and GRUs for the Lacuna engine");
        app.require_subcommand(1);
        lacuna::add_train_command(app);
        lacuna::add_prune_command(app);
        lacuna::add_quantise_command(app);
        lacuna::add_evaluate_command(app);
        lacuna::add_estimate_command(app);
        lacuna::add_bake_command(app);
        CLI11_PARSE(app, argc, argv);
        return 0;
    });
}
