#include "cli/data_flags.hpp"

#include <iterator>
#include <string>
#include <vector>

namespace lacuna {

void add_data_flags(CLI::App& command, DataOptions& data) {
    command
        .add_option(
            "--data", data.path,
            "Folder with train, valid and test .txt, .npz or .csv, or one such file, which is then split")
        ->capture_default_str();
    command.add_option("--parts", data.parts, "How one file is split: train,valid,test")
        ->delimiter(',')
        ->default_str("0.8,0.1,0.1");
    command.add_option("--split-seed", data.split_seed, "Seed of which sequence goes to which part")
        ->capture_default_str();
    command.add_option(
        "--schema", data.schema,
        "What the columns of .csv are, a JSON file (default: schema.json in the folder, FILE.json)");
}

void add_task_flags(CLI::App& command, DataOptions& data) {
    std::vector<std::string> names;
    names.reserve(std::size(kTasks));
    for (const Task task : kTasks) {
        names.emplace_back(task_name(task));
    }
    command
        .add_option_function<std::string>(
            "--task", [&data](const std::string& name) { data.task = task_of(name); },
            "What to learn (default: characters of .txt, else what the data hold)")
        ->check(CLI::IsMember(names));
    command
        .add_option("--vocabulary", data.vocabulary,
                    "Words: the most frequent ones, <unk> and <eos> included")
        ->capture_default_str();
    command.add_option("--vocabulary-file", data.vocabulary_file,
                       "Words: a file with one word a line, instead");
    command.add_flag_function(
        "--pretokenised", [&data](std::int64_t /*count*/) { data.words.split = false; },
        "Words: only blanks separate them; leave punctuation as it is");
    command.add_flag("--lowercase", data.words.lowercase, "Words: in lower case");
}

}  // namespace lacuna
