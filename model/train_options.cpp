#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/error.hpp"
#include "model/trainer.hpp"

namespace lacuna {

namespace {

template <class Value>
void require(Problems& problems, bool holds, const char* name, Value got, const char* expected) {
    if (!holds) {
        problems.add(fmt::format("{} is {}, expected {}", name, got, expected));
    }
}

}  // namespace

void TrainOptions::check(Problems& problems, std::size_t layers) const {
    require(problems, epochs >= 1, "--epochs", epochs, "at least 1");
    require(problems, streams >= 1, "--streams", streams, "at least 1");
    require(problems, steps >= 1, "--steps", steps, "at least 1");
    require(problems, shards >= 1 && streams % std::max(shards, 1) == 0, "--shards", shards,
            "a divisor of --streams");
    require(problems, threads >= 1, "--threads", threads, "at least 1");
    require(problems, learning_rate.peak > 0, "--learning-rate", learning_rate.peak, "more than 0");
    require(problems, learning_rate.warmup >= 0, "--warmup", learning_rate.warmup, "0 or more");
    require(problems, adam.weight_decay >= 0, "--weight-decay", adam.weight_decay, "0 or more");
    require(problems, clip > 0, "--clip", clip, "more than 0");
    require(problems, dropout >= 0 && dropout < 1, "--dropout", dropout, "0 or more and below 1");
    prune.check(problems, layers);
    require(problems, round_fraction >= 0 && round_fraction <= 1, "--round-fraction", round_fraction,
            "0 to 1");
    require(problems, distill >= 0 && distill <= 1, "--distill", distill, "0 to 1");
}

std::string TrainOptions::to_json() const {
    nlohmann::json object = {{"epochs", epochs},
                             {"streams", streams},
                             {"steps", steps},
                             {"shards", shards},
                             {"seed", seed},
                             {"learning_rate", learning_rate.peak},
                             {"warmup", learning_rate.warmup},
                             {"final_rate", learning_rate.final_fraction},
                             {"beta1", adam.beta1},
                             {"beta2", adam.beta2},
                             {"epsilon", adam.epsilon},
                             {"weight_decay", adam.weight_decay},
                             {"clip", clip},
                             {"dropout", dropout},
                             {"round_fraction", round_fraction},
                             {"distill", distill}};
    object.update(nlohmann::json::parse(prune.to_json()));
    return object.dump();
}

}  // namespace lacuna
