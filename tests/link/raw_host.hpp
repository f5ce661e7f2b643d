// RawHost: a host of a simulated board as simple as possible: one request, one reply, no retries.
#pragma once

#include <optional>

#include "golden/quantised_model.hpp"
#include "pack/layout.hpp"
#include "pack/pack.hpp"
#include "sim/simulated_board.hpp"
#include "spec/protocol.hpp"
#include "tests/link/codec.hpp"

namespace lacuna::link_test {

using protocol::Opcode;
using protocol::Status;

class RawHost {
  public:
    explicit RawHost(SimulatedBoard& board) : board_(board) {}

    /// Any request; nothing where no reply comes in time.
    std::optional<Reply> exchange(const Request& request);
    /// The next reply, if one comes in time.
    std::optional<Reply> reply();
    /// The next request of the session; its reply must be of this session and sequence.
    Reply ask(Opcode opcode, const Bytes& payload = {});
    /// OPEN, which must succeed.
    Reply open(std::uint16_t nonce);
    Reply identify();

    void write(std::uint8_t space, std::uint8_t select, std::uint32_t address,
               std::span<const std::uint64_t> words);
    std::vector<std::uint64_t> read(std::uint8_t space, std::uint8_t select, std::uint32_t address,
                                    std::uint16_t count);
    std::uint32_t hash(std::uint8_t space, std::uint8_t select, std::uint32_t address, std::uint32_t count);
    /// The 32-bit counter of that name.
    std::uint32_t counter(protocol::Counter counter);

    SimulatedBoard& board() { return board_; }
    std::uint16_t session = 0;
    std::uint16_t sequence = 1;          ///< of the next request
    std::uint64_t patience = 4'000'000;  ///< cycles to wait for a reply

  private:
    SimulatedBoard& board_;
    ReplyReader reader_;
};

/// Payload of a memory access, without what follows the address.
Bytes place(std::uint8_t space, std::uint8_t select, std::uint32_t address);

/// Every word that a board needs for a model: memories, embedding, model registers.
/// @param tokens with the registers of token mode
std::vector<MemoryWord> board_words(const QuantisedModel& model, const Layout& layout, std::uint64_t id,
                                    bool tokens);
/// The same as a boot memory holds them.
std::vector<std::uint64_t> boot_words(const std::vector<MemoryWord>& words);
/// CLEAR, the words, COMMIT.
void load(RawHost& host, const std::vector<MemoryWord>& words, std::uint64_t id);

/// Values of a reply's output words, in the order of the model's outputs: step by step.
std::vector<std::vector<std::int32_t>> outputs_of(const Bytes& payload, const QuantisedModel& model,
                                                  const Layout& layout, Mode mode, std::size_t steps);
/// Input vector on the line.
void put_input(Bytes& payload, std::span<const std::int16_t> x, int activation_bits);

}  // namespace lacuna::link_test
