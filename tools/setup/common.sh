# shellcheck shell=bash disable=SC2034 # the variables are for the scripts that source this
# Shared by setup.sh and versions.sh: where things are, and what is installed in which version.

shopt -s nullglob
export LC_ALL=C # messages of apt and of the tools are parsed below
setup_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$setup_dir/../.." && pwd)
tools_dir=$root/.tools
stamp=$tools_dir/setup.stamp
log=$tools_dir/setup.log

# The Makefile's own value is for CMake. Verilator knows its place better: it may be another one than at the last set-up.
if [[ -z ${VERILATOR_ROOT:-} || $VERILATOR_ROOT == "$tools_dir/verilator" ]]; then unset VERILATOR_ROOT; fi

say() { printf 'set-up: %s\n' "$*"; }

# The caller's PATH without our own wrappers, so that a probe sees only what the user has.
outside_path() {
    local part out=
    local IFS=:
    for part in $PATH; do
        [[ $part == "$tools_dir/bin" ]] || out+=${out:+:}$part
    done
    printf '%s' "$out"
}

# at_least HAVE NEED: are dotted versions such that HAVE >= NEED? NEED "any" takes everything.
at_least() {
    local i have need
    [[ $2 != any ]] || return 0
    IFS=. read -ra have <<<"$1"
    IFS=. read -ra need <<<"$2"
    for i in "${!need[@]}"; do
        local h=${have[i]:-0}
        ((10#$h == 10#${need[i]})) || { ((10#$h > 10#${need[i]})) && return 0 || return 1; }
    done
}

# first_version TEXT: sets `version` to the first dotted number in TEXT ("unknown" if there is none).
first_version() {
    if [[ $1 =~ [0-9]+(\.[0-9]+)+ ]]; then version=${BASH_REMATCH[0]}; else version=unknown; fi
}

probe_command() {
    path=$(type -P "$1") || return 0
    case $1 in
        bible | yosys-abc) version=present ;; # neither tells a version
        parallel) # GNU's, not that of moreutils; its version is a date
            version=unknown
            if [[ $(parallel --version 2>&1 </dev/null) =~ GNU\ parallel\ ([0-9]+) ]]; then version=${BASH_REMATCH[1]}; fi
            ;;
        perl) first_version "$(perl -MPod::Usage -MGetopt::Long -MIO::File -e 'printf "%vd", $^V' 2>/dev/null)" ;;
        *) first_version "$("$1" --version 2>&1 </dev/null)" ;;
    esac
    if [[ $version == unknown ]]; then path=; version=none; fi # there, but it does not run
}

probe_cmake() {
    local prefix file prefixes
    IFS=: read -ra prefixes <<<"${CMAKE_PREFIX_PATH:+$CMAKE_PREFIX_PATH:}/usr/local:/usr"
    for prefix in "${prefixes[@]}"; do
        for file in "$prefix"/{lib,lib/*,lib64,share}/cmake/"$1"*/*[cC]onfig*[vV]ersion.cmake \
            "$prefix"/share/"${1,,}"/cmake/*ConfigVersion.cmake; do
            [[ -f $file ]] || continue
            path=$file
            [[ $(<"$file") =~ PACKAGE_VERSION[[:space:]]+\"([0-9.]+)\" ]] && version=${BASH_REMATCH[1]}
            return 0
        done
    done
}

probe_header() {
    local dir dirs
    IFS=: read -ra dirs <<<"${CPATH:+$CPATH:}/usr/local/include:/usr/include"
    for dir in "${dirs[@]}"; do
        [[ -f $dir/$1 ]] || continue
        path=$dir/$1
        version=present # many headers tell no version
        [[ $(<"$path") =~ _VERSION[[:space:]]+\"([0-9.]+) ]] && version=${BASH_REMATCH[1]}
        return 0
    done
}

# probe KIND NAME: sets `path` (empty if missing) and `version` ("none" if missing).
probe() {
    path=
    version=none
    case $1 in
        command | eda) probe_command "$2" ;;
        *) "probe_$1" "$2" ;;
    esac
}

# read_requirements: fills the arrays kinds, names, needs, packages, elsewhere from requirements.txt.
read_requirements() {
    local kind name need package other
    kinds=() names=() needs=() packages=() elsewhere=()
    while IFS='|' read -r kind name need package other; do
        kind=${kind//[[:space:]]/}
        [[ -n $kind && $kind != '#'* ]] || continue
        kinds+=("$kind")
        names+=("${name//[[:space:]]/}")
        needs+=("${need//[[:space:]]/}")
        packages+=("${package//[[:space:]]/}")
        elsewhere+=("${other#"${other%%[![:space:]]*}"}")
    done <"$setup_dir/requirements.txt"
}

# needed NEED: the words for a lowest version.
needed() { if [[ $1 == any ]]; then printf 'any'; else printf '>= %s' "$1"; fi; }

# good INDEX PATH VERSION: does what was found satisfy requirement INDEX?
good() { [[ -n $2 ]] && { [[ $3 == present ]] || at_least "$3" "${needs[$1]}"; }; }
