#include "golden/quantised_model.hpp"

#include <doctest/doctest.h>

#include <array>
#include <optional>

#include "tests/golden/small_model.hpp"

namespace lacuna {

TEST_CASE("slots of a row: min(k, real columns) of every bank") {
    CHECK(slots_per_row(16, 2) == 2);
    CHECK(slots_per_row(17, 2) == 3);
    CHECK(slots_per_row(33, 16) == 33);
    CHECK(slots_per_row(1, 16) == 1);
    CHECK(slots_per_row(256, 1) == 16);

    const PartWeights part(3, 20, 5);
    CHECK(part.banks() == 2);
    CHECK(part.real_columns(0) == 16);
    CHECK(part.real_columns(1) == 4);
    CHECK(part.kept(0) == 5);
    CHECK(part.kept(1) == 4);
    CHECK(part.slot_offset(1) == 5);
    CHECK(part.slots == 9);
    CHECK(part.value.size() == 27);
    CHECK(std::vector<std::uint8_t>(part.index.begin(), part.index.begin() + 9) ==
          std::vector<std::uint8_t>{0, 1, 2, 3, 4, 0, 1, 2, 3});
}

TEST_CASE("weights are counted kept and dense") {
    const QuantisedModel model = small_model();
    // layer 0: 68 rows x (3 + 3 of 20; 2 + 1 of 17), layer 1: 24 x (3 + 1 of 17; 2 of 6), head: 4 x 2 of 6
    CHECK(model.total_slots() == 68 * (6 + 3) + 24 * (4 + 2) + 4 * 2);
    CHECK(model.dense_weights() == 68 * 37 + 24 * 23 + 4 * 6);
    // three rows a unit instead of four
    const QuantisedModel gru = small_model(Cell::Gru);
    CHECK(gru.total_slots() == 51 * (6 + 3) + 18 * (4 + 2) + 4 * 2);
    CHECK(gru.dense_weights() == 51 * 37 + 18 * 23 + 4 * 6);
}

TEST_CASE("accumulator bits follow the worst row, part shifts included") {
    QuantisedModel model = small_model();
    for (auto& layer : model.layers) {
        std::fill(layer.x.value.begin(), layer.x.value.end(), std::int8_t{0});
        std::fill(layer.h.value.begin(), layer.h.value.end(), std::int8_t{0});
        layer.shift_x = layer.shift_h = 0;
    }
    std::fill(model.head->h.value.begin(), model.head->h.value.end(), std::int8_t{0});
    CHECK(model.accumulator_bits() == 1);
    model.head->h.value[3] = -1;  // 128 needs 9 bits
    CHECK(model.accumulator_bits() == 9);
    model.layers[1].h.value[0] = 127;
    model.layers[1].h.value[1] = -127;
    CHECK(model.accumulator_bits() == 16);  // 128 * 254 = 32512
    model.layers[1].shift_h = 7;
    CHECK(model.accumulator_bits() == 23);
    model.layers[1].x.value[0] = 2;  // of the same row: 128 * (254 * 128 + 2) still fits
    CHECK(model.accumulator_bits() == 23);
    model.layers[1].x.value[1] = 127;
    model.layers[1].x.value[2] = 127;  // 128 * (32512 + 256) = 2^22 does not
    CHECK(model.accumulator_bits() == 24);
}

TEST_CASE("16-bit activations have ranges of their own, which are named") {
    RandomModelOptions options;
    options.activation_bits = 16;
    options.accumulator_bits = 32;
    options.head_rows = 4;
    options.vocabulary = true;
    const QuantisedModel good = random_model(options);
    QuantisedModel model = good;
    for (auto* part : {&model.layers[0].x, &model.layers[0].h, &model.head->h}) {
        std::fill(part->value.begin(), part->value.end(), std::int8_t{0});
    }
    model.layers[0].shift_x = model.layers[0].shift_h = 0;
    model.head->h.value[1] = -1;
    CHECK(model.accumulator_bits() == 17);  // 32768
    model = good;
    model.layers[0].cell_fraction = 14;
    model.head->fraction = 17;
    model.head->rows[0] = {2048, 0, 262143};
    model.embedding[0] = 32767;
    CHECK_NOTHROW(model.validate());
    model.head->rows[0] = {4096, 0, 262144};
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("head.mantissa: expected 0 or 2048..4095"),
                         Error);
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("head.bias: expected -262144..262143"), Error);
    model = good;
    model.head->fraction = 18;
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("head: fraction is 18, expected 0..17"), Error);
    model = good;
    model.layers[0].cell_fraction = 15;
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("cell_fraction is 15, expected 8..14"), Error);
    model = good;
    model.activation_bits = 12;
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("activations have 12 bits, expected 8 or 16"),
                         Error);
    model = small_model();
    model.embedding[7] = 128;
    CHECK_THROWS_WITH_AS(model.validate(),
                         doctest::Contains("embedding: expected -128..127 (first: value 7 is 128; 1 in all)"),
                         Error);
}

