#!/usr/bin/env bash
# Prints what Lacuna needs and what is there: name, lowest version, version found, path. Exit status 1 if anything is
# missing or too old. Run by `make versions`, which puts the private tools of .tools/bin first on PATH.
set -euo pipefail
# shellcheck source=tools/setup/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

read_requirements
status=0
printf '%-14s %-9s %-10s %s\n' name needed found path
for i in "${!names[@]}"; do
    probe "${kinds[i]}" "${names[i]}"
    note=${path:-"missing: run make setup"}
    good "$i" "$path" "$version" || { status=1 && [[ -z $path ]] || note+=' (too old)'; }
    printf '%-14s %-9s %-10s %s\n' "${names[i]}" "$(needed "${needs[i]}")" "$version" "$note"
done
for list in "$tools_dir"/eda/*/packages.txt; do
    if grep -qsF "${list%packages.txt}" "$tools_dir"/bin/*; then printf 'exact packages of the private tools: %s\n' "$list"; fi
done
exit "$status"
