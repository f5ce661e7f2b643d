// What a model is for. docs/training.md says what data each task takes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace lacuna {

enum class Task : std::uint8_t {
    Characters,      ///< the next character of a text
    Words,           ///< the next word; embedding and head stay on the host
    Classification,  ///< the class of a sequence, after its last step
    Regression,      ///< real values, after each step of a sequence or after its last
};

inline constexpr std::array kTasks = {Task::Characters, Task::Words, Task::Classification, Task::Regression};

/// `characters`, `words`, `classification`, `regression`
constexpr const char* task_name(Task task) {
    constexpr std::array kNames = {"characters", "words", "classification", "regression"};
    return kNames[static_cast<std::size_t>(task)];
}

/// The task of a name; nothing when there is none.
inline std::optional<Task> task_of(const std::string& name) {
    for (const Task task : kTasks) {
        if (name == task_name(task)) {
            return task;
        }
    }
    return std::nullopt;
}

/// Tokens in, the next token out.
constexpr bool is_language(Task task) {
    return task == Task::Characters || task == Task::Words;
}

/// What a position of a language model's text is.
constexpr const char* token_noun(Task task) {
    return task == Task::Words ? "words" : "characters";
}

}  // namespace lacuna
