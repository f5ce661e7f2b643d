// What every program's main does with what went wrong.
#pragma once

#include <cstdio>
#include <exception>

namespace lacuna {

/// Runs a program's body, which returns the exit code. An exception ends it with one message on standard
/// error,
/// `<name>: <what>`, and exit code 1.
template <class Body>
int run_program(const char* name, Body body) {
    const auto complain = [name](const char* what) {
        std::fflush(stdout);
        std::fputs(name, stderr);
        std::fputs(": ", stderr);
        std::fputs(what, stderr);
        std::fputc('\n', stderr);
        return 1;
    };
    try {
        return body();
    } catch (const std::exception& error) {
        return complain(error.what());
    } catch (...) {
        return complain("failed for an unknown reason");
    }
}

}  // namespace lacuna
