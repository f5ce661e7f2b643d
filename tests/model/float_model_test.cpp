#include "model/float_model.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "model/parameters.hpp"
#include "tests/golden/temporary_folder.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

const NetworkShape lstm_shape{5, 20, {12, 8}};
const NetworkShape gru_shape{5, 20, {12, 8}, Cell::Gru};

double sigmoid(double x) {
    return 1.0 / (1.0 + std::exp(-x));
}

/// One row of a matrix times a vector.
double product(const RowMatrix& matrix, Eigen::Index row, const std::vector<double>& vector) {
    double sum = 0;
    for (Eigen::Index i = 0; i < matrix.cols(); ++i) {
        sum += matrix(row, i) * vector[static_cast<std::size_t>(i)];
    }
    return sum;
}

/// The equations of torch.nn.GRU for one layer, from its tensors as they are in a file.
std::vector<double> reference_gru(const FloatLayer& layer, const std::vector<double>& x,
                                  const std::vector<double>& h) {
    const auto units = layer.units();
    const auto from_x = [&](Eigen::Index row) {
        return product(layer.weight_ih, row, x) + layer.bias_ih[row];
    };
    const auto from_h = [&](Eigen::Index row) {
        return product(layer.weight_hh, row, h) + layer.bias_hh[row];
    };
    std::vector<double> next;
    for (Eigen::Index u = 0; u < units; ++u) {
        const double r = sigmoid(from_x(u) + from_h(u));
        const double z = sigmoid(from_x(units + u) + from_h(units + u));
        const double n = std::tanh(from_x(2 * units + u) + r * from_h(2 * units + u));
        next.push_back((1 - z) * n + z * h[static_cast<std::size_t>(u)]);
    }
    return next;
}

/// The equations of float_model.hpp written as plain loops in double.
std::vector<double> reference_logits(const FloatModel& model, const std::vector<int>& tokens) {
    std::vector<std::vector<double>> h;
    std::vector<std::vector<double>> c;
    for (const auto& layer : model.layers) {
        h.emplace_back(layer.units(), 0.0);
        c.emplace_back(layer.units(), 0.0);
    }
    for (const int token : tokens) {
        std::vector<double> x(model.embedding.row(token).begin(), model.embedding.row(token).end());
        for (std::size_t n = 0; n < model.layers.size(); ++n) {
            const auto& layer = model.layers[n];
            if (model.cell == Cell::Gru) {
                x = h[n] = reference_gru(layer, x, h[n]);
                continue;
            }
            const auto units = layer.units();
            std::vector<double> gates;
            for (Eigen::Index row = 0; row < 4 * units; ++row) {
                double sum = static_cast<double>(layer.bias_ih[row]) + layer.bias_hh[row];
                for (Eigen::Index i = 0; i < layer.inputs(); ++i) {
                    sum += layer.weight_ih(row, i) * x[static_cast<std::size_t>(i)];
                }
                for (Eigen::Index i = 0; i < units; ++i) {
                    sum += layer.weight_hh(row, i) * h[n][static_cast<std::size_t>(i)];
                }
                gates.push_back(sum);
            }
            for (Eigen::Index u = 0; u < units; ++u) {
                const auto gate = [&](Eigen::Index index) {
                    return gates[static_cast<std::size_t>(index * units + u)];
                };
                auto& cell = c[n][static_cast<std::size_t>(u)];
                cell = sigmoid(gate(1)) * cell + sigmoid(gate(0)) * std::tanh(gate(2));
                h[n][static_cast<std::size_t>(u)] = sigmoid(gate(3)) * std::tanh(cell);
            }
            x = h[n];
        }
    }
    std::vector<double> logits;
    for (Eigen::Index row = 0; row < model.head_weight.rows(); ++row) {
        double sum = model.head_bias[row];
        for (Eigen::Index i = 0; i < model.head_weight.cols(); ++i) {
            sum += model.head_weight(row, i) * h.back()[static_cast<std::size_t>(i)];
        }
        logits.push_back(sum);
    }
    return logits;
}

/// Loading error of a good file after `damage`.
std::string loading_error(const std::function<void(SafeTensors&)>& damage) {
    auto file = to_safetensors(random_float_model(lstm_shape, 4));
    damage(file);
    return error_text([&] { float_model_from(file, "model file 'm'"); });
}

}  // namespace

