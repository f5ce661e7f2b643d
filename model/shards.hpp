// Runs the shards of a batch on threads. What a shard computes must not depend on the thread it runs on.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace lacuna {

/// Calls work(0) .. work(count - 1), spread over `threads` threads, with denormal numbers flushed to zero.
/// Returns when all are done; rethrows the first shard's exception.
void for_each_shard(int count, int threads, const std::function<void(int)>& work);

/// Elements of a block of `for_each_block`.
inline constexpr long kBlockElements = 1 << 16;

/// Calls work(block, begin, end) for consecutive ranges of `size` elements, spread over threads as above. The
/// cut does not depend on their number.
void for_each_block(long size, int threads, const std::function<void(std::size_t, long, long)>& work);

/// Memory that is free now, in bytes; 0 where the system does not tell.
double available_memory();

/// What the compiled trainer's arithmetic depends on besides seed and shards, for people.
std::string instruction_set();

/// Fixes the cache sizes that Eigen blocks its products for: they decide the order of additions, and so the
/// bits of the result, which must not depend on the machine.
void pin_product_blocking();

}  // namespace lacuna
