// Whole files in and out. A file is never seen half written: it grows under another name and is renamed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

/// Reads all bytes of a file. Throws `Error` naming the path and the system's reason.
std::vector<std::byte> read_bytes(const std::filesystem::path& path);

/// Reads all bytes of a file as text, untranslated. Throws like `read_bytes`.
std::string read_text(const std::filesystem::path& path);

/// Writes `<path>.partial` and renames it to `path`; makes missing parent folders. On failure throws `Error`
/// and leaves neither a partial file nor a changed `path`.
void write_bytes(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_text(const std::filesystem::path& path, std::string_view text);

/// Adds what would keep a file from being written to `path` to `problems`, before the work whose result it
/// shall hold: no name, a folder of that name, a parent that is no folder or may not be written to.
/// @param what names the path in a message, for instance `--out`
void check_output(const std::filesystem::path& path, const char* what, class Problems& problems);

}  // namespace lacuna
