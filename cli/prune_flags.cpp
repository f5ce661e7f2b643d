#include "cli/prune_flags.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace lacuna {

namespace {

/// An option that takes the names of an enumeration's values, first to `last`. By function, as `--cell`: a
/// table of CLI11's would put numbers into the recorded command.
template <class Enum>
void add_names(CLI::App& command, const std::string& option, Enum& value, const char* (*name)(Enum),
               Enum last, const std::string& what) {
    std::vector<std::string> names;
    for (int i = 0; i <= static_cast<int>(last); ++i) {
        names.emplace_back(name(static_cast<Enum>(i)));
    }
    command
        .add_option_function<std::string>(
            option,
            [&value, names](const std::string& text) {
                value = static_cast<Enum>(std::ranges::find(names, text) - names.begin());
            },
            what)
        ->check(CLI::IsMember(names))
        ->default_str(name(value));
}

}  // namespace

void add_prune_flags(CLI::App& command, PruneOptions& prune) {
    add_names(command, "--scheme", prune.scheme, scheme_name, kSchemes.back(), "Structure of what is kept");
    add_names(command, "--criterion", prune.criterion, criterion_name, kCriteria.back(),
              "What decides which weights are kept");
    add_names(command, "--schedule", prune.schedule, schedule_name, Schedule::OneShot,
              "How the pruned share rises");
    command
        .add_option(
            "--k", prune.k,
            "Weights kept per row and bank of 16: 1, 2, 4, 8 or 16; the other schemes keep as many in all")
        ->capture_default_str();
    command
        .add_option("--k-x", prune.k_x, "The same for the input matrix of each layer, from the input up: 4,2")
        ->delimiter(',');
    command.add_option("--k-h", prune.k_h, "The same for the recurrent matrix of each layer")->delimiter(',');
    command.add_option("--k-head", prune.k_head, "The same for the head; 16 leaves it dense");
    command.add_option("--sparsity", prune.sparsity,
                       "Share of the weights to prune, instead of the k's, for the other schemes");
    command
        .add_option("--bank-width", prune.bank.width,
                    "Columns among which k are chosen: 16, or 8 (which keep k / 2)")
        ->capture_default_str();
    command
        .add_option("--shared-rows", prune.bank.rows,
                    "Neighbouring rows of a gate that keep the same columns")
        ->capture_default_str();
    command.add_flag("--global", prune.global, "Unstructured: rank the weights of all matrices together");
    command.add_option("--block-rows", prune.block_rows,
                       "Rows that share their columns (columns: a gate) or of a block (blocks: 4)");
    command.add_option("--block-columns", prune.block_columns, "Columns of a block")->capture_default_str();
    command
        .add_option("--prune-fraction", prune.fraction, "Part of the run over which the pruned share rises")
        ->capture_default_str();
    command.add_option("--mask-interval", prune.interval, "Updates between choices of what is kept")
        ->capture_default_str();
    command.add_flag("--regrow,!--no-regrow", prune.regrow,
                     "Pruned weights learn on until the last choice is made (words: unless told otherwise)");
}

}  // namespace lacuna
