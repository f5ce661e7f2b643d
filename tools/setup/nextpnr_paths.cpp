// Preloaded into a nextpnr that was unpacked into a private folder. nextpnr (0.7 and 0.11 were tried) looks
// for its chip databases in /usr/share/nextpnr only, with open and either statx or stat; this sends those
// look-ups to $LACUNA_EDA_PREFIX/usr/share/nextpnr and leaves all others alone, so that no file outside the
// repository has to be made. Used by eda_prefix.sh.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

// The path to use in place of `path`; `storage` keeps it alive.
const char* redirect(const char* path, std::string& storage) {
    constexpr char kFrom[] = "/usr/share/nextpnr/";
    const char* prefix = std::getenv("LACUNA_EDA_PREFIX");
    if (prefix == nullptr || path == nullptr || std::strncmp(path, kFrom, sizeof kFrom - 1) != 0) {
        return path;
    }
    storage = std::string(prefix) + path;
    return storage.c_str();
}

template <typename Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    mode_t mode = 0;
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    std::string storage;
    return next<int (*)(const char*, int, mode_t)>("open")(redirect(path, storage), flags, mode);
}

int statx(int folder, const char* path, int flags, unsigned mask, struct statx* result) {
    std::string storage;
    return next<int (*)(int, const char*, int, unsigned, struct statx*)>("statx")(
        folder, redirect(path, storage), flags, mask, result);
}

int stat(const char* path, struct stat* result) {
    std::string storage;
    return next<int (*)(const char*, struct stat*)>("stat")(redirect(path, storage), result);
}

}  // extern "C"
