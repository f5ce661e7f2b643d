#include "model/quantise_row.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "golden/prng.hpp"

namespace lacuna {

namespace {

RowProblem random_problem(std::uint64_t seed, Eigen::Index slots) {
    SplitMix64 prng(seed);
    const auto real = [&prng] { return 2 * prng.uniform() - 1; };
    RowProblem problem;
    problem.weight = Eigen::VectorXd::NullaryExpr(slots, real);
    problem.unit = Eigen::VectorXd::Ones(slots);
    // inputs that depend on each other, as those of a network do
    const Eigen::MatrixXd mix = Eigen::MatrixXd::NullaryExpr(slots, slots / 2, real);
    problem.moment = mix * mix.transpose() + 0.1 * Eigen::MatrixXd::Identity(slots, slots);
    problem.scale_factor = 32;
    return problem;
}

}  // namespace

TEST_CASE("a fixed scale is the nearest mantissa and shift") {
    CHECK(fixed_scale(1.0).mantissa == 1 << 14);
    CHECK(fixed_scale(1.0).shift == 14);
    CHECK(fixed_scale(0.25).shift == 16);
    CHECK(fixed_scale(32767.0).mantissa == 32767);
    CHECK(fixed_scale(32767.0).shift == 0);
    for (double factor = 1.1e-5; factor < 30000; factor *= 1.37) {
        const FixedScale scale = fixed_scale(factor);
        CAPTURE(factor);
        CHECK(scale.mantissa >= 1 << 14);
        CHECK(scale.shift <= 31);
        CHECK(std::abs(scale.value() / factor - 1) <= 0x1p-15);
    }
    const FixedScale carried = fixed_scale(std::nextafter(2.0, 0.0));  // the mantissa rounds up to 2^15
    CHECK(carried.mantissa == 1 << 14);
    CHECK(carried.shift == 13);
    CHECK(fixed_scale(1e-9).value() == 0x1p-17);
    CHECK(fixed_scale(1.0, 12).mantissa == 1 << 11);
    CHECK(fixed_scale(4095.0, 12).mantissa == 4095);
    CHECK(fixed_scale(1e-9, 12).value() == 0x1p-20);
    CHECK_THROWS_WITH_AS(fixed_scale(4096, 12), doctest::Contains("less than 4096"), Error);
    CHECK_THROWS_WITH_AS(fixed_scale(40000), doctest::Contains("a row's scale is 40000"), Error);
    CHECK_THROWS_AS(fixed_scale(0), Error);
    CHECK_THROWS_AS(fixed_scale(std::nan("")), Error);
}

TEST_CASE("a row's integers stand for its weights") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        RowProblem problem = random_problem(seed, 24);
        problem.unit.tail(12).setConstant(4);  // a shifted part
        const RowSolution solution = quantise_row(problem);
        const double s = solution.scale.value() / problem.scale_factor;
        for (Eigen::Index i = 0; i < 24; ++i) {
            const auto v = int{solution.v[static_cast<std::size_t>(i)]};
            CHECK(std::abs(v) <= 127);
            CHECK(solution.error[i] ==
                  doctest::Approx(problem.weight[i] - v * s * problem.unit[i]).epsilon(1e-9));
        }
    }
}

TEST_CASE("nearest integers err by at most half a step and use the whole range") {
    const RowProblem problem = random_problem(3, 40);
    const double s = unclipped_scale(problem);
    const Eigen::VectorXd v = nearest_integers(problem.weight, s * problem.unit);
    CHECK((problem.weight - s * v).cwiseAbs().maxCoeff() <= s * 0.500001);
    CHECK(v.cwiseAbs().maxCoeff() == 127);
}

TEST_CASE("moving integers lowers the output's error, never raises it") {
    double nearest = 0;
    double refined = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        const RowProblem problem = random_problem(seed, 32);
        const double s = unclipped_scale(problem);
        const Eigen::VectorXd error = problem.weight - s * nearest_integers(problem.weight, s * problem.unit);
        const double before = error.dot(problem.moment * error);
        const RowSolution solution = quantise_row(problem);
        CHECK(solution.output_error == doctest::Approx(solution.error.dot(problem.moment * solution.error)));
        CHECK(solution.output_error <= before * 1.02);  // the fixed scale differs a little from the exact one
        nearest += before;
        refined += solution.output_error;
    }
    CHECK(refined < 0.6 * nearest);
}

TEST_CASE("few bits keep their range, and clip where that lowers the error") {
    int clipped = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        RowProblem problem = random_problem(seed, 24);
        problem.largest = largest_weight(kNarrowWeightBits);
        problem.weight[5] = 2;  // far from the others
        const RowSolution solution = quantise_row(problem);
        CHECK(std::ranges::all_of(solution.v, [](int v) { return v >= -7 && v <= 7; }));
        const double s = solution.scale.value() / problem.scale_factor;
        for (Eigen::Index i = 0; i < 24; ++i) {
            CHECK(problem.weight[i] - solution.v[static_cast<std::size_t>(i)] * s ==
                  doctest::Approx(solution.error[i]));
        }
        clipped += s < 0.99 * unclipped_scale(problem) ? 1 : 0;
        problem.largest = largest_weight(kWeightBits);
        CHECK(quantise_row(problem).output_error < solution.output_error);
    }
    CHECK(clipped > 5);
}

TEST_CASE("a row of zeros has no scale") {
    RowProblem problem = random_problem(1, 6);
    problem.weight.setZero();
    const RowSolution solution = quantise_row(problem);
    CHECK(solution.scale.mantissa == 0);
    CHECK(solution.v == std::vector<std::int8_t>(6, 0));
    CHECK(solution.output_error == 0);
}

}  // namespace lacuna
