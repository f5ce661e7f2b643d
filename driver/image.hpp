// What a device must be given to run a model: every memory's words, the model registers, and where the
// outputs of a step lie in what comes back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "driver/identity.hpp"
#include "golden/quantised_model.hpp"
#include "pack/layout.hpp"
#include "pack/pack.hpp"

namespace lacuna {

/// A model and the name by which a device knows it.
struct NamedModel {
    QuantisedModel model;
    std::uint64_t id = 0;  ///< first 8 bytes of the SHA-256 of its file, the first one lowest
};
/// Reads a model file. Throws `Error`.
NamedModel read_named_model(const std::filesystem::path& path);

/// Consecutive words of one memory.
struct MemoryRun {
    std::uint8_t space = 0;
    std::uint8_t select = 0;
    std::uint32_t address = 0;
    std::vector<std::uint64_t> words;
    std::vector<std::uint8_t> copies;  ///< selects under which the words can be read
};
/// Joins words that lie next to each other; order between runs is not kept.
std::vector<MemoryRun> memory_runs(std::vector<MemoryWord> words);

/// The stream of a step's outputs: element i is the output (row of the head, unit of h) that the i-th value
/// is, or -1 for a place that no output takes.
struct OutputMap {
    std::size_t words = 0;
    std::vector<int> output;
};

class ModelImage {
  public:
    /// Lays the model out for the device. Throws `Error` when it does not fit.
    ModelImage(const NamedModel& named, const Identity& identity);

    const Layout& layout() const { return layout_; }
    const std::vector<MemoryRun>& runs() const { return runs_; }
    std::uint64_t id() const { return id_; }
    std::size_t words() const;  ///< of all runs

    std::size_t x_bytes() const { return x_bytes_; }
    std::size_t value_bytes() const { return value_bytes_; }
    /// Outputs of a step: rows of the head, or units of the top layer.
    std::size_t outputs() const { return outputs_; }
    const OutputMap& output_map(Mode mode, bool final_step) const;
    /// Bytes of the outputs of a run of this many steps.
    std::size_t output_bytes(Mode mode, std::size_t steps) const;
    /// The device looks embeddings up and can choose the likeliest token.
    bool token_mode() const { return token_mode_; }

  private:
    void add_embedding(const QuantisedModel& model, std::vector<MemoryWord>& words) const;
    void add_registers(const QuantisedModel& model, std::vector<MemoryWord>& words) const;
    OutputMap map_outputs(Mode mode, bool final_step) const;

    Layout layout_;
    std::uint64_t id_;
    bool head_;
    std::size_t outputs_;
    std::size_t x_bytes_;
    std::size_t value_bytes_;
    bool token_mode_;
    OutputMap generate_, score_, score_final_;
    std::vector<MemoryRun> runs_;
};

}  // namespace lacuna
