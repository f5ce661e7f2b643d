// The quantised model in memory: what a model file holds (docs/model-file.md), with the index nibbles
// unpacked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "golden/cell.hpp"
#include "golden/number_format.hpp"

namespace lacuna {

/// Kept weights of one part (the x part or the h part) of a layer or of the head, `rows` x `slots`.
/// Slots of a row: banks ascending, columns ascending inside a bank; every row keeps kept(bank) of each bank.
struct PartWeights {
    static constexpr std::size_t kBankWidth = 16;

    std::size_t rows = 0;
    std::size_t columns = 0;
    int k = 0;                        ///< kept columns per bank and row, 1..16
    std::size_t slots = 0;            ///< per row: sum of kept(bank)
    std::vector<std::int8_t> value;   ///< [rows * slots], each in [-127, 127]
    std::vector<std::uint8_t> index;  ///< [rows * slots], column inside its bank, 0..15

    PartWeights() = default;
    /// Zero values on the lowest columns of each bank: a valid part to be filled in.
    PartWeights(std::size_t rows, std::size_t columns, int k);

    std::size_t banks() const { return (columns + kBankWidth - 1) / kBankWidth; }
    /// Columns of a bank that exist: 16, or less in the last bank.
    std::size_t real_columns(std::size_t bank) const;
    /// min(k, real columns): slots each row has in this bank.
    std::size_t kept(std::size_t bank) const;
    /// Position of the bank's first slot inside a row.
    std::size_t slot_offset(std::size_t bank) const { return bank * static_cast<std::size_t>(k); }

    bool operator==(const PartWeights&) const = default;
};

/// Sum over the banks of min(k, real columns of the bank).
std::size_t slots_per_row(std::size_t columns, int k);

/// pre = sat(rhu(acc * mantissa, shift) + bias), of the bits of a pre-activation (`NumberFormat`).
struct RowScale {
    std::int16_t mantissa = 0;  ///< 15 bits (12 with activations of 16) with the highest set, or 0
    std::uint8_t shift = 0;     ///< 0..31
    std::int32_t bias = 0;      ///< as a pre-activation for a gate row, the head's fraction for a head row

    bool operator==(const RowScale&) const = default;
};

/// One layer of LSTM or GRU units.
struct RecurrentLayer {
    std::size_t inputs = 0;
    std::size_t units = 0;
    PartWeights x;               ///< [part_blocks units, inputs]
    PartWeights h;               ///< [part_blocks units, units]
    std::vector<RowScale> rows;  ///< [kGates units]
    int shift_x = 0;             ///< part shifts, 0..7, at least one of them 0
    int shift_h = 0;
    int cell_fraction =
        12;  ///< n: the state is c / 2^n; 8..12 or 14, of a GRU (h at 16 bits) kGruStateFraction

    bool operator==(const RecurrentLayer&) const = default;
};

/// The linear read-out of the top layer's h.
struct Head {
    PartWeights h;               ///< [rows, units of the top layer]
    std::vector<RowScale> rows;  ///< [rows]
    int fraction = 0;            ///< y: a logit is y / 2^fraction, 0..14 or 17

    bool operator==(const Head&) const = default;
};

/// What a model is made of, and for: a language model has embedding, vocabulary and head; the inputs of
/// another are vectors, and its head is optional.
std::string kind_name(Cell cell, bool language);  ///< `lstm-lm`, `lstm`, `gru-lm`, `gru`

struct QuantisedModel {
    std::string name;
    Cell cell = Cell::Lstm;
    int activation_bits = 8;   ///< of h and x: 8 or 16, as the engine's
    bool language = false;     ///< a language model
    double input_scale = 1.0;  ///< s_x: the real input is x * s_x; for the host only
    std::vector<RecurrentLayer> layers;
    std::optional<Head> head;
    std::vector<std::int16_t> embedding;  ///< [V * inputs], empty without vocabulary
    std::vector<std::uint8_t> vocab;      ///< byte value of each token
    std::string history = "{}";           ///< provenance, a JSON object as text

    std::string kind() const { return kind_name(cell, language); }
    std::size_t input_size() const { return layers.empty() ? 0 : layers.front().inputs; }
    /// Kept weights in memory: all slots of all layers and the head.
    std::size_t total_slots() const;
    /// Weights that a dense model of the same shape has (layers and head, without embedding and biases).
    std::size_t dense_weights() const;
    /// Bits an accumulator needs so that no input can overflow any row: 2^(bits - 1) * sum |v << shift| fits,
    /// with the bits of an activation.
    int accumulator_bits() const;

    /// Adds every violation that can be seen without the weights: shapes, k, fractions, shifts, vocabulary.
    void check_description(Problems& problems) const;
    /// Adds every violation inside the weights and scales; passes over vectors that are not there.
    void check_values(Problems& problems) const;
    /// Throws one `Error` listing every violation of docs/model-file.md and docs/numbers.md.
    void validate() const;

    bool operator==(const QuantisedModel&) const = default;
};

}  // namespace lacuna
