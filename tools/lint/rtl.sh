#!/usr/bin/env bash
# Lint of the hardware: Verilator and Yosys read every source, in the geometries below, without a warning; geometries
# that are not legal stop both with the reason. Usage: tools/lint/rtl.sh (PATH: verilator, yosys)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root/rtl"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Tiles Ports WeightDepth ACT AccW: the boards' geometries, the extremes, and memories of one block, of a few and of many.
geometries=("1 1 512 8 24" "2 1 2560 8 24" "2 2 1536 8 24" "6 1 8192 8 24" "13 2 1536 8 24" "13 1 512 8 24"
    "1 1 512 16 24" "2 2 1536 16 32" "6 1 8192 16 36")
# Module, parameters of which one is not legal (ACT stands for the macro LACUNA_ACT), and the words that must be said.
illegal=(
    "lacuna_engine Tiles=22,Ports=1 Tiles must be"
    "lacuna_engine Tiles=1,Ports=2 Tiles must be"
    "lacuna_engine Tiles=1,Ports=1,WeightDepth=1 WeightDepth must be"
    "lacuna_engine Tiles=1,Ports=1,BankDepth=8192 WeightDepth must be"
    "lacuna_engine Tiles=1,Ports=1,RowDepth=1 WeightDepth must be"
    "lacuna_engine Tiles=3,Ports=1,OutputDepth=8 OutputDepth must be"
    "lacuna_engine Tiles=1,Ports=1,AccW=33 OutputDepth must be"
    "lacuna_engine Tiles=1,Ports=1,ACT=12 LACUNA_ACT must be 8 or 16"
    "lacuna_engine Tiles=1,Ports=1,ACT=0 LACUNA_ACT must be 8 or 16"
    "lacuna_engine Tiles=1,Ports=1,ACT=32 LACUNA_ACT must be 8 or 16"
    "lacuna_engine Tiles=1,Ports=1,ACT=16,AccW=37 OutputDepth must be"
    "lacuna_lane Tiles=65 Tiles 1..64"
    "lacuna_tile Strand=1 Strand < Ports"
    "lacuna_pe AccW=15 AccW must be"
    "lacuna_scale AccW=33 AccW must be"
    "lacuna_writer Ports=3 Ports must be"
    "lacuna_readiness Depth=8192 Depth must be"
    "lacuna_fifo Depth=12 Depth must be"
    "lacuna_delay Cycles=2 Cycles must be"
    "lacuna_ebr Width=37 Width must be"
    "lacuna_ebr Space=16 Space 0..15"
    "lacuna_ebr Parts=2 Parts must be"
    "lacuna_bank_ram Depth=8192 Depth must be"
    "lacuna_bank_ram Columns=9 Columns 0..4"
    "lacuna_relay Width=0 Width must be"
    "lacuna_mult Latency=4 Latency 2..3"
    "lacuna_mult Half=1,WidthB=18 Half 0 or 1"
    "lacuna_pe_mult WidthA=19 WidthA and WidthB"
    "lacuna_byte_ram Depth=3000 Depth must be"
    "lacuna_frame_receiver FrameBytes=300 FrameBytes must be"
    "lacuna_frame_receiver FrameBytes=8192 FrameBytes must be"
    "lacuna_frame_receiver Window=16 Window must be"
    "lacuna_link_rate ClockHz=1000000,Baud=300000 Baud must be"
    "lacuna_link_rate TrialCycles=1 Baud must be"
    "lacuna_runner WatchdogCycles=4095 WatchdogCycles must be"
    "lacuna_boot BootDepth=8 BootDepth must be"
    "lacuna_link_status ClockHz=1500000000 ClockHz must be"
    "lacuna_memory_map EmbeddingDepth=65536 EmbeddingDepth must be"
    "lacuna_multiplier WidthB=0 WidthA and WidthB"
    "lacuna_system Tiles=1,Ports=1,Baud=20000000 Baud must be"
)

failures=0
fail() {
    printf 'lint-rtl: %s\n' "$1" >&2
    failures=$((failures + 1))
}

# Sources of a list, relative to rtl/, one a line.
sources() {
    cat rtl.f
    sed "s,^,$1/," "$1/$1.f"
}