TEST_CASE("a float model survives a round trip, byte for byte") {
    const TemporaryFolder folder;
    auto model = random_float_model(lstm_shape, 4);
    model.layers[1].k_h = 2;
    model.k_head = 4;
    model.history = R"({"stages":[]})";
    save_float_model(folder / "m.safetensors", model);
    const auto loaded = load_float_model(folder / "m.safetensors");
    CHECK(loaded.format == model.format);
    CHECK(loaded.history == model.history);
    CHECK(loaded.layers[0].k_h == 16);
    CHECK(loaded.layers[1].k_h == 2);
    CHECK(loaded.k_head == 4);
    const ParameterLayout layout(lstm_shape);
    CHECK(shape_of(loaded) == lstm_shape);
    CHECK(same_bytes(flatten(loaded, layout), flatten(model, layout)));
    const auto file = to_safetensors(loaded);
    CHECK(file.tensors.at("lstm.weight_ih_l0").shape == std::vector<std::size_t>{48, 20});
    CHECK(file.tensors.at("lstm.weight_hh_l1").shape == std::vector<std::size_t>{32, 8});
    CHECK(file.tensors.at("lstm.bias_hh_l1").shape == std::vector<std::size_t>{32});
    CHECK(file.tensors.at("head.weight").shape == std::vector<std::size_t>{5, 8});
}

TEST_CASE("the runner computes the LSTM equations") {
    auto model = random_float_model(lstm_shape, 4);
    model.layers[0].bias_hh.setConstant(0.25F);
    FloatRunner runner(model);
    const std::vector<int> tokens = {0, 4, 2, 2, 1, 3, 0};
    for (int pass = 0; pass < 2; ++pass) {
        Eigen::VectorXf logits;
        for (const int token : tokens) {
            logits = runner.step(token);
        }
        const auto expected = reference_logits(model, tokens);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            CHECK(logits[static_cast<Eigen::Index>(i)] == doctest::Approx(expected[i]).epsilon(1e-4));
        }
        CHECK(runner.h(0).norm() > 0.0F);
        CHECK(runner.gates(1).size() == 32);
        runner.reset();
        CHECK(runner.c(1).isZero(0.0F));
    }
}

TEST_CASE("the runner computes the GRU equations, with each bias where it belongs") {
    auto model = random_float_model(gru_shape, 4);
    model.layers[0].bias_hh.setLinSpaced(-0.7F, 0.8F);
    model.layers[1].bias_hh.setLinSpaced(0.9F, -0.4F);
    const std::vector<int> tokens = {0, 4, 2, 2, 1, 3, 0};
    // As it is, and through a flat array, which keeps one bias for each sum.
    const ParameterLayout layout(gru_shape);
    for (const FloatModel& m : {model, unflatten(flatten(model, layout), layout, model.format)}) {
        FloatRunner runner(m);
        Eigen::VectorXf logits;
        for (const int token : tokens) {
            logits = runner.step(token);
        }
        const auto expected = reference_logits(model, tokens);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            CHECK(logits[static_cast<Eigen::Index>(i)] == doctest::Approx(expected[i]).epsilon(1e-4));
        }
        CHECK(runner.h(1) == runner.c(1));
        CHECK(runner.gates(1).size() == 32);
    }
}

TEST_CASE("a GRU has PyTorch's names and shapes, and survives a round trip") {
    const auto model = random_float_model(gru_shape, 4);
    auto file = to_safetensors(model);
    CHECK(file.metadata.at("lacuna.kind") == "float-gru-lm");
    CHECK(file.tensors.at("gru.weight_ih_l0").shape == std::vector<std::size_t>{36, 20});
    CHECK(file.tensors.at("gru.weight_hh_l1").shape == std::vector<std::size_t>{24, 8});
    CHECK(file.tensors.at("gru.bias_hh_l1").shape == std::vector<std::size_t>{24});
    const ParameterLayout layout(gru_shape);
    const auto loaded = float_model_from(file, "model");
    CHECK(shape_of(loaded) == gru_shape);
    CHECK(same_bytes(flatten(loaded, layout), flatten(model, layout)));
    CHECK(loaded.layers[1].bias_hh.tail(8) == model.layers[1].bias_hh.tail(8));
    CHECK(model.layers[1].bias_hh.tail(8).cwiseAbs().minCoeff() > 0.0F);

    file.metadata.erase("lacuna.kind");  // then the names of the tensors tell
    CHECK(shape_of(float_model_from(file, "model")) == gru_shape);
    file.metadata["lacuna.kind"] = "float-lstm-lm";
    CHECK(
        contains(error_text([&] { float_model_from(file, "model"); }), "has no tensor 'lstm.weight_hh_l0'"));
    file.metadata["lacuna.kind"] = "float-gru-lm";
    file.tensors["gru.weight_hh_l0"].shape = {48, 9};
    CHECK(contains(error_text([&] { float_model_from(file, "model"); }),
                   "tensor 'gru.weight_hh_l0' is [48, 9], expected 3 times as many rows as columns"));
}

