// Checks of the file that a command will write, made before its work.
#pragma once

#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"

namespace lacuna {

/// Adds to `problems` what `check_output` finds wrong with `--out`, and whether it is the model that the
/// command reads.
inline void check_result(const std::filesystem::path& out, const std::filesystem::path& model,
                         Problems& problems) {
    check_output(out, "--out", problems);
    std::error_code ignored;
    if (std::filesystem::equivalent(out, model, ignored)) {
        problems.add("--out is the model that the command reads; name another file");
    }
}

}  // namespace lacuna
