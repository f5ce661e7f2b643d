# shellcheck shell=bash disable=SC2034,SC2154 # shares its variables with common.sh and setup.sh
# Private copies of the chip design tools in .tools/eda/SUITE, taken from the Debian suite SUITE with apt's own,
# signature-checked download, for systems whose own packages are too old or missing. Touches nothing outside .tools
# and needs no root. The programs are pointed at the C library and the other libraries of the copy, so the age of the
# system's own does not matter. Sourced by setup.sh after common.sh; the caller holds the lock.

eda_space_mb=700 # of one copy

eda_default_suite=trixie

# The programs that stand in for each requirement of kind eda.
declare -A eda_programs=(
    [verilator]='verilator verilator_coverage'
    [yosys]='yosys yosys-smtbmc'
    [yosys-abc]='yosys-abc'
    [nextpnr-ecp5]='nextpnr-ecp5'
    [ecppack]='ecppack ecpunpack ecpbram ecppll ecpmulti'
)

# eda_chosen NAME: prints the suite that the user wants requirement NAME from; nothing if that is left to us.
eda_chosen() {
    if [[ $1 == nextpnr-ecp5 && -n ${LACUNA_NEXTPNR_SUITE:-} ]]; then
        printf '%s' "$LACUNA_NEXTPNR_SUITE"
    else
        printf '%s' "${LACUNA_EDA_SUITE:-}"
    fi
}

# eda_suite_of NAME: prints the suite that requirement NAME comes from, where it comes from a private copy.
eda_suite_of() {
    local chosen
    chosen=$(eda_chosen "$1")
    printf '%s' "${chosen:-$eda_default_suite}"
}

# eda_mirror: prints the address of a Debian archive: the user's choice, the one in the system's own apt sources,
# or the default that the debootstrap package carries. Fails if there is none.
eda_mirror() {
    local found=${LACUNA_DEBIAN_MIRROR:-}
    if [[ -z $found ]]; then # without downloaded lists, apt knows no origin: then the address has to tell
        # shellcheck disable=SC2016 # apt expands these
        found=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
            awk -F'|' '!done && ($1 "/" $2 == "Debian/Debian" || $1 == "" && $3 ~ /:\/\/.*\/debian\/*$/) {
                print $3; done = 1 }') || true
    fi
    if [[ -z $found && -r /usr/sbin/debootstrap ]]; then
        found=$(sed -n 's/^DEF_MIRROR="\(.*\)"$/\1/p' /usr/sbin/debootstrap)
    fi
    [[ -n $found ]] && printf '%s\n' "${found%/}"
}

eda_keyring() {
    local file
    for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
        [[ -r $file ]] && printf '%s\n' "$file" && return 0
    done
    return 1
}

# eda_apt PROGRAM ARGS...: apt with lists, cache and sources of our own, and blind to what is installed or pinned.
eda_apt() {
    local program=$1 cache=$tools_dir/cache/$eda_suite
    shift
    "$program" -q -o Dir::Etc::SourceList="$cache/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$cache/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$cache" \
        -o Dir::Cache::archives="$cache/archives" -o Dir::Etc::Preferences=/dev/null \
        -o Dir::Etc::PreferencesParts=/dev/null -o APT::Default-Release= -o APT::Sandbox::User="$(id -un)" \
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Acquire::GzipIndexes=true \
        -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Update::Error-Mode=any "$@" </dev/null 9>&-
}

# eda_closure: prints the roots and the libraries they need, one package a line. Only libraries are followed: perl,
# python3 and the compiler come from the system, and Python's own modules need no more than they have linked.
eda_closure() {
    eda_apt apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances "${eda_roots[@]}" |
        awk -v roots="${eda_roots[*]}" '
            /^[^ ]/ { package = $1; next }
            /Depends:/ { needs[package] = needs[package] " " $2 }
            function wanted(name) {
                return name ~ /^(lib|zlib1g$|nextpnr-ecp5-chipdb$|fpga-trellis-database$)/ && name !~ /^libjs-|-dev$/
            }
            END {
                count = split(roots, queue, " ")
                for (i = 1; i <= count; i++) seen[queue[i]] = 1
                for (i = 1; i <= count; i++) {
                    print queue[i]
                    n = split(needs[queue[i]], next_ones, " ")
                    for (j = 1; j <= n; j++) {
                        if (queue[i] ~ /^libpython.*-/ && next_ones[j] !~ /^libpython/) continue
                        if (wanted(next_ones[j]) && !seen[next_ones[j]]++) queue[++count] = next_ones[j]
                    }
                }
            }'
}

