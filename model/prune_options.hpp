// What is pruned, how far, by which structure and on which schedule.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "model/bank_mask.hpp"

namespace lacuna {

/// The structure of what is kept; `pruning_mask` (model/pruning.hpp) defines each.
enum class Scheme {
    BankBalanced,  ///< k of every bank of 16 in every row: what the engine runs
    Unstructured,  ///< the weights of highest score, wherever they are
    Rows,          ///< as many of each row, wherever they are in it
    Columns,       ///< whole columns of a block of rows
    Units,         ///< whole hidden units
    Blocks,        ///< small rectangles
};

/// What a weight's score is.
enum class Criterion {
    Magnitude,  ///< |w|
    Movement,   ///< - sum over the updates of w dL/dw (Sanh et al., "Movement pruning", NeurIPS 2020)
    /// w^2 E[(dL/dw)^2], the mean Adam's: what the loss would rise by with the Fisher information for the
    /// Hessian (LeCun et al., "Optimal brain damage", NIPS 1989; Theis et al., "Faster gaze prediction with
    /// dense networks and Fisher pruning", 2018)
    Saliency,
};

/// How the pruned share rises from 0 to its end.
enum class Schedule {
    Cubic,    ///< 1 - (1 - progress)^3 (Zhu and Gupta, "To prune, or not to prune", 2017)
    Linear,   ///< progress
    OneShot,  ///< all at the end
};

inline constexpr std::array kCriteria = {Criterion::Magnitude, Criterion::Movement, Criterion::Saliency};
inline constexpr std::array kSchemes = {Scheme::BankBalanced, Scheme::Unstructured, Scheme::Rows,
                                        Scheme::Columns,      Scheme::Units,        Scheme::Blocks};

const char* scheme_name(Scheme scheme);
const char* criterion_name(Criterion criterion);
const char* schedule_name(Schedule schedule);

struct PruneOptions {
    Scheme scheme = Scheme::BankBalanced;
    Criterion criterion = Criterion::Magnitude;
    Schedule schedule = Schedule::Cubic;
    BankShape bank;        ///< of bank-balanced pruning
    int k = 16;            ///< weights kept per row and bank at the end; 16 = dense
    std::vector<int> k_x;  ///< the same per layer for its input matrix; empty: `k` for all
    std::vector<int> k_h;  ///< the same for its recurrent matrix
    int k_head = 0;        ///< the same for a head on the engine; 0: `k`; 16: dense in every scheme
    /// Share of the weights pruned at the end, instead of the k's, for all schemes but bank-balanced; 0: as
    /// many as bank-balanced pruning with the k's would prune.
    double sparsity = 0.0;
    bool global = false;    ///< unstructured: one ranking of all matrices instead of one for each
    int block_rows = 0;     ///< rows of a block (of columns, or a rectangle); 0: a gate, or 4
    int block_columns = 4;  ///< columns of a rectangle
    double fraction = 0.4;  ///< part of the updates over which the pruned share rises
    int interval = 20;      ///< updates between choices of the kept weights while it rises
    bool regrow = true;     ///< pruned weights keep learning until the masks are fixed

    /// Whether anything is pruned at all.
    bool enabled() const;
    int k_x_of(std::size_t layer) const { return k_x.empty() ? k : k_x.at(layer); }
    int k_h_of(std::size_t layer) const { return k_h.empty() ? k : k_h.at(layer); }
    int k_of_head() const { return k_head == 0 ? k : k_head; }

    /// Adds what is wrong with the options to `problems`; `layers` of the network, 0 where it is unknown.
    void check(class Problems& problems, std::size_t layers = 0) const;
    /// Adds the options to a JSON object (as text); what a plain bank-balanced run does not use is left out.
    std::string to_json() const;
};

/// Part of the final pruned share that is reached at `progress` 0..1 of gradual pruning.
double pruned_share(Schedule schedule, double progress);

}  // namespace lacuna
