#!/usr/bin/env bash
# ptb.sh FOLDER SOURCE: Penn Treebank as Mikolov cut it (ptb.train.txt, ptb.valid.txt, ptb.test.txt), of a folder that
# the user has, as FOLDER/train.txt, valid.txt and test.txt.
set -euo pipefail

fail() {
    printf 'data: %s\n' "$@" >&2
    exit 1
}

[[ $# == 2 && -n $1 ]] || fail 'usage: ptb.sh FOLDER SOURCE'
missing=()
for part in train valid test; do
    [[ -s $2/ptb.$part.txt ]] || missing+=("  $2/ptb.$part.txt")
done
[[ ${#missing[@]} == 0 ]] || fail 'these files of Penn Treebank are missing or empty:' "${missing[@]}"
mkdir -p "$1"
for part in train valid test; do
    cp "$2/ptb.$part.txt" "$1/$part.txt"
done
printf 'data: Penn Treebank in %s: %s words to learn from\n' "$1" "$(wc -w <"$1/train.txt")"