TEST_CASE("bits per character averages the surprise over all predictions") {
    auto model = random_float_model(lstm_shape, 4);
    model.head_weight.setZero();
    model.head_bias.setZero();
    const std::vector<int> tokens = {0, 1, 2, 3, 4, 0};
    CHECK(bits_per_character(model, tokens) == doctest::Approx(std::log2(5.0)));
    CHECK(contains(error_text([&] { bits_per_character(model, std::vector<int>{1}); }), "at least two"));
}

TEST_CASE("damaged float models are named") {
    CHECK(loading_error([](SafeTensors&) {}) == "no error");
    CHECK(contains(loading_error([](SafeTensors& f) { f.metadata["lacuna.kind"] = "lstm-lm"; }),
                   "is of kind 'lstm-lm', expected 'float-lstm-lm', "));
    CHECK(contains(loading_error([](SafeTensors& f) { f.tensors.erase("head.bias"); }),
                   "has no tensor 'head.bias'"));
    CHECK(contains(loading_error([](SafeTensors& f) {
                       f.tensors["lstm.weight_ih_l1"].shape = {32, 6, 2};
                   }),
                   "tensor 'lstm.weight_ih_l1' is [32, 6, 2], expected [32, 12]"));
    CHECK(contains(loading_error([](SafeTensors& f) {
                       f.tensors["head.weight"].shape = {8, 5};
                   }),
                   "tensor 'head.weight' is [8, 5], expected [5, 8]"));
    CHECK(contains(loading_error([](SafeTensors& f) {
                       f.tensors["lstm.weight_hh_l0"].shape = {12, 48};
                   }),
                   "expected 4 times as many rows as columns"));
    CHECK(contains(loading_error([](SafeTensors& f) { f.tensors["head.bias"].dtype = DType::I32; }),
                   "tensor 'head.bias' holds I32, expected F32"));
    CHECK(contains(loading_error([](SafeTensors& f) { f.metadata.erase("lacuna.k_x"); }),
                   "has no metadata 'lacuna.k_x'"));
    CHECK(contains(loading_error([](SafeTensors& f) { f.metadata["lacuna.k_h"] = "[2]"; }),
                   "expected 2 numbers"));
    CHECK(
        contains(loading_error([](SafeTensors& f) { f.metadata["lacuna.k_head"] = "17"; }), "from 1 to 16"));
    CHECK(
        contains(loading_error([](SafeTensors& f) { f.metadata["lacuna.vocab"] = "[97,"; }), "is not JSON"));
    CHECK(contains(loading_error([](SafeTensors& f) { f.metadata["lacuna.vocab"] = "[97,98,99,97,100]"; }),
                   "names a byte twice"));
    CHECK(contains(loading_error([](SafeTensors& f) { f.tensors.clear(); }),
                   "has no tensor 'lstm.weight_hh_l0'"));
}

TEST_CASE("values that are not finite are refused") {
    auto model = random_float_model(lstm_shape, 4);
    model.layers[0].weight_ih(3, 3) = std::numeric_limits<float>::quiet_NaN();
    model.head_bias[0] = std::numeric_limits<float>::infinity();
    const auto text = error_text([&] { float_model_from(to_safetensors(model), "model"); });
    CHECK(contains(text, "tensor 'lstm.weight_ih_l0' has 1 values that are not finite"));
    CHECK(contains(text, "tensor 'head.bias' has 1 values that are not finite"));
}

}  // namespace lacuna
