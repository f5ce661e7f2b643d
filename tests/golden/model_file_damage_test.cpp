#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>

#include "common/file.hpp"
#include "golden/model_file.hpp"
#include "tests/golden/small_model.hpp"
#include "tests/golden/temporary_folder.hpp"

namespace lacuna {

namespace {

using nlohmann::json;

void edit_description(SafeTensors& file, const std::function<void(json&)>& edit) {
    json description = json::parse(file.metadata.at("lacuna.model"));
    edit(description);
    file.metadata["lacuna.model"] = description.dump();
}

std::string problems_of(const SafeTensors& file) {
    try {
        quantised_model_from(file, "file 'm'");
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

void check_lists(const SafeTensors& file, const std::vector<std::string>& expected) {
    const std::string text = problems_of(file);
    CAPTURE(text);
    for (const auto& part : expected) {
        CAPTURE(part);
        CHECK(text.find(part) != std::string::npos);
    }
}

template <class T>
void set(SafeTensors& file, const std::string& name, std::size_t at, T value) {
    std::memcpy(file.tensors.at(name).bytes.data() + at * sizeof(T), &value, sizeof(T));
}

}  // namespace

TEST_CASE("a file cut anywhere is refused") {
    const TemporaryFolder folder;
    const auto path = folder / "whole.safetensors";
    save_quantised_model(path, small_model());
    const auto bytes = read_bytes(path);
    const auto cut = folder / "cut.safetensors";
    for (std::size_t size = 0; size < bytes.size(); size += size < 64 ? 1 : 37) {
        CAPTURE(size);
        write_bytes(cut, std::span(bytes).first(size));
        REQUIRE_THROWS_AS(load_quantised_model(cut), Error);
    }
    write_bytes(cut, std::span(bytes).first(bytes.size() - 1));
    CHECK_THROWS_WITH_AS(load_quantised_model(cut), doctest::Contains("cut.safetensors"), Error);
    CHECK_THROWS_WITH_AS(load_quantised_model(folder / "none"), doctest::Contains("cannot read"), Error);
}

TEST_CASE("a flipped byte gives an error or a valid model, never a crash") {
    const TemporaryFolder folder;
    const auto path = folder / "m.safetensors";
    save_quantised_model(path, small_model());
    const auto bytes = read_bytes(path);
    SplitMix64 prng(8);
    std::size_t refused = 0;
    for (int i = 0; i < 400; ++i) {
        auto damaged = bytes;
        // half of the flips hit the header, which is the longer part only in small files
        const auto limit = static_cast<std::int64_t>(i % 2 == 0 ? bytes.size() : 1200) - 1;
        damaged[static_cast<std::size_t>(prng.between(0, limit))] ^=
            static_cast<std::byte>(1 << prng.between(0, 7));
        write_bytes(path, damaged);
        try {
            load_quantised_model(path).validate();
        } catch (const Error&) {
            ++refused;
        }
    }
    CHECK(refused > 100);
}

TEST_CASE("damage in tensors is listed with all its places") {
    SafeTensors file = safetensors_from(small_model());
    file.metadata["lacuna.format"] = "2";
    file.tensors.erase("l.1.bias");
    file.tensors["surplus"] = file.tensors.at("head.bias");
    file.tensors["head.shift"].shape = {2, 2};
    file.tensors["l.0.shift"] = Tensor::from<std::int8_t>({68}, std::vector<std::int8_t>(68));
    set<std::int8_t>(file, "l.0.x.value", 7, -128);
    set<std::uint8_t>(file, "l.0.x.index", 3, 0x55);  // row 1: columns 5, 5
    set<std::int16_t>(file, "l.1.mantissa", 2, 77);
    set<std::uint8_t>(file, "l.0.h.index", 1, 0x30);  // 3 slots a row: the last nibble is unused
    check_lists(
        file,
        {"file 'm': ", "version is '2', expected '1'", "tensor 'l.1.bias' is missing, expected I16 [24]",
         "tensor 'surplus' does not belong", "tensor 'head.shift' is U8 [2, 2], expected U8 [4]",
         "tensor 'l.0.shift' is I8 [68], expected U8 [68]", "l.0.x.value: weight -128",
         "row 1, bank 0, slot 1 has column 5 after 5", "l.0.h.index: row 0 uses its last nibble",
         "l.1.mantissa: expected 0 or 16384..32767 (first: row 2 has 77; 1 in all)",
         "fetch it again or make it with 'lacuna quantise'"});
    CHECK(problems_of(file).find("9 problems") != std::string::npos);
}

TEST_CASE("scales out of range are refused") {
    SafeTensors file = safetensors_from(small_model());
    set<std::int16_t>(file, "l.1.mantissa", 2, 77);
    set<std::int16_t>(file, "l.1.mantissa", 3, -20000);
    set<std::uint8_t>(file, "head.shift", 1, 32);
    check_lists(file, {"l.1.mantissa: expected 0 or 16384..32767 (first: row 2 has 77; 2 in all)",
                       "head.shift: expected 0..31 (first: row 1 has 32; 1 in all)"});
}

TEST_CASE("damage in the description is listed") {
    const SafeTensors good = safetensors_from(small_model());
    REQUIRE(problems_of(good).empty());

    SafeTensors file = good;
    edit_description(file, [](json& d) {
        d.erase("name");
        d["act"] = 12;
        d["bank_width"] = 8;
        d["input"]["scale"] = "much";
        d["layers"][0]["k_x"] = 17;
        d["layers"][0]["type"] = "gru";
        d["layers"][1]["h"] = -3;
        d["layers"][1]["shift_x"] = 2.5;
        d["head"]["fraction"] = 15;
        d["vocab"][1] = 256;
        d["kind"] = "other";
    });
    check_lists(file,
                {"11 problems", "kind is 'other', expected 'lstm-lm', 'lstm', 'gru-lm' or 'gru'",
                 "model lacks \"name\"", "model.act is 12, expected 8 or 16", "model.bank_width is 8",
                 "model.input.scale is \"much\", expected a number",
                 "model.layers[0].k_x is 17, expected an integer 1..16",
                 "model.layers[0].type is 'gru', expected 'lstm'", "model.layers[1].h is -3",
                 "model.layers[1].shift_x is 2.5", "model.head.fraction is 15", "model.vocab[1] is 256"});

    file = good;
    edit_description(file, [](json& d) {
        d["input"]["size"] = 21;
        d["layers"][1]["x"] = 18;
        d["layers"][0]["shift_x"] = d["layers"][0]["shift_h"] = 3;
    });
    check_lists(file, {"model.input.size is 21, but layer 0 has 20 inputs"});

    file = good;
    edit_description(file, [](json& d) {
        d["layers"][1]["x"] = 18;
        d["layers"][0]["shift_x"] = d["layers"][0]["shift_h"] = 3;
        d["history"] = 5;
    });
    check_lists(file, {"l.1: 18 inputs, expected the 17 units of the layer below", "part shifts are 3 and 3",
                       "history is not a JSON object"});

    for (const char* text : {"null", "[]", "7", R"({"layers":5})", R"({"layers":[5,null,[]]})"}) {
        file.metadata["lacuna.model"] = text;
        CAPTURE(text);
        CHECK_FALSE(problems_of(file).empty());
    }
    file.metadata["lacuna.model"] = "{";
    check_lists(file, {"metadata 'lacuna.model' is missing or not JSON"});
    check_lists(SafeTensors{}, {"no metadata 'lacuna.format'; this is not a quantised Lacuna model"});
}

TEST_CASE("damage in a GRU's description and tensors is listed") {
    const SafeTensors good = safetensors_from(small_model(Cell::Gru));
    REQUIRE(problems_of(good).empty());

    SafeTensors file = good;
    edit_description(file, [](json& d) { d["kind"] = "lstm-lm"; });
    check_lists(file, {"model.layers[0].type is 'gru', expected 'lstm'",
                       "model.layers[1].type is 'gru', expected 'lstm'",
                       "model.layers[0].cell_fraction is 15, expected an integer 8..12"});

    file = good;
    edit_description(file, [](json& d) {
        d["layers"][0]["type"] = "lstm";
        d["layers"][1]["cell_fraction"] = 12;
    });
    check_lists(file, {"2 problems", "model.layers[0].type is 'lstm', expected 'gru'",
                       "model.layers[1].cell_fraction is 12, expected an integer 15..15"});

    file = good;
    file.tensors["l.0.x.value"].shape = {68, 6};  // four blocks of rows
    file.tensors["l.1.bias"] = Tensor::from<std::int16_t>({18}, std::vector<std::int16_t>(18));
    check_lists(file, {"2 problems", "tensor 'l.0.x.value' is I8 [68, 6], expected I8 [51, 6]",
                       "tensor 'l.1.bias' is I16 [18], expected I16 [24]"});
}

TEST_CASE("a description that claims huge shapes is refused without allocating them") {
    SafeTensors file = safetensors_from(small_model());
    edit_description(file, [](json& d) {
        for (auto& layer : d["layers"]) {
            layer["x"] = layer["h"] = 1 << 20;
            layer["k_x"] = layer["k_h"] = 16;
        }
        d["input"]["size"] = 1 << 20;
    });
    check_lists(file, {"tensor 'l.0.x.value' is I8 [68, 6], expected I8 [4194304, 1048576]"});
}

}  // namespace lacuna
