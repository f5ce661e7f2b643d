#!/usr/bin/env bash
# lacuna prune under a budget, and lacuna compress, from end to end on small data: compress.sh <lacuna>
set -u

lacuna=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

# expect <name> <exit code> <text that the output must hold> ... -- <arguments>
expect() {
    local name=$1 code=$2 texts=() output got problem=''
    shift 2
    while [[ $1 != -- ]]; do
        texts+=("$1")
        shift
    done
    shift
    output=$("$lacuna" "$@" 2>&1)
    got=$?
    [[ $got == "$code" ]] || problem="exit code is $got, expected $code"
    for text in "${texts[@]}"; do
        [[ $output == *"$text"* ]] || problem+=" output lacks '$text'"
    done
    if [[ -n $problem ]]; then
        printf 'FAIL %s: %s\n%s\n' "$name" "$problem" "$output"
        failed=$((failed + 1))
    fi
}

mkdir text
for i in $(seq 300); do
    echo "In the beginning, number $((i % 7)) said: let there be $((i % 3)) lights!"
done > text/train.txt
head -40 text/train.txt > text/valid.txt
tail -40 text/train.txt > text/test.txt
"$lacuna" train --data text --units 32,16 --embedding 16 --epochs 2 --streams 8 --steps 20 --out dense.safetensors > train.log 2>&1 ||
    { cat train.log; exit 1; }
fast=(--data text --epochs 1)

# ---- budgets
expect 'a size is kept' 0 'rise of the validation loss' 'chosen: --k-x' -- \
    prune dense.safetensors "${fast[@]}" --streams 8 --steps 20 --budget 4x --out small.safetensors
expect 'a size that is none' 1 "--budget is '8y', expected how many times smaller, such as 8x, or a number of weights" -- \
    prune dense.safetensors "${fast[@]}" --budget 8y --out none.safetensors
expect 'a size out of reach' 1 'no choice of k fits the budget of 96 weights: the smallest keeps 603 weights' -- \
    prune dense.safetensors "${fast[@]}" --streams 8 --steps 20 --budget 100x --out none.safetensors
expect 'cycles out of reach' 1 'no choice of k fits the budget of 9648 weights and 3 cycles' -- \
    prune dense.safetensors "${fast[@]}" --streams 8 --steps 20 --budget-cycles 3 --out none.safetensors
expect 'a budget beside k' 1 'leave out --scheme, --k-x' -- \
    prune dense.safetensors "${fast[@]}" --budget 8x --k-x 2,2 --out none.safetensors
# What costs no fewer cycles must still be found by its weights: k = 1 takes the same sweeps as k = 2 here.
expect 'weights and cycles' 0 'chosen: --k-x 1,1 --k-h 1,1 --k-head 1: 603 of 9648 weights (16.00x)' -- \
    prune dense.safetensors "${fast[@]}" --streams 8 --steps 20 --budget 16x --budget-cycles 1000 --out both.safetensors
[[ ! -e none.safetensors ]] || { echo 'FAIL: a refused command wrote a model'; failed=$((failed + 1)); }

# The budget holds: weights as `estimate` counts them.
kept=$("$lacuna" estimate small.safetensors --json | grep -A 2 '"weights"' | tr -dc '0-9 \n' | xargs)
read -r all left <<< "$kept"
[[ -n $left && $((left * 4)) -le $all ]] || { echo "FAIL: the budget of 4x left $left of $all weights"; failed=$((failed + 1)); }

# Cycles as well, for a head that rides with the top layer: what k = 2 everywhere takes is enough for more weights.
cycles() { "$lacuna" estimate "$1" --json | grep -m 1 '"cycles_per_step"' | tr -dc '0-9.'; }
expect 'k = 2' 0 -- prune dense.safetensors "${fast[@]}" --streams 8 --steps 20 --k 2 --out two.safetensors
most=$(cycles two.safetensors)
expect 'cycles are kept' 0 'chosen: --k-x' -- \
    prune dense.safetensors "${fast[@]}" --streams 8 --steps 20 --budget-cycles "$most" --out quick.safetensors
taken=$(cycles quick.safetensors)
awk -v taken="${taken:-none}" -v most="$most" 'BEGIN { exit !(taken > 0 && taken <= most) }' ||
    { echo "FAIL: the budget of $most cycles became $taken"; failed=$((failed + 1)); }

# ---- the whole chain
chain=(compress dense.safetensors "${fast[@]}" --budget 4x --out chain)
expect 'compress' 0 '== lacuna prune' '== lacuna quantise' 'dense, float' 'pruned, golden integers' 'cycles/step' -- "${chain[@]}"
cp chain/golden.safetensors first.safetensors
expect 'compress again does nothing twice' 0 'pruned.safetensors is there' 'golden.safetensors is there' -- "${chain[@]}"
rm chain/golden.safetensors
expect 'compress goes on' 0 'pruned.safetensors is there' '== lacuna quantise' -- "${chain[@]}"
cmp -s chain/golden.safetensors first.safetensors || { echo 'FAIL: going on gave other bytes'; failed=$((failed + 1)); }
expect 'another command in the same folder' 1 'was begun with another command' -- "${chain[@]}" --seed 2
cmp -s chain/golden.safetensors first.safetensors || { echo 'FAIL: a refused command changed a model'; failed=$((failed + 1)); }
# Another dense model under the same name, and other data: what was made from the old ones is not taken.
cp dense.safetensors dense.old && cp small.safetensors dense.safetensors
expect 'another model in the same folder' 1 'was begun with another command, model or data' -- "${chain[@]}"
mv dense.old dense.safetensors
cp -r text text.old && head -30 text.old/test.txt > text/test.txt
expect 'other data in the same folder' 1 'was begun with another command, model or data' -- "${chain[@]}"
rm -r text && mv text.old text
# What failed before it made anything does not keep the folder.
expect 'a budget out of reach' 1 'no choice of k fits' -- compress dense.safetensors "${fast[@]}" --budget 100x --out again
expect 'the command mended' 0 'pruned, golden integers' -- compress dense.safetensors "${fast[@]}" --budget 4x --out again
expect 'wrong numbers, all at once' 1 '--distill is nan' '--clock-mhz is 0' '--threads is 0' -- \
    compress dense.safetensors "${fast[@]}" --distill nan --clock-mhz 0 --threads 0 --out none
expect 'a budget of no number' 1 "--budget is 'nan'" -- compress dense.safetensors "${fast[@]}" --budget nan --out none
[[ ! -e none ]] || { echo 'FAIL: a refused command made a folder'; failed=$((failed + 1)); }
expect 'units for the engine' 0 -- \
    prune dense.safetensors "${fast[@]}" --streams 8 --steps 20 --scheme units --out units.safetensors
expect 'estimate of a float model' 0 'estimate: mode=score' -- estimate units.safetensors

[[ $failed == 0 ]] || exit 1
echo 'all passed'
