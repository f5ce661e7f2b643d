#include <fmt/format.h>

#include <cmath>
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
    require(problems, learning_rate.peak > 0 && std::isfinite(learning_rate.peak), "--learning-rate",
            learning_rate.peak, "more than 0");
    require(problems, learning_rate.final_fraction >= 0 && learning_rate.final_fraction <= 1, "--final-rate",
            learning_rate.final_fraction, "0 to 1");
    require(problems, learning_rate.warmup >= 0, "--warmup", learning_rate.warmup, "0 or more");
    require(problems, adam.weight_decay >= 0, "--weight-decay", adam.weight_decay, "0 or more");
    require(problems, clip > 0, "--clip", clip, "more than 0");
    const auto require_share = [&](const char* name, double value) {
        require(problems, value >= 0 && value < 1, name, value, "0 or more and below 1");
    };
    require_share("--dropout", dropout.output);
    require_share("--dropout-input", dropout.input);
    require_share("--dropout-hidden", dropout.hidden);
    require(problems, learning_rate.decay > 0 && learning_rate.decay <= 1, "--decay", learning_rate.decay,
            "more than 0 and at most 1");
    require(problems, learning_rate.decay_epochs >= 1, "--decay-epochs", learning_rate.decay_epochs,
            "at least 1");
    require(problems, learning_rate.plateau >= 1, "--plateau", learning_rate.plateau, "at least 1");
    require(problems, patience >= 0, "--patience", patience, "0 or more");
    require(problems, sampled >= 0, "--sampled", sampled, "0 or more");
    prune.check(problems, layers);
    require(problems, round_fraction >= 0 && round_fraction <= 1, "--round-fraction", round_fraction,
            "0 to 1");
    require(problems, distill >= 0 && distill <= 1, "--distill", distill, "0 to 1");
}

TrainOptions TrainOptions::defaults(Task task) {
    TrainOptions options;
    switch (task) {
        case Task::Words:
            options.epochs = 20;
            options.streams = 32;
            options.steps = 35;
            options.learning_rate.peak = 2e-3;
            options.dropout = {0.2, 0.1, 0.4};
            break;
        case Task::Classification:
            options.epochs = 60;
            options.streams = 32;
            options.learning_rate = {4e-3, 20, 0.01};
            options.dropout = {0.0, 0.0, 0.2};
            break;
        case Task::Regression:
            options.epochs = 100;
            options.streams = 8;
            options.steps = 50;
            options.learning_rate = {4e-3, 20, 0.01};
            break;
        default:
            break;
    }
    return options;
}

TrainOptions TrainOptions::pruning_defaults(Task task) {
    auto options = defaults(task);
    options.epochs = task == Task::Characters ? 6 : options.epochs;
    options.learning_rate.peak *= 2;  // few weights a row bear, and need, larger steps than a dense one
    options.prune.k = 2;
    options.prune.regrow = task == Task::Words;
    // Values are learnt to many digits, which takes most of the run after the last choice; and h of 8 bits is
    // too coarse for them: what forecasts goes to an engine with activations of 16 bits.
    options.prune.fraction = task == Task::Regression ? 0.1 : 0.3;
    options.round_fraction = task == Task::Regression ? 0.0 : 0.3;
    if (task == Task::Words) {  // few weights learn less by heart (docs/accuracy.md)
        options.dropout = {0.1, 0.05, 0.05};
    }
    return options;
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
                             {"rate_schedule", rate_schedule_name(learning_rate.schedule)},
                             {"dropout", dropout.output},
                             {"dropout_input", dropout.input},
                             {"dropout_hidden", dropout.hidden},
                             {"keep_best", keep_best},
                             {"patience", patience},
                             {"round_fraction", round_fraction},
                             {"distill", distill}};
    object.update(nlohmann::json::parse(prune.to_json()));
    if (learning_rate.schedule == RateSchedule::Step || learning_rate.schedule == RateSchedule::Plateau) {
        object["decay"] = learning_rate.decay;
        object["decay_epochs"] = learning_rate.decay_epochs;
        object["plateau"] = learning_rate.plateau;
    }
    if (sampled > 0) {
        object["sampled"] = sampled;
    }
    return object.dump();
}

}  // namespace lacuna
