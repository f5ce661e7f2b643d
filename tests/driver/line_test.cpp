// A shipped model on the simulated board: loading and streaming must keep the line busy, whatever the round
// trip.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "tests/driver/fixture.hpp"

namespace lacuna {
namespace {

constexpr double kLeastUse = 0.95;

/// Share of the bytes that the line could have carried in a direction since this was made.
class LineUse {
  public:
    explicit LineUse(Fixture& fixture)
        : fixture_(fixture),
          cycles_(fixture.simulation.cycles()),
          before_(fixture.board.device().statistics()) {}

    double sent() const {
        return share(fixture_.board.device().statistics().bytes_sent - before_.bytes_sent);
    }
    double received() const {
        return share(fixture_.board.device().statistics().bytes_received - before_.bytes_received);
    }

  private:
    double share(std::uint64_t bytes) const {
        const double clocks = fixture_.simulation.parameters().clocks_per_bit;
        return static_cast<double>(bytes) * 10 * clocks /
               static_cast<double>(fixture_.simulation.cycles() - cycles_);
    }

    Fixture& fixture_;
    std::uint64_t cycles_;
    LinkStatistics before_;
};

}  // namespace

TEST_CASE("Loading and streaming use the line") {
    Fixture fixture;
    const NamedModel named = read_named_model(LACUNA_MODELS "/kjv-16x.safetensors");
    const LineUse load(fixture);
    fixture.board.load(named, {.verify = false, .progress = {}, .stop = {}});
    MESSAGE(fmt::format("loading: {:.1f} % of the line", 100 * load.sent()));
    CHECK(load.sent() > kLeastUse);

    GoldenModel golden(named.model);
    SplitMix64 prng(1);
    std::vector<std::vector<std::int16_t>> inputs;
    inputs.reserve(1000);
    for (int i = 0; i < 1000; ++i) {
        inputs.push_back(random_input(prng, named.model.input_size()));
    }
    std::size_t given = 0;
    std::size_t taken = 0;
    std::size_t differing = 0;
    const LineUse steps(fixture);
    fixture.board.run(
        Mode::Score,
        [&]() -> std::optional<std::vector<std::int16_t>> {
            return given < inputs.size() ? std::optional(inputs[given++]) : std::nullopt;
        },
        [&](std::span<const std::int32_t> outputs) {
            golden.step(inputs[taken++]);
            differing += std::ranges::equal(outputs, golden.logits()) ? 0 : 1;
        });
    const double use = std::max(steps.sent(), steps.received());
    MESSAGE(fmt::format("1000 steps: {:.1f} % of the line out, {:.1f} % back", 100 * steps.sent(),
                        100 * steps.received()));
    CHECK(use > kLeastUse);
    CHECK(taken == 1000);
    CHECK(differing == 0);
    CHECK(fixture.board.device().statistics().resent == 0);
}

}  // namespace lacuna
