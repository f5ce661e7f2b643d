#!/usr/bin/env bash
# digits.sh FOLDER: writes the UCI hand-written digits, 8 x 8 pixels of 0..16, as FOLDER/{train,valid,test}.csv and
# FOLDER/schema.json: a sequence of 8 rows of 8 pixels, and its class.
# Of each five digits the fourth goes to valid, the fifth to test, the others to train (1079, 359, 359).
# Source: the file sklearn/datasets/data/digits.csv.gz of Debian's package python3-sklearn, which is fetched, not
# installed: the test part of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, UCI, 1998, CC BY 4.0).
# A copy of that file is taken as it is: DIGITS=file.
set -euo pipefail
export LC_ALL=C

readonly sum=6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8

fail() {
    printf 'data: %s\n' "$@" >&2
    exit 1
}

[[ $# == 1 && -n $1 ]] || fail 'usage: digits.sh FOLDER'
folder=$1
summary() { printf 'data: UCI digits in %s: %s digits\n' "$folder" "$(cat "$folder"/*.csv | wc -l)"; }
if [[ -f $folder/schema.json ]]; then
    summary
    exit 0
fi

mkdir -p "$(dirname "$folder")"
partial=$(mktemp -d "$folder.XXXXXX.partial")
trap 'rm -rf "$partial"' EXIT
source=${DIGITS:-}
if [[ -z $source ]]; then
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
        fail 'apt-get and dpkg-deb are missing: give a copy of digits.csv.gz of scikit-learn as DIGITS=file'
    (cd "$partial" && apt-get -o APT::Sandbox::User=root download python3-sklearn >apt.log 2>&1) ||
        fail "apt-get download python3-sklearn: $(tail -1 "$partial/apt.log")" \
            'check the network, run apt-get update, or give a copy of digits.csv.gz as DIGITS=file'
    dpkg-deb --fsys-tarfile "$partial"/python3-sklearn*.deb |
        tar -xO ./usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz >"$partial/digits.csv.gz"
    source=$partial/digits.csv.gz
fi
gzip -dc "$source" >"$partial/all" || fail "$source is not a file of gzip; expected digits.csv.gz of scikit-learn"
got=$(sha256sum <"$partial/all")
[[ ${got%% *} == "$sum" ]] || fail "$source holds other digits (SHA-256 ${got%% *}), expected $sum" \
    'results are comparable only on the same digits; give the file of Debian 12 as DIGITS=file'
mkdir "$partial/digits"
awk -F, -v folder="$partial/digits" '{
    part = NR % 5 == 0 ? "test" : NR % 5 == 4 ? "valid" : "train"
    print > (folder "/" part ".csv")
}' "$partial/all"
cat >"$partial/digits/schema.json" <<'JSON'
{"header": false, "steps": 8, "inputs": ["0:63"], "label": "64"}
JSON
mkdir -p "$folder"
mv "$partial"/digits/*.csv "$folder"
mv "$partial/digits/schema.json" "$folder"
summary
