#!/usr/bin/env bash
# What `make install` puts down is complete: the example builds against it alone, by CMake and by pkg-config.
# install_test.sh <build folder> <examples> <compiler>
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
echo '1 passed, 0 failed'
