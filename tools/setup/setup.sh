#!/usr/bin/env bash
# Installs what building and running Lacuna needs and is not there yet. Run by make before anything else.
#   setup.sh           install what is missing; if the last set-up still holds, only say so
#   setup.sh --quiet   the same, without a word if the last set-up still holds
# Delete .tools/setup.stamp to have every version looked at again.
# What is on PATH and new enough is used untouched. The rest comes from the distribution with apt (as root or with
# sudo); chip design tools that it lacks or has too old come from a newer Debian suite into .tools/eda, without root.
# Environment: LACUNA_EDA_SUITE     Debian suite for the private tools; if set, these are used whatever is on PATH
#              LACUNA_NEXTPNR_SUITE the same for nextpnr alone
#              LACUNA_DEBIAN_MIRROR where they come from (default: the mirror of the system, if it is a Debian)
# Exit status: 0 everything is there; 1 something is missing, and one message says what and where to get it.
set -euo pipefail
# shellcheck source=tools/setup/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/setup/eda_prefix.sh
. "$setup_dir/eda_prefix.sh"

# state: prints what a set-up rests on: its place, the wished suite, the path of every program with and without the
# private tools, and the path of every library. Runs none of the programs.
state() {
    local i programs=()
    printf '%s|%s|%s\n' "$root" "${LACUNA_EDA_SUITE:-}" "${LACUNA_NEXTPNR_SUITE:-}"
    for i in "${!names[@]}"; do
        case ${kinds[i]} in
            command | eda) programs+=("${names[i]}") ;;
            *) probe "${kinds[i]}" "${names[i]}" && printf '%s %s\n' "${names[i]}" "$path" ;;
        esac
    done
    PATH=$tools_dir/bin:$PATH type -P "${programs[@]}" || true
    printf 'without the private tools:\n'
    type -P "${programs[@]}" || true
}

# Does the last set-up still hold: nothing that it rests on has moved, come or gone, and the scripts are the same?
stamp_holds() {
    local file
    [[ -r $stamp && -e $tools_dir/verilator/include ]] || return 1
    for file in "$setup_dir"/*; do [[ ! $file -nt $stamp ]] || return 1; done
    [[ $(state) == "$(<"$stamp")" ]]
}

# look: fills found_paths, found_versions and missing (indices into the requirements) as a user without us has them.
look() {
    local i
    found_paths=() found_versions=() missing=()
    for i in "${!names[@]}"; do
        if [[ ${kinds[i]} == eda && -n $(eda_chosen "${names[i]}") ]]; then
            path='' version=none
        else
            probe "${kinds[i]}" "${names[i]}"
        fi
        found_paths+=("$path")
        found_versions+=("$version")
        good "$i" "$path" "$version" || missing+=("$i")
    done
}

# give_up REASON: the one message for what could not be had.
give_up() {
    local i
    {
        printf 'set-up: stopped, because %s.\nMissing:\n' "$1"
        printf '  %-14s %-9s %-10s %s\n' what needed found 'where to get it'
        for i in "${missing[@]}"; do
            printf '  %-14s %-9s %-10s %s\n' "${names[i]}" "$(needed "${needs[i]}")" "${found_versions[i]}" \
                "${elsewhere[i]}"
        done
        printf 'Put these where the shell and CMake find them, and run the same command again.\n'
        if [[ -s $log ]]; then printf 'What apt said is in .tools/setup.log.\n'; fi
    } >&2
    exit 1
}

can_be_root() {
    ((EUID == 0)) && return 0
    type -P sudo >/dev/null || return 1
    sudo -n true 2>/dev/null || [[ -t 0 && -t 2 ]] # with a terminal, sudo may ask for the password
}

# as_root COMMAND...: runs it as root, with nothing that asks questions.
as_root() {
    local quiet=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a LC_ALL=C)
    if ((EUID == 0)); then "${quiet[@]}" "$@" 9>&-; else sudo "${quiet[@]}" "$@" 9>&-; fi
}

# apt_progress: reads apt's status lines and prints one line for every 20 % of downloading and of installing.
apt_progress() {
    local line part step last=
    while IFS= read -r line; do
        [[ $line =~ ^(dl|pm)status:.*:([0-9]+)\.[0-9]+: ]] || continue
        part=downloaded
        [[ ${BASH_REMATCH[1]} == dl ]] || part=installed
        step=$((BASH_REMATCH[2] / 20 * 20))
        if ((step > 0)) && [[ $part$step != "$last" ]]; then
            say "  $part $step %"
            last=$part$step
        fi
    done
}

# apt_install PACKAGE...: installs them; fails if apt does. What apt says goes to the log, and its status lines through
# a pipe of their own: apt makes that pipe non-blocking, which programs that print into it do not survive.
apt_install() {
    say "installing with apt: $*"
    : >>"$log" # ours, not root's
    # shellcheck disable=SC2016 # root's shell expands these
    as_root sh -c 'exec 3>&1 >>"$0" 2>&1 && exec apt-get -y -q --no-install-recommends -o APT::Status-Fd=3 \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 install "$@"' "$log" "$@" </dev/null |
        apt_progress
}

# candidate PACKAGE: prints the version that apt would install, without epoch; nothing if there is none.
candidate() {
    apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: \([0-9]*:\)\{0,1\}\([0-9].*\)$/\2/p'
}

# install_missing: installs all that apt can give; leaves the eda tools that it cannot.
install_missing() {
    local i wanted=() need_host=0
    for i in "${missing[@]}"; do [[ ${kinds[i]} == eda ]] || need_host=1; done
    if ! type -P apt-get >/dev/null; then give_up 'this system has no apt to install them with'; fi
    if ! can_be_root; then
        if ((need_host)); then give_up 'they are installed as root, and neither is this root nor may it use sudo'; fi
        return 0
    fi
    say 'refreshing the package lists'
    as_root apt-get -q -o APT::Update::Error-Mode=any -o DPkg::Lock::Timeout=600 update >>"$log" 2>&1 </dev/null ||
        say 'could not refresh all of them; trying with what is there'
    for i in "${missing[@]}"; do
        if [[ ${kinds[i]} == eda ]]; then
            [[ -z $(eda_chosen "${names[i]}") ]] || continue
            first_version "$(candidate "${packages[i]}")"
            if [[ $version == unknown ]] || ! at_least "$version" "${needs[i]}"; then continue; fi
        fi
        wanted+=("${packages[i]}")
    done
    ((${#wanted[@]})) || return 0
    if ! apt_install "${wanted[@]}"; then
        hash -r
        look
        for i in "${missing[@]}"; do
            [[ ${kinds[i]} == eda ]] || give_up 'apt could not install them (no network? see the end of .tools/setup.log)'
        done
        say 'apt reported an error (see .tools/setup.log); going on with what is there'
    fi
}

# missing_by_suite: fills by_suite, from the suite of each eda program that is missing to their indices.
missing_by_suite() {
    local i suite
    by_suite=()
    for i in "${missing[@]}"; do
        [[ ${kinds[i]} == eda ]] || continue
        suite=$(eda_suite_of "${names[i]}")
        by_suite[$suite]+="${by_suite[$suite]:+ }$i"
    done
}

# private_eda: makes the private copies of the chip design tools that are missing. On a system that is no Debian, the keys
# of Debian and the address of its archive come from packages of that system.
private_eda() {
    local extra=() suite
    eda_keyring >/dev/null || extra+=(debian-archive-keyring)
    eda_mirror >/dev/null || extra+=(debootstrap)
    if ((${#extra[@]})) && can_be_root; then apt_install "${extra[@]}" || true; fi
    for suite in "${!by_suite[@]}"; do
        # shellcheck disable=SC2086 # a list of indices
        eda_build "$suite" ${by_suite[$suite]} || give_up "$eda_problem"
    done
}

# private_copies_complete: are the private copies there that the missing programs come from?
private_copies_complete() {
    local suite
    for suite in "${!by_suite[@]}"; do
        # shellcheck disable=SC2086 # a list of indices
        eda_complete "$suite" ${by_suite[$suite]} || return 1
    done
}

# write_wrappers: scripts in .tools/bin for exactly the programs that come from a private copy.
write_wrappers() {
    local i program file keep=' '
    mkdir -p "$tools_dir/bin"
    for i in "${missing[@]}"; do
        eda_prefix=$tools_dir/eda/$(eda_suite_of "${names[i]}")
        for program in ${eda_programs[${names[i]}]}; do
            [[ -e $eda_prefix/usr/bin/$program ]] || continue
            eda_wrapper "$program" >"$tools_dir/bin/.$program.partial"
            chmod +x "$tools_dir/bin/.$program.partial"
            mv "$tools_dir/bin/.$program.partial" "$tools_dir/bin/$program"
            keep+="$program "
        done
    done
    for file in "$tools_dir"/bin/*; do [[ $keep == *" ${file##*/} "* ]] || rm -f "$file"; done
}

