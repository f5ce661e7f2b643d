#!/usr/bin/env bash
# kjv.sh FOLDER: writes the King James Bible as FOLDER/{train,valid,test}.txt, one verse a line without its reference.
# The n-th verse (from 1) goes to test if n modulo 20 is 0, to valid if it is 10, and to train otherwise.
# Source: Debian's bible-kjv (text in the public domain outside the United Kingdom). The sums below are of its text
# as Debian 12 and 13 ship it; results are comparable only on these bytes, so another text is refused.
set -euo pipefail
export LC_ALL=C

readonly verses=31102
readonly sums='
8c12d7ed2afc47892b13e3b6857dd413537786bc880674d9c33b235e20365aa3  train.txt
91fb92a3acc259f5e3a8c01e6d28f953c95ba664e06add639fcf1de4aa1a71ca  valid.txt
52900db6a3122d6111ff8ba21ec70c1b8d584ff45389190a3ba3d0f785f26eb5  test.txt'

fail() {
    printf 'data: %s\n' "$@" >&2
    exit 1
}

# Do the three files in folder $1 have their sums?
whole() { (cd "$1" 2>/dev/null && sha256sum --status --strict -c - <<<"${sums#$'\n'}" 2>/dev/null); }

summary() {
    local part
    printf 'data: King James Bible in %s\n' "$1"
    for part in train valid test; do
        printf '  %-9s %6d verses %8d bytes\n' "$part.txt" "$(wc -l <"$1/$part.txt")" "$(wc -c <"$1/$part.txt")"
    done
}

[[ $# == 1 && -n $1 ]] || fail 'usage: kjv.sh FOLDER'
folder=$1
if whole "$folder"; then
    summary "$folder"
    exit 0
fi
command -v bible >/dev/null || fail 'the program bible is missing (Debian/Ubuntu package bible-kjv): run make setup'

# Made aside and moved at the end, so that an interrupted run leaves no half-written file.
mkdir -p "$(dirname "$folder")"
partial=$(mktemp -d "$folder.XXXXXX.partial")
trap 'rm -rf "$partial"' EXIT
# bible looks for its text in the current folder first, hence -p; -f here switches line breaks and headings off.
bible -p /usr/lib -f gen1:1-rev22:21 </dev/null >"$partial/all"
count=$(grep -cE '^[1-3]?[A-Z][A-Za-z]*[0-9]+:[0-9]+ [^ ]' "$partial/all") || true
[[ $count == "$verses" && $(wc -l <"$partial/all") == "$verses" ]] ||
    fail "$(command -v bible) gave $count lines that begin with a verse's reference, expected $verses" \
        'install the package bible-kjv of Debian or Ubuntu and try again'
awk -v folder="$partial" '{
    sub(/^[^ ]+ /, "")
    part = NR % 20 == 0 ? "test" : NR % 20 == 10 ? "valid" : "train"
    print > (folder "/" part ".txt")
}' "$partial/all"
rm "$partial/all"
whole "$partial" || fail "the text of $(command -v bible) is not the one expected:" \
    "$(cd "$partial" && sha256sum train.txt valid.txt test.txt)" 'expected:' "${sums#$'\n'}" \
    'install the package bible-kjv of Debian or Ubuntu and try again'
mkdir -p "$folder"
mv "$partial"/*.txt "$folder"
summary "$folder"
