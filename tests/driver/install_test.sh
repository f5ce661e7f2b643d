#!/usr/bin/env bash
# What `make install` puts down is complete: the example builds against it alone, by CMake and by pkg-config.
# install_test.sh <build folder> <examples> <compiler> [<sanitizers>]
set -eu

build=$1
examples=$2
compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$work/prefix/bin/lacuna" --help | grep -q selftest
cmake -S "$examples" -B "$work/example" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" 2>&1 &&
    cmake --build "$work/example" >>"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$work/example/steps" 2>&1 | grep -q usage
library=$(dirname "$(find "$work/prefix" -name lacuna.pc)")
flags=$(PKG_CONFIG_PATH=$library pkg-config --cflags --libs lacuna)
# shellcheck disable=SC2086
"$compiler" "$examples/steps.cpp" $flags -o "$work/steps"
"$work/steps" 2>&1 | grep -q usage
# liblacuna.so serves C, and Python, from where it was installed (a sanitizer's run-time would have to come first).
if [[ -n ${4:-} ]]; then
    echo '1 passed, 0 failed'
    exit
fi
cat >"$work/steps.c" <<'C'
#include <lacuna.h>
#include <stdio.h>
int main(void) {
    LacunaBoard *board = NULL;
    const LacunaResult result = lacuna_open("/dev/ttyNONE", 1000000, &board);
    printf("%d %s\n", result, lacuna_message());
    lacuna_close(board);
    return result == LACUNA_PORT_FAILED && board == NULL && lacuna_counter_name(16) == NULL ? 0 : 1;
}
C
shared=$(dirname "$(find "$work/prefix" -name liblacuna.so)")
cc -std=c99 -Wall -Wextra -Wpedantic -Werror "$work/steps.c" -I"$work/prefix/include" -L"$shared" -llacuna -o "$work/c-steps"
LD_LIBRARY_PATH=$shared "$work/c-steps" | grep -q "^2 .*no port '/dev/ttyNONE'"
(cd / && env -u LACUNA_LIBRARY PYTHONPATH="$work/prefix/share/lacuna" python3 -c '
import lacuna
try:
    lacuna.Board("/dev/ttyNONE")
except lacuna.PortError as error:
    print(error)') | grep -q "no port '/dev/ttyNONE'"
echo '1 passed, 0 failed'
