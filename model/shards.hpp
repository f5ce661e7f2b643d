// Runs the shards of a batch on threads. What a shard computes must not depend on the thread it runs on.
#pragma once

#include <functional>

namespace lacuna {

/// Calls work(0) .. work(count - 1), spread over `threads` threads, with denormal numbers flushed to zero.
/// Returns when all are done; rethrows the first shard's exception.
void for_each_shard(int count, int threads, const std::function<void(int)>& work);

/// Fixes the cache sizes that Eigen blocks its products for: they decide the order of additions, and so the
/// bits of the result, which must not depend on the machine.
void pin_product_blocking();

}  // namespace lacuna
