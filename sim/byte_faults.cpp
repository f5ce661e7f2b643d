#include "sim/byte_faults.hpp"

namespace lacuna {

std::vector<std::uint8_t> ByteFaults::apply(const std::vector<std::uint8_t>& bytes) {
    std::vector<std::uint8_t> result;
    result.reserve(bytes.size());
    for (const std::uint8_t byte : bytes) {
        if (byte == 0) {
            cutting_ = false;
        } else if (happens(rates_.cut)) {
            ++made_.cut;
            cutting_ = true;
        }
        if (cutting_) {
            continue;
        }
        if (happens(rates_.insert)) {
            ++made_.insert;
            result.push_back(static_cast<std::uint8_t>(prng_.between(0, 255)));
        }
        if (happens(rates_.drop)) {
            ++made_.drop;
            continue;
        }
        const bool flipped = happens(rates_.flip);
        made_.flip += flipped ? 1 : 0;
        result.push_back(flipped ? static_cast<std::uint8_t>(byte ^ 1U << prng_.between(0, 7)) : byte);
        if (happens(rates_.twice)) {
            ++made_.twice;
            result.push_back(result.back());
        }
    }
    return result;
}

std::uint64_t ByteFaults::total() const {
    return std::uint64_t{made_.flip} + made_.drop + made_.twice + made_.insert + made_.cut;
}

}  // namespace lacuna