# eda_download: brings every package of the closure into the cache, whole and with the checksum of the signed list.
# Fills eda_debs. What an interrupted run left is used again if it is whole.
eda_download() {
    local cache=$tools_dir/cache/$eda_suite line uris file sum
    local -a closure missing=()
    mkdir -p "$cache/lists/partial" "$cache/archives/partial" "$cache/debs"
    printf 'deb [signed-by=%s arch=%s] %s %s main\n' "$eda_key" "$(dpkg --print-architecture)" "$eda_url" \
        "$eda_suite" >"$cache/sources.list"
    say "reading the package list of Debian $eda_suite"
    eda_apt apt-get update >>"$log" 2>&1 || say "could not refresh it; trying with what is there"
    mapfile -t closure < <(eda_closure 2>>"$log")
    if ((${#closure[@]} <= ${#eda_roots[@]})); then
        eda_problem="there is no package list of Debian $eda_suite from $eda_url (LACUNA_EDA_SUITE,"
        eda_problem+=" LACUNA_NEXTPNR_SUITE and LACUNA_DEBIAN_MIRROR choose others)"
        return 1
    fi
    # From a folder without packages, because apt lists only what is not in the current one yet.
    uris=$(cd "$cache/archives" && eda_apt apt-get download --print-uris "${closure[@]}" 2>>"$log" | grep "^'") || true
    if [[ -z $uris ]]; then
        eda_problem="the packages ${closure[*]} are not all in Debian $eda_suite"
        return 1
    fi
    eda_debs=()
    while read -r _ file _ sum; do
        eda_debs+=("$cache/debs/$file")
        eda_whole "$cache/debs/$file" "$sum" || { rm -f "$cache/debs/$file" && missing+=("${file%%_*}"); }
    done <<<"$uris"
    if ((${#missing[@]})); then
        say "downloading ${#missing[@]} of ${#eda_debs[@]} packages of Debian $eda_suite"
        (cd "$cache/debs" && eda_apt apt-get download "${missing[@]}" 2>&1) | eda_progress "${#missing[@]}" || true
    fi
    while read -r _ file _ sum; do
        eda_whole "$cache/debs/$file" "$sum" || { eda_problem="could not download $file from $eda_url" && return 1; }
    done <<<"$uris"
}

# eda_whole FILE SUM: does FILE have the checksum SUM (SHA256:... or SHA512:..., as apt prints it)?
eda_whole() {
    [[ -f $1 ]] || return 1
    case $2 in
        SHA256:*) sha256sum --status -c <<<"${2#*:}  $1" ;;
        SHA512:*) sha512sum --status -c <<<"${2#*:}  $1" ;;
        *) return 1 ;;
    esac
}

# eda_progress TOTAL: apt's output to the log, and a line for every fifth of the packages.
eda_progress() {
    local line done_count=0
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        [[ $line == Get:* ]] || continue
        done_count=$((done_count + 1))
        if ((done_count * 5 / $1 > (done_count - 1) * 5 / $1)); then say "  $done_count of $1"; fi
    done
}

# eda_point DIR: makes the programs in DIR (not yet at its final place) use the loader and libraries of $eda_prefix.
eda_point() {
    local dir=$1 loader='' libs='' file folder magic
    for file in "$dir"/usr/lib64/ld-linux-*.so.* "$dir"/usr/lib/ld-linux-*.so.*; do
        [[ -e $file ]] && loader=${file#"$dir"} && break
    done
    for folder in "$dir"/usr/lib/*-linux-gnu "$dir"/usr/lib/*-linux-gnu/trellis; do
        [[ -d $folder ]] && libs+=${libs:+:}${folder#"$dir"}
    done
    if [[ -z $loader || -z $libs ]]; then
        eda_problem="the packages of Debian $eda_suite hold no loader or no libraries"
        return 1
    fi
    for file in "$dir"/usr/bin/*; do
        magic=
        IFS= read -rn4 -d '' magic <"$file" || true
        [[ $magic == $'\x7fELF' && $file != */patchelf ]] || continue
        "$dir$loader" --library-path "$dir${libs//:/:$dir}" "$dir/usr/bin/patchelf" --set-interpreter "$eda_prefix$loader" \
            --set-rpath "$eda_prefix${libs//:/:$eda_prefix}" --force-rpath "$file" >>"$log" 2>&1 ||
            { eda_problem="patchelf failed on ${file#"$dir/"}" && return 1; }
    done
    g++ -std=c++20 -O2 -shared -fPIC -o "$dir/nextpnr_paths.so" "$setup_dir/nextpnr_paths.cpp" >>"$log" 2>&1 ||
        { eda_problem="g++ could not compile tools/setup/nextpnr_paths.cpp" && return 1; }
}

# eda_wrapper PROGRAM: prints a script that starts PROGRAM of the private copy.
eda_wrapper() {
    local before='' start="'$eda_prefix/usr/bin/$1'"
    case $1 in
        verilator*) before="VERILATOR_ROOT='$eda_prefix/usr/share/verilator' " ;;
        yosys-smtbmc)
            before="PYTHONPATH='$eda_prefix/usr/share/yosys' "
            start="python3 $start"
            ;;
        nextpnr-ecp5) # its Python and its chip databases lie in the private copy too
            before="LACUNA_EDA_PREFIX='$eda_prefix' LD_PRELOAD='$eda_prefix/nextpnr_paths.so' PYTHONHOME='$eda_prefix/usr' "
            ;;
    esac
    printf '#!/bin/sh\n# Written by tools/setup/setup.sh.\n%sexec %s "$@"\n' "$before" "$start"
}

