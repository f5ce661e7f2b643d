#include "model/shards.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <exception>
#include <fstream>
#include <limits>
#include <thread>
#include <vector>
#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace lacuna {

namespace {

/// Denormals make additions 100 times slower and carry nothing here. Restores the caller's mode.
class FlushDenormals {
  public:
#ifdef __SSE2__
    FlushDenormals() : before_(_mm_getcsr()) {
        _mm_setcsr(before_ | kFlushToZero | kDenormalsAreZero);
    }
    ~FlushDenormals() {
        _mm_setcsr(before_);
    }
#else
    FlushDenormals() = default;
    ~FlushDenormals() {}
#endif
    FlushDenormals(const FlushDenormals&) = delete;
    FlushDenormals& operator=(const FlushDenormals&) = delete;

#ifdef __SSE2__
  private:
    static constexpr unsigned kFlushToZero = 0x8000;
    static constexpr unsigned kDenormalsAreZero = 0x0040;
    unsigned before_;
#endif
};

}  // namespace

void for_each_shard(int count, int threads, const std::function<void(int)>& work) {
    std::vector<std::exception_ptr> failures(static_cast<std::size_t>(count));
    const auto run = [&](int thread) {
        const FlushDenormals flush;
        for (int shard = thread; shard < count; shard += threads) {
            try {
                work(shard);
            } catch (...) {
                failures[static_cast<std::size_t>(shard)] = std::current_exception();
            }
        }
    };
    {
        std::vector<std::jthread> others;
        for (int thread = 1; thread < threads && thread < count; ++thread) {
            others.emplace_back(run, thread);
        }
        run(0);
    }
    for (const auto& failure : failures) {
        if (failure) {
            std::rethrow_exception(failure);
        }
    }
}

void for_each_block(long size, int threads, const std::function<void(std::size_t, long, long)>& work) {
    const long blocks = (size + kBlockElements - 1) / kBlockElements;
    for_each_shard(static_cast<int>(blocks), threads, [&](int block) {
        const long begin = block * kBlockElements;
        work(static_cast<std::size_t>(block), begin, std::min(size, begin + kBlockElements));
    });
}

double available_memory() {
    std::ifstream file("/proc/meminfo");
    for (std::string name; file >> name;) {
        double kilobytes = 0;
        if (name == "MemAvailable:" && file >> kilobytes) {
            return kilobytes * 1024;
        }
        file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    return 0;
}

std::string instruction_set() {
#if defined(__AVX512F__)
    return "AVX-512";
#elif defined(__AVX2__) && defined(__FMA__)
    return "AVX2 and FMA";
#elif defined(__AVX__)
    return "AVX";
#elif defined(__SSE2__)
    return "SSE2";
#else
    return "the compiler's default instruction set";
#endif
}

void pin_product_blocking() {
    constexpr std::ptrdiff_t kLevel1 = 32 * 1024;
    constexpr std::ptrdiff_t kLevel2 = 512 * 1024;
    constexpr std::ptrdiff_t kLevel3 = 8 * 1024 * 1024;
    Eigen::setCpuCacheSizes(kLevel1, kLevel2, kLevel3);
}

}  // namespace lacuna
