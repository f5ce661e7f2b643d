// Reading and writing quantised models: docs/model-file.md, version 1.
#pragma once

#include <filesystem>
#include <string>

#include "common/safetensors.hpp"
#include "golden/quantised_model.hpp"

namespace lacuna {

/// True when the container carries the metadata of a quantised Lacuna model (of any version).
bool is_quantised_model(const SafeTensors& file);

/// Converts a container; throws one `Error` that lists all problems. `subject` names the input in messages.
QuantisedModel quantised_model_from(const SafeTensors& file, const std::string& subject);
/// Converts a valid model; the same model gives the same bytes.
SafeTensors safetensors_from(const QuantisedModel& model);

/// Reads and checks a model file; throws one `Error` that names the file and all problems.
QuantisedModel load_quantised_model(const std::filesystem::path& path);
/// Validates and writes; an existing file is replaced only when the new one is complete.
void save_quantised_model(const std::filesystem::path& path, const QuantisedModel& model);

}  // namespace lacuna
