#include "model/data_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace lacuna {

namespace {

using nlohmann::json;

std::vector<float> list(const Eigen::VectorXf& vector) {
    return {vector.begin(), vector.end()};
}

json to_json(const Normalisation& normalisation) {
    return {{"mean", list(normalisation.mean)}, {"deviation", list(normalisation.deviation)}};
}

Eigen::VectorXf vector_of(const json& object, const char* key) {
    const auto values = object.at(key).get<std::vector<float>>();
    return Eigen::Map<const Eigen::VectorXf>(values.data(), static_cast<Eigen::Index>(values.size()));
}

Normalisation normalisation_of(const json& object, const char* name, Problems& problems) {
    Normalisation result{vector_of(object, "mean"), vector_of(object, "deviation")};
    if (result.mean.size() == 0 || result.mean.size() != result.deviation.size() ||
        !(result.deviation.array() > 0).all()) {
        problems.add(
            fmt::format("{} has {} means and {} deviations, expected as many, all deviations above 0", name,
                        result.mean.size(), result.deviation.size()));
    }
    return result;
}

}  // namespace

void Normalisation::apply(Eigen::Ref<Eigen::MatrixXf> values) const {
    values.colwise() -= mean;
    values.array().colwise() /= deviation.array();
}

Eigen::Index DataFormat::tokens() const {
    switch (task) {
        case Task::Characters:
            return static_cast<Eigen::Index>(vocab.size());
        case Task::Words:
            return static_cast<Eigen::Index>(words.size());
        default:
            return 0;
    }
}

Eigen::Index DataFormat::outputs() const {
    switch (task) {
        case Task::Classification:
            return static_cast<Eigen::Index>(classes.size());
        case Task::Regression:
            return output.mean.size();
        default:
            return tokens();
    }
}

std::string DataFormat::to_json() const {
    if (task == Task::Characters) {
        return "";
    }
    json object = {{"task", task_name(task)}};
    if (task == Task::Words) {
        object["split"] = words.rule().split;
        object["lowercase"] = words.rule().lowercase;
        object["words"] = words.words();
        return object.dump();
    }
    object["last_step"] = last_step;
    object["input"] = lacuna::to_json(input);
    if (task == Task::Classification) {
        object["classes"] = classes;
    } else {
        object["output"] = lacuna::to_json(output);
    }
    return object.dump();
}

DataFormat DataFormat::from_json(const std::string& text, Problems& problems) {
    DataFormat format;
    try {
        const auto object = json::parse(text);
        const auto name = object.at("task").get<std::string>();
        const auto task = task_of(name);
        if (!task || *task == Task::Characters) {
            problems.add(
                fmt::format("task is '{}', expected 'words', 'classification' or 'regression'", name));
            return format;
        }
        format.task = *task;
        if (*task == Task::Words) {
            const WordRule rule{object.at("split").get<bool>(), object.at("lowercase").get<bool>()};
            format.words = WordVocabulary(object.at("words").get<std::vector<std::string>>(), rule);
            return format;
        }
        format.last_step = object.at("last_step").get<bool>();
        format.input = normalisation_of(object.at("input"), "input", problems);
        if (*task == Task::Classification) {
            format.classes = object.at("classes").get<std::vector<std::string>>();
            if (format.classes.size() < 2) {
                problems.add(fmt::format("has {} classes, expected at least 2", format.classes.size()));
            }
        } else {
            format.output = normalisation_of(object.at("output"), "output", problems);
        }
    } catch (const json::exception& error) {
        problems.add(fmt::format("the description of the data is damaged: {}", error.what()));
    } catch (const Error& error) {
        problems.add(error.what());
    }
    return format;
}

}  // namespace lacuna
