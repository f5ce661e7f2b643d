#include "golden/model_file.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "common/file.hpp"
#include "golden/random_model.hpp"
#include "tests/golden/temporary_folder.hpp"

namespace lacuna {

TEST_CASE("a model survives its file, and the same model gives the same bytes") {
    const TemporaryFolder folder;
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        CAPTURE(seed);
        auto options = random_options(seed, 3, 40);
        options.cell = seed % 2 == 0 ? Cell::Gru : Cell::Lstm;
        if (seed % 3 == 0) {
            options.activation_bits = 16;
            options.accumulator_bits = 32;
        }
        QuantisedModel model = random_model(options);
        model.history = R"({"seed":7,"stages":[{"bpc":1.25}]})";
        save_quantised_model(folder / "a.safetensors", model);
        const QuantisedModel loaded = load_quantised_model(folder / "a.safetensors");
        CHECK(loaded == model);
        save_quantised_model(folder / "b.safetensors", loaded);
        CHECK(read_bytes(folder / "a.safetensors") == read_bytes(folder / "b.safetensors"));
    }
}

TEST_CASE("the file says what docs/model-file.md promises") {
    RandomModelOptions options;
    options.inputs = 20;
    options.units = {17};
    options.k_x = {3};
    options.k_h = {2};
    options.head_rows = 4;
    options.vocabulary = true;
    QuantisedModel model = random_model(options);
    auto& part = model.layers[0].x;
    const std::vector<std::uint8_t> columns = {1, 4, 15, 0, 2, 3};
    std::copy(columns.begin(), columns.end(), part.index.begin());
    const SafeTensors file = safetensors_from(model);
    CHECK(file.metadata.at("lacuna.format") == "1");
    const auto description = nlohmann::json::parse(file.metadata.at("lacuna.model"));
    CHECK(description["input"]["size"] == 20);
    CHECK(description["layers"][0]["k_x"] == 3);
    CHECK(description["head"]["rows"] == 4);
    CHECK(description["vocab"] == model.vocab);
    CHECK(file.tensors.size() == 1 + 4 + 3 + 2 + 3);
    const Tensor& index = file.tensors.at("l.0.x.index");
    CHECK(index.shape == std::vector<std::size_t>{68, 3});
    const auto bytes = index.view<std::uint8_t>();
    CHECK(bytes[0] == 0x41);  // low nibble first
    CHECK(bytes[1] == 0x0f);
    CHECK(bytes[2] == 0x32);
    CHECK(file.tensors.at("l.0.h.index").shape ==
          std::vector<std::size_t>{68, 2});  // 3 slots, a nibble unused
    CHECK(file.tensors.at("l.0.h.value").dtype == DType::I8);
    CHECK(file.tensors.at("l.0.mantissa").dtype == DType::I16);
    CHECK(file.tensors.at("head.bias").shape == std::vector<std::size_t>{4});
    CHECK(is_quantised_model(file));
    CHECK_FALSE(is_quantised_model(SafeTensors{}));
}

TEST_CASE("a GRU has three blocks of rows in each part and four of scales") {
    RandomModelOptions options;
    options.cell = Cell::Gru;
    options.inputs = 20;
    options.units = {17};
    options.head_rows = 4;
    options.vocabulary = true;
    const SafeTensors file = safetensors_from(random_model(options));
    const auto description = nlohmann::json::parse(file.metadata.at("lacuna.model"));
    CHECK(description["kind"] == "gru-lm");
    CHECK(description["layers"][0]["type"] == "gru");
    CHECK(description["layers"][0]["cell_fraction"] == 15);
    CHECK(file.tensors.at("l.0.x.value").shape == std::vector<std::size_t>{51, 4});
    CHECK(file.tensors.at("l.0.h.value").shape == std::vector<std::size_t>{51, 3});
    CHECK(file.tensors.at("l.0.mantissa").shape == std::vector<std::size_t>{68});
    CHECK(file.tensors.at("l.0.bias").shape == std::vector<std::size_t>{68});
}

TEST_CASE("16-bit activations need wider biases and embeddings, and the file says so") {
    RandomModelOptions options;
    options.activation_bits = 16;
    options.accumulator_bits = 32;
    options.head_rows = 4;
    options.vocabulary = true;
    QuantisedModel model = random_model(options);
    model.head->rows[0].bias = -262144;
    model.embedding[0] = -32768;
    SafeTensors file = safetensors_from(model);
    auto description = nlohmann::json::parse(file.metadata.at("lacuna.model"));
    CHECK(description["act"] == 16);
    CHECK(file.tensors.at("embedding").dtype == DType::I16);
    CHECK(file.tensors.at("l.0.bias").dtype == DType::I32);
    CHECK(file.tensors.at("head.bias").dtype == DType::I32);
    CHECK(file.tensors.at("l.0.mantissa").dtype == DType::I16);
    CHECK(quantised_model_from(file, "m") == model);
    description["act"] = 12;
    file.metadata["lacuna.model"] = description.dump();
    CHECK_THROWS_WITH_AS(quantised_model_from(file, "m"),
                         doctest::Contains("model.act is 12, expected 8 or 16 bits of an activation"), Error);
    description["act"] = 8;  // the tensors disagree
    file.metadata["lacuna.model"] = description.dump();
    CHECK_THROWS_WITH_AS(quantised_model_from(file, "m"), doctest::Contains("'embedding' is I16"), Error);
}

TEST_CASE("a file that does not say the bits of an activation has 8") {
    const QuantisedModel model = random_model({});
    SafeTensors file = safetensors_from(model);
    auto description = nlohmann::json::parse(file.metadata.at("lacuna.model"));
    CHECK(description["act"] == 8);
    description.erase("act");
    file.metadata["lacuna.model"] = description.dump();
    CHECK(quantised_model_from(file, "m") == model);
}

TEST_CASE("an invalid model is not written and leaves the old file alone") {
    const TemporaryFolder folder;
    const auto path = folder / "model.safetensors";
    QuantisedModel model = random_model({});
    save_quantised_model(path, model);
    const auto before = read_bytes(path);
    model.layers[0].x.value[0] = -128;
    CHECK_THROWS_AS(save_quantised_model(path, model), Error);
    CHECK(read_bytes(path) == before);
    CHECK(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}) == 1);
}

}  // namespace lacuna
