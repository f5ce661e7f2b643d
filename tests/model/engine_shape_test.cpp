#include "model/engine_shape.hpp"

#include <doctest/doctest.h>

#include "model/pruning.hpp"
#include "model/unit_mask.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

NetworkShape shape_with(Task task, Cell cell = Cell::Lstm) {
    NetworkShape shape;
    shape.vocabulary = is_language(task) ? 7 : 0;
    shape.embedding = 32;
    shape.units = {32, 48};
    shape.cell = cell;
    shape.task = task;
    shape.outputs = is_language(task) ? 0 : 5;
    return shape;
}

/// The engine's shape of a random model pruned by the options.
EngineShape pruned_shape(const NetworkShape& network, const PruneOptions& options) {
    const ParameterLayout layout(network);
    const auto parameters = initial_parameters(layout, 3);
    const auto mask = pruning_mask(layout, options, parameters.cwiseAbs(), 1.0);
    const auto weights = kept_weights(layout, mask);
    DataFormat format;
    format.task = network.task;
    auto shape = engine_shape(unflatten(parameters.cwiseProduct(mask), layout, format));
    CHECK(shape.kept == static_cast<std::size_t>(weights.kept));
    CHECK(shape.all == static_cast<std::size_t>(weights.all));
    return shape;
}

}  // namespace

TEST_CASE("the engine needs of a bank-balanced model the k's that it was pruned to") {
    for (const Cell cell : {Cell::Lstm, Cell::Gru}) {
        PruneOptions options;
        options.k_x = {2, 8};
        options.k_h = {16, 4};
        options.k_head = 1;
        const auto result = pruned_shape(shape_with(Task::Characters, cell), options);
        CHECK(result.shape.k_x == options.k_x);
        CHECK(result.shape.k_h == options.k_h);
        CHECK(result.shape.head_k == 1);
        CHECK(result.shape.head_rows == 7);
        CHECK(result.shape.inputs == 32);
        CHECK(result.shape.units == std::vector<std::size_t>{32, 48});
        CHECK(result.shape.cell == cell);
    }
}

TEST_CASE("removed units are not there any more, the rest is dense") {
    PruneOptions options;
    options.scheme = Scheme::Units;
    options.k = 4;
    for (const Task task : {Task::Characters, Task::Words}) {
        const auto network = shape_with(task);
        const ParameterLayout layout(network);
        Eigen::Index budget = 0;
        for (const auto& matrix : pruned_matrices(layout, options)) {
            budget += matrix.target;
        }
        const auto units = kept_units(layout, task == Task::Characters, budget);
        const auto result = pruned_shape(network, options);
        CHECK(result.shape.units == std::vector<std::size_t>(units.begin(), units.end()));
        CHECK(result.shape.k_h == std::vector{16, 16});
        CHECK(result.shape.head_rows == (task == Task::Characters ? 7 : 0));
    }
}

TEST_CASE("a unit that only the layer above reads stays, one that nothing reads goes") {
    const ParameterLayout layout(shape_with(Task::Characters));
    auto parameters = initial_parameters(layout, 3);
    view(parameters, layout.layers[0].weight_h).col(3).setZero();
    view(parameters, layout.layers[0].weight_h).col(5).setZero();
    view(parameters, layout.layers[1].weight_x).col(5).setZero();
    DataFormat format;
    format.task = Task::Characters;
    CHECK(engine_shape(unflatten(parameters, layout, format)).shape.units ==
          std::vector<std::size_t>{31, 48});
}

TEST_CASE("unstructured weights need the k of their fullest bank") {
    PruneOptions options;
    options.scheme = Scheme::Unstructured;
    options.k = 2;
    const auto result = pruned_shape(shape_with(Task::Classification), options);
    CHECK(result.shape.k_x[0] > 2);
    CHECK(result.shape.k_h[1] > 2);
    CHECK(result.shape.head_rows == 5);
}

}  // namespace lacuna
