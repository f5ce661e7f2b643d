#include "golden/sampling.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>

#include "common/error.hpp"
#include "golden/bits_per_character.hpp"

namespace lacuna {

namespace {

const std::vector<std::int32_t> example_logits = {1024, -512, 2048, 2048, 0};

}  // namespace

TEST_CASE("argmax takes the lowest index of equal logits") {
    CHECK(argmax(example_logits) == 2);
    CHECK(argmax(std::vector<std::int32_t>{-7}) == 0);
    CHECK(argmax(std::vector<std::int32_t>{-32768, -32768, -32767}) == 2);
    CHECK_THROWS_AS(argmax({}), Error);
}

TEST_CASE("sampling is reproducible: a fixed sequence") {
    Sampler sampler(1.0, 2024, 10);
    std::vector<int> drawn(16);
    for (int& token : drawn) {
        token = sampler.choose(example_logits);
    }
    CHECK(drawn == std::vector<int>{3, 0, 2, 0, 3, 2, 0, 3, 1, 2, 2, 3, 3, 3, 1, 3});
}

TEST_CASE("sampling is reproducible: the fingerprint of 5000 draws among 40 tokens") {
    std::vector<std::int32_t> logits(40);
    for (std::size_t i = 0; i < logits.size(); ++i) {
        logits[i] = static_cast<std::int32_t>(static_cast<int>(i * 2654435761U % 4096) - 2048);
    }
    Sampler sampler(0.7, 7, 9);
    std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a over token indices
    for (int i = 0; i < 5000; ++i) {
        hash = (hash ^ static_cast<std::uint64_t>(sampler.choose(logits))) * 0x100000001b3U;
    }
    CHECK(hash == 10112126048953323081U);
}

TEST_CASE("sampling follows the softmax") {
    constexpr int kDraws = 40000;
    constexpr double kTemperature = 0.8;
    Sampler sampler(kTemperature, 5, 10);
    std::array<int, 5> count{};
    for (int i = 0; i < kDraws; ++i) {
        ++count.at(static_cast<std::size_t>(sampler.choose(example_logits)));
    }
    double sum = 0;
    for (const auto y : example_logits) {
        sum += std::exp(y / 1024.0 / kTemperature);
    }
    for (std::size_t i = 0; i < count.size(); ++i) {
        const double p = std::exp(example_logits[i] / 1024.0 / kTemperature) / sum;
        CAPTURE(i);
        CHECK(std::abs(count.at(i) / double{kDraws} - p) < 4 * std::sqrt(p * (1 - p) / kDraws));
    }
}

TEST_CASE("temperature 0 is argmax; bad temperatures are refused") {
    Sampler cold(0, 1, 10);
    for (int i = 0; i < 10; ++i) {
        CHECK(cold.choose(example_logits) == 2);
    }
    CHECK_THROWS_WITH_AS(Sampler(-1, 1, 10), doctest::Contains("temperature is -1"), Error);
    CHECK_THROWS_AS(Sampler(std::numeric_limits<double>::quiet_NaN(), 1, 10), Error);
    CHECK_THROWS_AS(Sampler(std::numeric_limits<double>::infinity(), 1, 10), Error);
}

TEST_CASE("bits of a target are -log2 of its probability") {
    const std::vector<std::int32_t> equal(8, 321);
    CHECK(surprise_bits(equal, 10, 3) == doctest::Approx(3.0));
    const double sum = std::exp(1.0) + std::exp(-0.5) + 2 * std::exp(2.0) + 1;
    CHECK(surprise_bits(example_logits, 10, 1) == doctest::Approx(-std::log2(std::exp(-0.5) / sum)));
    const std::vector<float> real = {1.0F, -0.5F, 2.0F, 2.0F, 0.0F};
    CHECK(surprise_bits(real, 1) == doctest::Approx(surprise_bits(example_logits, 10, 1)));
    // far logits must neither overflow nor give infinity
    const std::vector<std::int32_t> far = {32767, -32768};
    CHECK(surprise_bits(far, 0, 1) == doctest::Approx(65535 / std::log(2.0)));
    CHECK(surprise_bits(far, 0, 0) == doctest::Approx(0.0));
    CHECK_THROWS_AS(surprise_bits(example_logits, 10, 5), Error);
    CHECK_THROWS_AS(surprise_bits(example_logits, 10, -1), Error);
}

TEST_CASE("the mean does not depend on the order or on how a text is cut") {
    SplitMix64 prng(3);
    std::vector<double> bits(1000);
    for (auto& b : bits) {
        b = 10 * prng.uniform();
    }
    BitsPerCharacter forward;
    BitsPerCharacter head;
    BitsPerCharacter tail;
    for (std::size_t i = 0; i < bits.size(); ++i) {
        forward.add(bits[i]);
        (i < 300 ? tail : head).add(bits[bits.size() - 1 - i]);
    }
    head.merge(tail);
    CHECK(head.count() == 1000);
    CHECK(head.value() == forward.value());
    CHECK(forward.value() == doctest::Approx(5.0).epsilon(0.1));
    CHECK(BitsPerCharacter().value() == 0.0);
    CHECK_THROWS_AS(forward.add(std::numeric_limits<double>::infinity()), Error);
}

}  // namespace lacuna
