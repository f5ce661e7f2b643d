// Independent parts of a long run on all processors.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace lacuna {

/// action(0) to action(count - 1), several at a time, the first ones first; then throws the first exception,
/// if there was one.
template <class Action>
void in_parallel(std::size_t count, Action action) {
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::exception_ptr failure;
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
            threads.emplace_back([&] {
                for (std::size_t part = next++; part < count; part = next++) {
                    try {
                        action(part);
                    } catch (...) {
                        const std::lock_guard lock(mutex);
                        failure = failure ? failure : std::current_exception();
                        next = count;
                    }
                }
            });
        }
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

}  // namespace lacuna
