// The subcommands of `lacuna`, one source file each.
#pragma once

#include <CLI/CLI.hpp>

namespace lacuna {

/// `lacuna train`: trains the dense model.
void add_train_command(CLI::App& app);

/// `lacuna prune`: prunes a trained model and fine-tunes it.
void add_prune_command(CLI::App& app);

/// `lacuna compress`: searches, prunes, quantises and measures under a budget.
void add_compress_command(CLI::App& app);

/// `lacuna quantise`: makes the integer model that the engine runs.
void add_quantise_command(CLI::App& app);

/// `lacuna evaluate`: measures how well a float or quantised model does.
void add_evaluate_command(CLI::App& app);

/// `lacuna estimate`: says whether a model or a shape fits an engine, and how many cycles it takes.
void add_estimate_command(CLI::App& app);

/// `lacuna bake`: puts a model into a bitstream's block RAMs.
void add_bake_command(CLI::App& app);
/// `lacuna devices`: lists serial ports and what answers on them.
void add_devices_command(CLI::App& app);
/// `lacuna info`: what a device is, holds and counted.
void add_info_command(CLI::App& app);
/// `lacuna load`: loads a model into a device.
void add_load_command(CLI::App& app);
/// `lacuna run`: inputs to a device, its outputs back.
void add_run_command(CLI::App& app);
/// `lacuna generate`: lets a device write text.
void add_generate_command(CLI::App& app);
/// `lacuna selftest`: compares a device with golden.
void add_selftest_command(CLI::App& app);
/// `lacuna bench`: measures a device.
void add_bench_command(CLI::App& app);
/// `lacuna monitor`: shows a device's counters.
void add_monitor_command(CLI::App& app);
/// `lacuna completion`: a shell's completion script.
void add_completion_command(CLI::App& app);

}  // namespace lacuna
