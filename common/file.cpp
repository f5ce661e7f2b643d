#include "common/file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "common/error.hpp"

namespace lacuna {

namespace fs = std::filesystem;

namespace {

std::string last_reason() {
    return errno != 0 ? std::generic_category().message(errno) : std::string("unknown reason");
}

/// Opens for reading and returns the size too, so that callers allocate once.
std::ifstream open_for_reading(const fs::path& path, std::size_t& size) {
    if (fs::is_directory(path)) {
        throw Error(fmt::format("'{}' is a folder, expected a file; name a file inside it", path.string()));
    }
    errno = 0;
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    if (!stream) {
        throw Error(fmt::format("cannot read '{}': {}; check the path and its permissions", path.string(),
                                last_reason()));
    }
    size = static_cast<std::size_t>(stream.tellg());
    stream.seekg(0);
    return stream;
}

void read_exactly(std::ifstream& stream, char* target, std::size_t size, const fs::path& path) {
    errno = 0;
    stream.read(target, static_cast<std::streamsize>(size));
    if (static_cast<std::size_t>(stream.gcount()) != size) {
        throw Error(fmt::format("cannot read '{}': got {} of {} bytes ({})", path.string(), stream.gcount(),
                                size, last_reason()));
    }
}

}  // namespace

std::vector<std::byte> read_bytes(const fs::path& path) {
    std::size_t size = 0;
    auto stream = open_for_reading(path, size);
    std::vector<std::byte> bytes(size);
    read_exactly(stream, reinterpret_cast<char*>(bytes.data()), size, path);
    return bytes;
}

std::string read_text(const fs::path& path) {
    std::size_t size = 0;
    auto stream = open_for_reading(path, size);
    std::string text(size, '\0');
    read_exactly(stream, text.data(), size, path);
    return text;
}

void write_bytes(const fs::path& path, std::span<const std::byte> bytes) {
    std::error_code failure;
    if (path.has_parent_path()) {
        fs::create_directories(path.parent_path(), failure);
        if (failure) {
            throw Error(
                fmt::format("cannot make folder '{}': {}", path.parent_path().string(), failure.message()));
        }
    }
    fs::path partial = path;
    partial += ".partial";
    errno = 0;
    std::ofstream stream(partial, std::ios::binary | std::ios::trunc);
    stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    std::string reason = stream ? "" : last_reason();
    if (reason.empty()) {
        fs::rename(partial, path, failure);
        reason = failure ? failure.message() : "";
    }
    if (!reason.empty()) {
        fs::remove(partial, failure);
        throw Error(fmt::format("cannot write '{}' ({} bytes): {}; check free space and permissions",
                                path.string(), bytes.size(), reason));
    }
}

void check_output(const fs::path& path, const char* what, Problems& problems) {
    const auto complain = [&](const std::string& fault) {
        problems.add(fmt::format("{} is '{}', but {}", what, path.string(), fault));
    };
    if (path.filename().empty()) {
        complain("a file's name was expected");
        return;
    }
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) {
        complain("that is a folder; name a file inside it");
        return;
    }
    auto folder = fs::absolute(path).parent_path();
    while (!fs::exists(folder, ignored) && folder.has_relative_path()) {
        folder = folder.parent_path();  // missing ones are made
    }
    if (!fs::is_directory(folder, ignored)) {
        complain(fmt::format("'{}' is no folder", folder.string()));
    } else if (access(folder.c_str(), W_OK) != 0) {
        complain(fmt::format("'{}' cannot be written to: {}", folder.string(), last_reason()));
    }
}

void write_text(const fs::path& path, std::string_view text) {
    write_bytes(path, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace lacuna
