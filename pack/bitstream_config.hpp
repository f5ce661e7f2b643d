// Block RAMs in a textual bitstream configuration (of nextpnr-ecp5, ecppack, ecpunpack), and a model put into
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pack/geometry.hpp"
#include "pack/pack.hpp"

namespace lacuna {

/// A block RAM that says by its initial words what belongs into it (rtl/ecp5/lacuna_block.sv).
struct SignedBlock {
    std::uint8_t space = 0;
    std::uint8_t select = 0;
    std::uint32_t first = 0;  ///< address of its first word
    int width = 36;           ///< bits that it holds of each word: 36, 18 or 9
    int part = 0;             ///< bits width * part and up
    std::size_t begin = 0;    ///< its values in the text
    std::size_t end = 0;

    /// Of how many words: 512 of 36 bits, 2,048 of 9.
    std::size_t words() const { return 18432 / static_cast<std::size_t>(width); }
};

class BitstreamConfig {
  public:
    /// @param name of the configuration, for messages. Throws `Error` for what is none, and where no block is
    /// signed.
    BitstreamConfig(std::string text, const std::string& name);

    const std::vector<SignedBlock>& blocks() const { return blocks_; }
    /// The block's bits of its words, lowest first.
    std::vector<std::uint64_t> words(const SignedBlock& block) const;
    /// Puts the block's bits of the words into it. @param words whole ones of 36 bits, as many as it has
    void set_words(const SignedBlock& block, std::span<const std::uint64_t> words);
    const std::string& text() const { return text_; }

  private:
    std::string text_;
    std::vector<SignedBlock> blocks_;
};

/// What baking did.
struct BakeSummary {
    std::size_t blocks = 0;      ///< that hold a part of the model now
    std::size_t words = 0;       ///< in them
    std::size_t boot_words = 0;  ///< written by the device itself when it starts
    std::size_t boot_depth = 0;  ///< words of the boot memory
};

/// Puts words into the initial contents of the blocks where they belong; what lies in no block (a memory of
/// LUTs, the model registers) goes to the boot memory, from which the device writes it. Every other word
/// becomes 0. Throws `Error` when the configuration is of another engine, or the boot memory is too small.
BakeSummary bake(BitstreamConfig& config, std::span<const MemoryWord> words, const Geometry& geometry);

}  // namespace lacuna
