#!/usr/bin/env bash
# Makes the shipped models: dense, pruned 8x, pruned 16x, each quantised; then measures every stage.
#   tools/train/kjv.sh <lacuna program> <data folder> <output folder>
# Every stage writes checkpoints; when the script is run again, it goes on from the last one. The commands, seeds and
# options are those of the models in models/: the same program on the same instruction set gives the same bytes.
set -euo pipefail

lacuna=$1
data=$2
out=$3
mkdir -p "$out"

# A stage is done when its file is there: models are written only when complete.
stage() {
    local file=$1
    shift
    if [[ -f $file ]]; then
        echo "== $file is there"
    else
        echo "== lacuna $*"
        "$lacuna" "$@"
    fi
}

dense=$out/kjv-dense-float.safetensors
pruned_8x=$out/kjv-8x-float.safetensors
pruned_16x=$out/kjv-16x-float.safetensors

stage "$dense" train --data "$data" --out "$dense" --resume --epochs 5 --seed 1
# 8x: k falls from 16 to 2 over the first quarter; the dense model teaches all the way.
stage "$pruned_8x" prune "$dense" --data "$data" --out "$pruned_8x" --resume --k 2 --epochs 16 --streams 32 \
    --learning-rate 0.006 --prune-fraction 0.25 --round-fraction 0.4 --teacher "$dense" --distill 0.7 --seed 1
# 16x: the 8x model opens up again and is pruned further.
stage "$pruned_16x" prune "$pruned_8x" --data "$data" --out "$pruned_16x" --resume --k 1 --epochs 5 --streams 32 \
    --learning-rate 0.006 --prune-fraction 0.2 --round-fraction 0.4 --teacher "$dense" --distill 0.7 --seed 2
for name in kjv-dense kjv-8x kjv-16x; do
    stage "$out/$name.safetensors" quantise "$out/$name-float.safetensors" --data "$data" \
        --out "$out/$name.safetensors" --name "$name"
done

echo "== bits per character of the whole test split"
for name in kjv-dense-float kjv-dense kjv-8x-float kjv-8x kjv-16x-float kjv-16x; do
    "$lacuna" evaluate "$out/$name.safetensors" --data "$data" --split test --json > "$out/$name.json"
    printf '%-16s %s\n' "$name" "$(tr -d '\n' < "$out/$name.json")"
done
echo "compare with the shipped models: cmp $out/kjv-8x.safetensors models/kjv-8x.safetensors"
