// Runs of a language model on the simulated engine: writing text, and scoring a text.
#pragma once

#include <functional>
#include <string>

#include "sim/session.hpp"

namespace lacuna {

/// Feeds the prompt, then draws `steps` characters, each from the engine's own logits, feeding it back.
/// `write` gets each character as it is drawn.
RunStatistics generate(Session& session, const std::string& prompt, std::uint64_t steps, double temperature,
                       std::uint64_t seed, const std::function<void(char)>& write);

/// Bits per character of `tokens[1..]`, each predicted from those before it, from zero state.
struct Score {
    RunStatistics run;
    double engine = 0;  ///< from the logits that left the engine
    double golden = 0;  ///< from a golden model run on its own
    std::uint64_t characters = 0;
};
/// `progress` gets the number of characters scored and the bits per character so far.
Score score(Session& session, const std::vector<int>& tokens,
            const std::function<void(std::uint64_t, double)>& progress);

}  // namespace lacuna