TEST_CASE("each gate of a GRU sums the rows that are its own") {
    // r and z sum both parts, n_x the x part only, n_h the h part only.
    const std::array<std::optional<std::size_t>, 4> x = {0, 1, 2, std::nullopt};
    const std::array<std::optional<std::size_t>, 4> h = {0, 1, std::nullopt, 2};
    for (std::size_t gate = 0; gate < kGates; ++gate) {
        CHECK(x_block(Cell::Gru, gate) == x[gate]);
        CHECK(h_block(Cell::Gru, gate) == h[gate]);
        CHECK(x_block(Cell::Lstm, gate) == gate);
        CHECK(h_block(Cell::Lstm, gate) == gate);
    }
    QuantisedModel model = small_model(Cell::Gru);
    for (auto& layer : model.layers) {
        std::fill(layer.x.value.begin(), layer.x.value.end(), std::int8_t{0});
        std::fill(layer.h.value.begin(), layer.h.value.end(), std::int8_t{0});
        layer.shift_x = layer.shift_h = 0;
    }
    std::fill(model.head->h.value.begin(), model.head->h.value.end(), std::int8_t{0});
    auto& layer = model.layers[1];  // 6 units, 4 + 2 slots a row
    for (std::size_t slot = 0; slot < 2; ++slot) {
        layer.x.value[12 * 4 + slot] = 127;  // n of unit 0
        layer.h.value[12 * 2 + slot] = 127;
    }
    CHECK(model.accumulator_bits() == 16);  // 128 * 254, not 128 * 508
    for (std::size_t slot = 0; slot < 2; ++slot) {
        layer.x.value[6 * 4 + slot] = 127;  // z of unit 0
        layer.h.value[6 * 2 + slot] = 127;
    }
    CHECK(model.accumulator_bits() == 17);
}

TEST_CASE("the parts of a GRU have three blocks of rows, and its state a fixed fraction") {
    QuantisedModel model = small_model(Cell::Gru);
    CHECK(model.kind() == "gru-lm");
    CHECK(model.layers[0].rows.size() == 68);
    model.layers[1].cell_fraction = 12;
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("l.1: cell_fraction is 12, expected 15"), Error);
    model = small_model(Cell::Gru);
    model.layers[1].rows.pop_back();
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("l.1: row scales: got 23, expected 24"), Error);
    model.cell = Cell::Lstm;
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("l.0.x: shape is [51, 20], expected [68, 20]"),
                         Error);
    model = small_model(Cell::Gru);
    model.language = false;
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("kind gru has a vocabulary, expected none"),
                         Error);
}

TEST_CASE("every violation is named, all at once") {
    QuantisedModel model = small_model();
    model.layers[0].shift_x = 1;
    model.layers[0].shift_h = 2;
    model.layers[1].cell_fraction = 7;
    model.head->fraction = 15;
    model.history = "[]";
    model.input_scale = -1;
    for (const char* part :
         {"5 problems", "part shifts are 1 and 2", "l.1: cell_fraction is 7, expected 8..12",
          "head: fraction is 15, expected 0..14", "history is not a JSON object", "input scale is -1",
          "Quantise the model again"}) {
        CAPTURE(part);
        CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains(part), Error);
    }
}

TEST_CASE("kind, vocabulary and head must belong together") {
    QuantisedModel model = small_model();
    model.vocab[2] = model.vocab[0];
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("vocab: byte 32 occurs more than once"), Error);
    model = small_model();
    model.vocab.pop_back();
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("head: 4 rows, expected one for each of the 3"),
                         Error);
    model.head.reset();
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("needs a head"), Error);
    model = small_model();
    model.language = false;
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("has a vocabulary, expected none"), Error);
}

TEST_CASE("damaged weights are counted and located") {
    QuantisedModel model = small_model();
    auto& part = model.layers[0].x;  // 6 slots a row: 3 of bank 0, 3 of bank 1 (4 real columns)
    part.value[8] = -128;
    part.value[9] = -128;
    part.index[2 * 6 + 0] = 9;
    part.index[2 * 6 + 1] = 9;
    part.index[2 * 6 + 2] = 10;
    part.index[4 * 6 + 5] = 4;
    model.head->rows[3] = {123, 32, 0};
    for (const char* text :
         {"l.0.x.value: weight -128, expected -127..127 (first: row 1, slot 2; 2 in all)",
          "columns must ascend inside a bank (first: row 2, bank 0, slot 1 has column 9 after 9; 1 in all)",
          "beyond the bank's real columns (first: row 4, bank 1, slot 2 has column 4 of 4; 1 in all)",
          "head.mantissa: expected 0 or 16384..32767 (first: row 3 has 123; 1 in all)",
          "head.shift: expected 0..31 (first: row 3 has 32; 1 in all)"}) {
        CAPTURE(text);
        CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains(text), Error);
    }
}

TEST_CASE("missing values, wrong stacks and too wide rows are refused") {
    QuantisedModel model = small_model();
    model.layers[1].rows.pop_back();
    model.embedding.pop_back();
    model.layers[0].h.value.pop_back();
    for (const char* text : {"l.1: row scales: got 23, expected 24", "embedding: got 79, expected 80",
                             "l.0.h.value: got 203, expected 204"}) {
        CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains(text), Error);
    }
    model = small_model();
    model.layers[0].units = 16;
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("l.0.x: shape is [68, 20], expected [64, 20]"),
                         Error);
    CHECK_THROWS_WITH_AS(model.validate(), doctest::Contains("l.1: 17 inputs, expected the 16 units"), Error);
    CHECK_THROWS_WITH_AS(QuantisedModel{}.validate(), doctest::Contains("no layers"), Error);

    RandomModelOptions wide;
    wide.inputs = 16;
    wide.units = {1500};
    wide.k_h = {16};
    wide.part_shifts = false;
    wide.accumulator_bits = 32;
    QuantisedModel model_wide = random_model(wide);
    std::fill(model_wide.layers[0].h.value.begin(), model_wide.layers[0].h.value.end(), std::int8_t{127});
    model_wide.layers[0].shift_h = 7;
    CHECK_THROWS_WITH_AS(model_wide.validate(), doctest::Contains("needs an accumulator of 33 bits"), Error);
}

}  // namespace lacuna
