// Ctrl-C as a stop token: the first one asks for a clean end, the second one ends the program at once.
#pragma once

#include <stop_token>

namespace lacuna {

class Interrupt {
  public:
    /// Triggered by the first Ctrl-C. The first call, from the main thread before others exist, starts to
    /// listen.
    static std::stop_token token();
};

}  // namespace lacuna