# finish: .tools/verilator leads to Verilator's own files, .tools/env.sh is for shells, and the stamp ends the set-up.
finish() {
    local verilator_root
    verilator_root=$(PATH=$tools_dir/bin:$PATH && verilator --getenv VERILATOR_ROOT) || give_up 'verilator does not tell its VERILATOR_ROOT'
    if [[ $(readlink "$tools_dir/verilator") != "$verilator_root" ]]; then
        ln -sfn "$verilator_root" "$tools_dir/verilator"
    fi
    # shellcheck disable=SC2016 # the reading shell expands $PATH
    printf '# To use the tools in a shell of your own: . .tools/env.sh\nexport PATH=%q:$PATH VERILATOR_ROOT=%q\n' \
        "$tools_dir/bin" "$tools_dir/verilator" >"$tools_dir/env.sh"
    state >"$stamp.partial"
    mv "$stamp.partial" "$stamp"
}

main() {
    local mode=${1:-}
    PATH=$(outside_path)
    read_requirements
    if ! stamp_holds; then
        mkdir -p "$tools_dir"
        exec 9>"$tools_dir/lock"
        if ! flock -n 9; then
            say 'waiting for another set-up to end'
            flock 9
        fi
        if ! stamp_holds; then
            set_up
            mode=
        fi
    fi
    [[ $mode == --quiet ]] || say 'everything is there (make versions lists it)'
}

# set_up: looks at everything, and installs what is missing. The caller holds the lock.
set_up() {
    local i host_missing=0
    declare -A by_suite
    # apt ends in its own way when interrupted; without this, the script would take that for a failed download.
    trap 'say "interrupted; run the same command again to go on" >&2; exit 130' INT TERM HUP
    look
    missing_by_suite
    if ((${#missing[@]})); then
        for i in "${missing[@]}"; do [[ ${kinds[i]} == eda ]] || host_missing=1; done
        if ((host_missing)) || ! private_copies_complete; then
            : >"$log"
            install_missing
            hash -r
            look
            missing_by_suite
        fi
        for i in "${missing[@]}"; do
            [[ ${kinds[i]} == eda ]] || give_up 'apt installed them and they are still not found or too old'
        done
        if ((${#missing[@]})); then private_eda; fi
    fi
    write_wrappers
    if ((${#missing[@]})) && ! eda_try_flow; then give_up "$eda_problem"; fi
    finish
}

main "$@"
