#include "cli/interrupt.hpp"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <thread>

namespace lacuna {
namespace {

constexpr int kInterrupted = 130;             // the shell's exit code for it
constexpr timespec kLook{0, 100 * 1000000L};  // how long the end of the program may wait for the listener

struct Listener {
    std::stop_source source;
    std::jthread thread;

    Listener() {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        pthread_sigmask(SIG_BLOCK, &set, nullptr);
        thread = std::jthread([this, set](const std::stop_token& end) {
            while (!end.stop_requested()) {
                if (sigtimedwait(&set, nullptr, &kLook) == SIGINT && !source.request_stop()) {
                    _exit(kInterrupted);
                }
            }
        });
    }
};

}  // namespace

std::stop_token Interrupt::token() {
    static Listener listener;
    return listener.source.get_token();
}

}  // namespace lacuna