# eda_try INDEX...: runs the programs of these requirements once and holds their versions against what is needed.
eda_try() {
    local i text
    for i in "$@"; do
        case ${names[i]} in
            yosys-abc) text="1.0 $(sh -c "$(eda_wrapper yosys-abc)" - -q quit 2>&1)" && version=present || version=unknown ;;
            *)
                text=$(sh -c "$(eda_wrapper "${names[i]}")" - --version 2>&1) || true
                first_version "$text"
                ;;
        esac
        if [[ $version == unknown ]] || ! good "$i" "$eda_prefix" "$version"; then
            eda_problem="${names[i]} of Debian $eda_suite is no good: needs version ${needs[i]}, got: ${text%%$'\n'*}"
            return 1
        fi
    done
}

# eda_try_flow: a counter from source to bitstream by the programs in .tools/bin and on PATH, so that every data file
# that they look for is looked for. On failure eda_problem says so, and no private copy counts as whole any more.
eda_try_flow() {
    local dir=$tools_dir/eda/try PATH=$tools_dir/bin:$PATH
    mkdir -p "$dir"
    printf 'module top(input clk, output reg [7:0] q); always @(posedge clk) q <= q + 8'"'"'d1; endmodule\n' >"$dir/top.v"
    if {
        verilator --lint-only "$dir/top.v" &&
            yosys -q -p "read_verilog $dir/top.v; synth_ecp5 -top top -json $dir/top.json" &&
            nextpnr-ecp5 -q --25k --package CABGA381 --lpf-allow-unconstrained --json "$dir/top.json" \
                --textcfg "$dir/top.config" &&
            ecppack "$dir/top.config" "$dir/top.bit" &&
            yosys-smtbmc --help >/dev/null
    } >>"$log" 2>&1; then
        rm -r "$dir"
    else
        rm -f "$tools_dir"/eda/*/complete
        eda_problem="the private tools run, but not a small design through them (see .tools/setup.log); the next"
        eda_problem+=" set-up unpacks them anew"
        return 1
    fi
}

# eda_complete SUITE INDEX...: is there a whole private copy with the programs of these requirements, at the place whose
# path was written into its programs?
eda_complete() {
    local prefix=$tools_dir/eda/$1 i
    [[ -r $prefix/complete && $(<"$prefix/complete") == "$prefix" ]] || return 1
    for i in "${@:2}"; do [[ -e $prefix/usr/bin/${names[i]} ]] || return 1; done
}

# eda_build SUITE INDEX...: makes .tools/eda/SUITE, with all requirements that come from SUITE, unless a whole one with
# these is there. Sets eda_prefix; on failure eda_problem, in words.
eda_build() {
    eda_suite=$1
    eda_prefix=$tools_dir/eda/$eda_suite
    eda_problem=
    local partial=$eda_prefix.partial deb free i own=()
    if eda_complete "$@"; then return 0; fi
    eda_roots=(patchelf)
    for i in "${!names[@]}"; do
        if [[ ${kinds[i]} == eda && $(eda_suite_of "${names[i]}") == "$eda_suite" ]]; then
            own+=("$i")
            eda_roots+=("${packages[i]}")
        fi
    done
    if ! type -P apt-get dpkg >/dev/null; then
        eda_problem="this system has no apt-get and dpkg"
    elif ! eda_key=$(eda_keyring); then
        eda_problem="Debian's signing keys are missing: install the package debian-archive-keyring"
    elif ! eda_url=$(eda_mirror); then
        eda_problem="no Debian mirror known: set LACUNA_DEBIAN_MIRROR to the address of one"
    fi
    [[ -z $eda_problem ]] || return 1
    mkdir -p "$tools_dir/eda"
    free=$(df -Pm "$tools_dir" | awk 'NR == 2 { print $4 }')
    if ((free < eda_space_mb)); then
        eda_problem="the disk of .tools has $free MB free and the tools need $eda_space_mb MB"
        return 1
    fi
    eda_download || return 1
    say "unpacking into .tools/eda/$eda_suite"
    rm -rf "$partial" "$eda_prefix"
    mkdir -p "$partial"
    for deb in "${eda_debs[@]}"; do
        dpkg -x "$deb" "$partial" 2>>"$log" || { eda_problem="could not unpack $(basename "$deb")" && return 1; }
    done
    eda_point "$partial" || return 1
    for deb in "${eda_debs[@]}"; do basename "$deb" .deb; done | sort >"$partial/packages.txt"
    mv "$partial" "$eda_prefix" || { eda_problem="could not rename $partial" && return 1; }
    eda_try "${own[@]}" || return 1
    printf '%s\n' "$eda_prefix" >"$eda_prefix/complete.partial"
    mv "$eda_prefix/complete.partial" "$eda_prefix/complete"
}