cell_models=(../sim/ecp5/*.sv)
mapfile -t common < <(sed 's,^,../boards/common/,' ../boards/common/common.f)
mapfile -t generic < <(sources generic)
mapfile -t ecp5 < <(sources ecp5)
for file in "${generic[@]}" "${ecp5[@]}"; do
    [[ -f $file ]] || fail "$file is in a file list but does not exist"
    # shellcheck disable=SC2016 # a backquote of Verilog, not of the shell
    [[ ! -f $file ]] || grep -q '^`default_nettype none' "$file" || fail "$file does not say \`default_nettype none"
done
listed=$(printf '%s\n' "${generic[@]}" "${ecp5[@]}")
while read -r file; do
    grep -qxF "$file" <<<"$listed" || fail "rtl/$file is in no file list"
done < <(find . -name '*.sv' -printf '%P\n')

act=8  # of what is read next

verilate() { verilator --lint-only -Wall --assert -DLACUNA_ACT="$act" "$@" >"$work/log" 2>&1; }

# synthesis LIST SCRIPT: Yosys reads the list and runs the script.
read_cells='read_verilog -lib -specify +/ecp5/cells_sim.v +/ecp5/cells_bb.v'
synthesis() {
    local list=$1 script=$2
    local -n files=$list
    yosys -q -e 'implicitly declared' -e 'Resizing cell port' -e 'unsized constant' \
        -p "$read_cells; read_verilog -sv -D LACUNA_ACT=$act ${files[*]}; $script" >"$work/log" 2>&1
}

for geometry in "${geometries[@]}"; do
    read -r tiles ports depth act accumulator <<<"$geometry"
    name="Tiles $tiles, Ports $ports, WeightDepth $depth, ACT $act, AccW $accumulator"
    parameters=(-GTiles="$tiles" -GPorts="$ports" -GWeightDepth="$depth" -GAccW="$accumulator")
    verilate --top lacuna_system "${parameters[@]}" "${generic[@]}" ||
        { fail "Verilator, generic, $name:" && cat "$work/log" >&2; }
    verilate --top lacuna_system "${parameters[@]}" "${ecp5[@]}" "${cell_models[@]}" ||
        { fail "Verilator, ecp5, $name:" && cat "$work/log" >&2; }
    printf 'lint-rtl: Verilator reads %s\n' "$name"
done

# The link's own parameters, at their limits: embedding, frame, window and boot memory; Tiles and the rest are small.
for link in "0 256 2 0" "2 4096 8 16" "65535 512 4 65536"; do
    read -r embedding frame window boot <<<"$link"
    act=8
    parameters=(-GTiles=1 -GPorts=1 -GWeightDepth=64 -GEmbeddingDepth="$embedding" -GFrameBytes="$frame" -GWindow="$window"
        -GBootDepth="$boot")
    verilate --top lacuna_system "${parameters[@]}" "${generic[@]}" ||
        { fail "Verilator, generic, embedding $embedding, frame $frame, window $window, boot $boot:" && cat "$work/log" >&2; }
    printf 'lint-rtl: Verilator reads a link with embedding %s, frame %s, window %s, boot %s\n' "$embedding" "$frame" "$window" "$boot"
done

# Yosys reads the link.
synthesis generic "chparam -set Tiles 2 -set Ports 2 lacuna_link; hierarchy -check -top lacuna_link; proc; check -assert" ||
    { fail "Yosys, generic, lacuna_link:" && tail -n 20 "$work/log" >&2; }

# Yosys, up to the mapping of memories and multipliers: an engine on one block RAM a tile, and one on three.
for geometry in "1 1 512 8 24" "2 2 1536 8 24" "1 1 512 16 32" "2 2 1536 16 36"; do
    read -r tiles ports depth act accumulator <<<"$geometry"
    name="Tiles $tiles, Ports $ports, WeightDepth $depth, ACT $act, AccW $accumulator"
    settings="chparam -set Tiles $tiles -set Ports $ports -set WeightDepth $depth -set AccW $accumulator lacuna_engine"
    synthesis generic "$settings; hierarchy -check -top lacuna_engine; proc; check -assert" ||
        { fail "Yosys, generic, $name:" && tail -n 20 "$work/log" >&2; }
    # Block RAMs: weights; rows, cells and tables of a port; activations. Multipliers: the PEs', which may own every one
    # of the device, so none may be inferred elsewhere.
    rams=$((4 * tiles * ((depth + 511) / 512) + (4 + 1 + 5) * ports + act / 2))
    synthesis ecp5 "$settings; synth_ecp5 -abc9 -top lacuna_engine -run :map_gates; check -assert;
        select -assert-count $rams t:DP16KD; select -assert-count $((12 * tiles)) t:MULT18X18D" ||
        { fail "Yosys, ecp5, $name:" && tail -n 40 "$work/log" >&2; }
    printf 'lint-rtl: Yosys reads %s; expected %s DP16KD and %s MULT18X18D\n' "$name" "$rams" "$((12 * tiles))"
done

# Board tops, with the parameters' defaults: pins, polarity and PLL are what matters here.
for board in ../boards/*/board.mk; do
    folder=$(dirname "$board")
    top=lacuna_$(basename "$folder" | tr - _)
    for file in "$folder/$top.sv" "${common[@]}"; do
        # shellcheck disable=SC2016
        grep -q '^`default_nettype none' "$file" || fail "$file does not say \`default_nettype none"
    done
    verilate --top "$top" "${ecp5[@]}" "${common[@]}" "$folder/$top.sv" "${cell_models[@]}" ||
        { fail "Verilator, $top:" && cat "$work/log" >&2; }
    # shellcheck disable=SC2034 # by its name
    board_sources=("${ecp5[@]}" "${common[@]}" "$folder/$top.sv")
    synthesis board_sources "hierarchy -check -top $top" ||
        { fail "Yosys, $top:" && tail -n 20 "$work/log" >&2; }
    printf 'lint-rtl: Verilator and Yosys read %s\n' "$top"
done

for entry in "${illegal[@]}"; do
    read -r module parameters words <<<"$entry"
    IFS=, read -ra pairs <<<"$parameters"
    chparam=
    act=8
    for i in "${!pairs[@]}"; do
        if [[ ${pairs[i]} == ACT=* ]]; then
            act=${pairs[i]#ACT=}
            unset 'pairs[i]'
        else
            chparam+=" -chparam ${pairs[i]/=/ }"
        fi
    done
    for list in generic ecp5; do
        declare -n files=$list
        models=()
        [[ $list == generic ]] || models=("${cell_models[@]}")
        ! verilate --top "$module" "${pairs[@]/#/-G}" "${files[@]}" "${models[@]}" ||
            fail "Verilator, $list: accepts $module with $parameters"
        grep -qF "$words" "$work/log" || fail "Verilator, $list: no reason for refusing $module with $parameters"
        ! synthesis "$list" "hierarchy -check -top $module$chparam" ||
            fail "Yosys, $list: accepts $module with $parameters"
        grep -qF "$words" "$work/log" || fail "Yosys, $list: no reason for refusing $module with $parameters"
    done
done
printf 'lint-rtl: %s illegal parameters are refused with their reason\n' "${#illegal[@]}"

((failures == 0)) || { printf 'lint-rtl: %s problem(s)\n' "$failures" >&2 && exit 1; }
