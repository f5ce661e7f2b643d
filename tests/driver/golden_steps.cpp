// The golden model as a program, for tests that run other programs:
//   golden_steps make <model.safetensors> <seed> [16]    a small random language model; 16: of 16-bit
//   activations golden_steps run <model.safetensors>             rows of integers on standard input, rows of
//   outputs back golden_steps generate <model.safetensors> <token> <count>    the likeliest tokens, fed back
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <sstream>
#include <string>

#include "common/program.hpp"
#include "golden/golden_model.hpp"
#include "golden/model_file.hpp"
#include "golden/random_model.hpp"
#include "golden/sampling.hpp"

namespace lacuna {
namespace {

void make(const std::string& path, std::uint64_t seed, int activation_bits) {
    save_quantised_model(path, random_model({.seed = seed,
                                             .inputs = 20,
                                             .units = {23, 17},
                                             .k_x = {3},
                                             .k_h = {2},
                                             .head_rows = 21,
                                             .vocabulary = true,
                                             .accumulator_bits = activation_bits == 16 ? 32 : 24,
                                             .activation_bits = activation_bits}));
}

void run(const std::string& path) {
    GoldenModel golden(load_quantised_model(path));
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream fields(line);
        std::vector<std::int16_t> x;
        for (std::string field; std::getline(fields, field, ',');) {
            x.push_back(static_cast<std::int16_t>(std::stoi(field)));
        }
        golden.step(x);
        std::cout << fmt::format("{}\n", fmt::join(golden.logits(), ","));
    }
}

void generate(const std::string& path, int token, int count) {
    GoldenModel golden(load_quantised_model(path));
    for (int i = 0; i < count; ++i) {
        golden.step_token(token);
        token = argmax(golden.logits());
        std::cout << token << '\n';
    }
}

}  // namespace
}  // namespace lacuna

int main(int argc, char** argv) {
    return lacuna::run_program("golden_steps", [&] {
        const std::vector<std::string> arguments(argv + 1, argv + argc);
        if (arguments.size() >= 3 && arguments[0] == "make") {
            lacuna::make(arguments[1], std::stoull(arguments[2]),
                         arguments.size() == 4 ? std::stoi(arguments[3]) : 8);
        } else if (arguments.size() == 2 && arguments[0] == "run") {
            lacuna::run(arguments[1]);
        } else if (arguments.size() == 4 && arguments[0] == "generate") {
            lacuna::generate(arguments[1], std::stoi(arguments[2]), std::stoi(arguments[3]));
        } else {
            throw lacuna::Error("usage: make MODEL SEED [16] | run MODEL | generate MODEL TOKEN COUNT");
        }
        return 0;
    });
}
