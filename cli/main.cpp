// lacuna: from a text to a compressed model, and from there to a board, one subcommand a step.
#include "cli/commands.hpp"
#include "common/program.hpp"

int main(int argc, char** argv) {
    return lacuna::run_program("lacuna", [&] {
        CLI::App app(
            "Trains, prunes and quantises LSTMs and GRUs for the Lacuna engine, and runs them on a device");
        app.require_subcommand(1);
        lacuna::add_train_command(app);
        lacuna::add_prune_command(app);
        lacuna::add_compress_command(app);
        lacuna::add_quantise_command(app);
        lacuna::add_evaluate_command(app);
        lacuna::add_estimate_command(app);
        lacuna::add_bake_command(app);
        lacuna::add_devices_command(app);
        lacuna::add_info_command(app);
        lacuna::add_load_command(app);
        lacuna::add_run_command(app);
        lacuna::add_generate_command(app);
        lacuna::add_selftest_command(app);
        lacuna::add_bench_command(app);
        lacuna::add_monitor_command(app);
        lacuna::add_completion_command(app);
        CLI11_PARSE(app, argc, argv);
        return 0;
    });
}
