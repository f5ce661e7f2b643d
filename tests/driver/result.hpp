// The JSON file of a long run: its counts, with what repeats it.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "common/file.hpp"

namespace lacuna {

class ResultFile {
  public:
    void add_options(CLI::App& app) {
        app.add_option("--json", path_, "Write the counts to this file");
        app.add_option("--command", command_, "What made them, for that file");
        app.add_option("--commit", commit_, "Of the sources, for that file");
    }
    /// Nothing without --json.
    void write(const nlohmann::ordered_json& counts) const {
        if (path_.empty()) {
            return;
        }
        nlohmann::ordered_json all{{"command", command_}, {"commit", commit_}};
        all.update(counts);
        write_text(path_, all.dump(2) + "\n");
    }

  private:
    std::filesystem::path path_;
    std::string command_, commit_;
};

}  // namespace lacuna
