#!/usr/bin/env bash
# wikitext.sh FOLDER SOURCE: WikiText-2 (Merity et al., 2016) of a folder that the user has, as FOLDER/train.txt, valid.txt
# and test.txt. SOURCE holds wiki.{train,valid,test}.tokens, or the same named {train,valid,test}.txt. Where it has no
# training text, the first nine tenths of the lines of the validation text are learnt from, the rest validates.
set -euo pipefail

fail() {
    printf 'data: %s\n' "$@" >&2
    exit 1
}

[[ $# == 2 && -n $1 ]] || fail 'usage: wikitext.sh FOLDER SOURCE'
folder=$1
declare -A found=()
for part in train valid test; do
    for name in "$2/wiki.$part.tokens" "$2/$part.txt"; do
        [[ -s $name ]] && found[$part]=$name
    done
done
[[ -n ${found[valid]:-} && -n ${found[test]:-} ]] ||
    fail "$2 lacks wiki.valid.tokens and wiki.test.tokens (or valid.txt and test.txt) of WikiText-2"
partial=$(mktemp -d "$folder.XXXXXX.partial")
trap 'rm -rf "$partial"' EXIT
if [[ -n ${found[train]:-} ]]; then
    cp "${found[train]}" "$partial/train.txt"
    cp "${found[valid]}" "$partial/valid.txt"
else
    lines=$(wc -l <"${found[valid]}")
    head -n $((lines * 9 / 10)) "${found[valid]}" >"$partial/train.txt"
    tail -n +$((lines * 9 / 10 + 1)) "${found[valid]}" >"$partial/valid.txt"
fi
cp "${found[test]}" "$partial/test.txt"
mkdir -p "$folder"
mv "$partial"/*.txt "$folder"
printf 'data: WikiText-2 in %s: %s words to learn from%s\n' "$folder" "$(wc -w <"$folder/train.txt")" \
    "${found[train]:+, all of it}"
