#!/usr/bin/env bash
# lacuna train, quantise and evaluate from end to end on small data: training.sh <lacuna>
set -u

lacuna=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
passed=0

verdict() {  # <name> <problem or nothing> <output>
    if [[ -n $2 ]]; then
        printf 'FAIL %s: %s\n%s\n' "$1" "$2" "$3"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
}

# accept <name> <text that the output must hold> ... -- <arguments>
accept() {
    local name=$1 texts=() output problem=''
    shift
    while [[ $1 != -- ]]; do
        texts+=("$1")
        shift
    done
    shift
    output=$("$lacuna" "$@" 2>&1) || problem='exit code is not 0'
    for text in "${texts[@]}"; do
        [[ $output == *"$text"* ]] || problem+=" output lacks '$text'"
    done
    verdict "$name" "$problem" "$output"
}

# refuse <name> <text that the message must hold> ... -- <arguments>; a model of before must stay as it was
refuse() {
    local name=$1 texts=() output problem=''
    shift
    while [[ $1 != -- ]]; do
        texts+=("$1")
        shift
    done
    shift
    echo before > kept.safetensors
    output=$("$lacuna" "$@" --out kept.safetensors 2>&1) && problem='exit code is 0'
    for text in "${texts[@]}"; do
        [[ $output == *"$text"* ]] || problem+=" message lacks '$text'"
    done
    [[ $(cat kept.safetensors) == before ]] || problem+=' the model of before was overwritten'
    [[ -z $(ls kept.* | grep -v '^kept.safetensors$') ]] || problem+=" files were left behind: $(ls kept.*)"
    verdict "$name" "$problem" "$output"
}

# ---- data
mkdir text
for i in $(seq 300); do
    echo "In the beginning, number $((i % 7)) said: let there be $((i % 3)) lights!"
done > text/train.txt
head -60 text/train.txt > text/valid.txt
tail -60 text/train.txt > text/test.txt

# Rows of 4 steps of 2 values; the class says which value is larger in the first step.
awk 'BEGIN { srand(3); for (i = 0; i < 400; ++i) { line = ""; for (s = 0; s < 8; ++s) { v = rand(); line = line v ",";
    if (s == 0) a = v; if (s == 1) b = v } print line (a > b ? "first" : "second") } }' > rows.csv
echo '{"header": false, "steps": 4, "inputs": ["0:7"], "label": "8"}' > rows.csv.json
awk 'BEGIN { print "t,x"; for (t = 0; t < 4000; ++t) print t "," sin(t * 0.3) + 0.5 * sin(t * 0.11) }' > wave.csv
echo '{"inputs": ["x"], "targets": ["x"], "horizon": 3}' > wave.csv.json

small=(--units 16 --streams 8 --shards 2 --learning-rate 0.02 --warmup 5)

# ---- each task, from data to the golden model
accept 'characters' 'bits per character' -- train --data text --embedding 8 --steps 20 "${small[@]}" --epochs 3 --out c.safetensors
accept 'words' 'vocabulary of 12' '<unk>' 'perplexity' -- \
    train --data text --task words --vocabulary 12 --embedding 8 --steps 10 "${small[@]}" --epochs 3 --out w.safetensors
accept 'classes' '2 classes' 'accuracy' -- train --data rows.csv "${small[@]}" --epochs 20 --out k.safetensors
accept 'values' 'NRMSE' -- train --data wave.csv --steps 20 "${small[@]}" --epochs 10 --out v.safetensors
for name in c w k v; do
    data=text
    [[ $name == k ]] && data=rows.csv
    [[ $name == v ]] && data=wave.csv
    accept "quantise $name" 'validation: float' -- quantise $name.safetensors --data $data --out q$name.safetensors
    accept "evaluate $name" '(quantised)' '(float)' -- \
        evaluate q$name.safetensors --against $name.safetensors --data $data
    accept "fine-tune $name" 'fine-tuned in integers' -- \
        quantise $name.safetensors --data $data --act 16 --fine-tune 1 --out f$name.safetensors
    accept "evaluate tuned $name" '"results"' '"task"' -- evaluate f$name.safetensors --data $data --json
    [[ -s $name.html && -s $name.curves.json && ! -e $name.safetensors.checkpoint ]]
    verdict "files of $name" "$([[ $? -eq 0 ]] || echo 'report, curves or checkpoint')" "$(ls)"
done
grep -q '<polyline' c.html || verdict 'report' 'has no curves' ''
accept 'benchmark' 'updates_per_second' 'instruction_set' -- train --data text --steps 20 "${small[@]}" --benchmark 2 --out b.safetensors
[[ ! -e b.safetensors ]] || verdict 'benchmark' 'wrote a model' ''

# ---- killed at a random moment, a run goes on to the same bytes
long=(train --data text --embedding 8 --steps 20 --units 24 --epochs 12 --streams 8 --checkpoint-interval 3 --dropout 0.2)
"$lacuna" "${long[@]}" --out whole.safetensors > /dev/null 2>&1
for delay in 0.2 0.5 0.9 1.3; do
    "$lacuna" "${long[@]}" --resume --out cut.safetensors > /dev/null 2>&1 &
    run=$!
    sleep $delay
    kill -9 $run 2> /dev/null
    wait $run 2> /dev/null
done
"$lacuna" "${long[@]}" --resume --out cut.safetensors > /dev/null 2>&1
cmp -s whole.safetensors cut.safetensors
verdict 'killed and resumed' "$([[ $? -eq 0 ]] || echo 'other bytes')" "$(ls -l ./*.safetensors)"

# Quantising alone leaves a checkpoint of something else where it is.
echo state > other.safetensors.checkpoint
accept 'quantise beside a checkpoint' 'validation: float' -- quantise c.safetensors --data text --out other.safetensors
[[ $(cat other.safetensors.checkpoint) == state ]] || verdict 'quantise' "took another run's checkpoint away" ''

# ---- bad data: one message, nothing overwritten
mkdir empty bad
refuse 'no data' 'train.txt' 'valid.txt' 'test.txt' 'make data' -- train --data empty
touch bad/train.txt bad/valid.txt
refuse 'empty files' 'train.txt has 0 characters' 'valid.txt has 0' 'test.txt' -- train --data bad
sed '5s/,[^,]*$//; 9s/^[^,]*/nan/' rows.csv > ragged.csv
cp rows.csv.json ragged.csv.json
refuse 'ragged CSV with NaN' 'line 5 has 8 fields, expected 9' "line 9, column '0' is 'nan'" -- train --data ragged.csv
sed 's/second/first/' rows.csv > one.csv
cp rows.csv.json one.csv.json
refuse 'one class' "of class 'first', expected at least 2" -- train --data one.csv
cp rows.csv none.csv
refuse 'no schema' 'none.csv.json' -- train --data none.csv
refuse 'another task' 'words are learnt from .txt' -- train --data rows.csv --task words
# A model of classes has nothing to say of values, and the other way round.
refuse 'values for a classifier' 'train: holds values to predict, but the task is classification' 'test: holds values' -- \
    quantise k.safetensors --data wave.csv
refuse 'classes for a forecast' 'train: holds classes, but the task is regression' -- prune v.safetensors --data rows.csv --epochs 1
sed 's/first/\xff/' rows.csv > bytes.csv
cp rows.csv.json bytes.csv.json
refuse 'a class that is not UTF-8' 'is not UTF-8; convert it with iconv' -- train --data bytes.csv
printf '<unk>\n<eos>\n\xff\n' > bytes.words
refuse 'a vocabulary that is not UTF-8' 'bytes.words: line 3 is not UTF-8' -- \
    train --data text --task words --vocabulary-file bytes.words
echo '{"header": false, "steps": 4.5, "separator": ",;", "inputs": ["0:7"], "label": "8"}' > rows.bad.json
refuse 'a schema of wrong values' "'steps' is 4.5, expected a whole number" "'separator' is \",;\", expected one character" -- \
    train --data rows.csv --schema rows.bad.json
echo '{"header": false, "steps": 4, "inputs": ["0:5", "7:6"], "label": "8"}' > rows.back.json
refuse 'a range of columns backwards' "'7:6' names no columns" -- train --data rows.csv --schema rows.back.json
sed '1s/t,x/x,x/' wave.csv > twice.csv
cp wave.csv.json twice.csv.json
refuse 'two columns of a name' "has 2 columns 'x', expected one" -- train --data twice.csv

refuse 'options of another task' '--lowercase is for words' '--embedding is for texts' -- \
    train --data rows.csv --lowercase --embedding 8
refuse 'a schema for a text' 'Leave out --schema' -- train --data text --schema rows.csv.json
output=$("$lacuna" estimate c.safetensors --k 4 2>&1) && output="exit code 0: $output"
[[ $output == *"--k is part of a --shape"* ]] || verdict 'estimate with two shapes' 'message' "$output"

# ---- a result that cannot be stored, and input that would be lost: known before the work
mkdir folder
for command in "train --data text" "prune c.safetensors --data text" "quantise c.safetensors --data text"; do
    output=$("$lacuna" $command --out folder 2>&1) && output="exit code 0: $output"
    [[ $output == *"--out is 'folder', but that is a folder"* ]] || verdict "folder: $command" 'message' "$output"
    output=$("$lacuna" $command --out c.html/x.safetensors 2>&1) && output="exit code 0: $output"
    [[ $output == *"c.html' is no folder"* ]] || verdict "no folder: $command" 'message' "$output"
done
sum=$(sha256sum < c.safetensors)
for command in prune quantise; do
    output=$("$lacuna" $command c.safetensors --data text --out ./c.safetensors 2>&1) && output="exit code 0: $output"
    [[ $output == *'--out is the model that the command reads'* ]] || verdict "onto itself: $command" 'message' "$output"
done
[[ $sum == "$(sha256sum < c.safetensors)" ]] || verdict 'onto itself' 'the model changed' ''
refuse 'a teacher for nothing' '--teacher needs --distill' -- prune c.safetensors --data text --teacher c.safetensors
refuse 'other options, all at once' '--final-rate is -5' '--parts is 1,1,1' -- train --data text --final-rate -5 --parts 1,1,1
refuse 'a model larger than memory' 'GB are free; use smaller layers' -- train --data text --units 100000,100000

# ---- a checkpoint belongs to its cut of the text, its vocabulary and its number of validations
cat text/train.txt text/valid.txt > one.txt
one=(train --data one.txt --embedding 8 --steps 20 --units 24 --epochs 60 --streams 8 --checkpoint-interval 1 --out one.safetensors)
"$lacuna" "${one[@]}" > /dev/null 2>&1 &
run=$!
for _ in $(seq 100); do
    [[ -e one.safetensors.checkpoint ]] && break
    sleep 0.1
done
kill -9 $run
wait $run 2> /dev/null
resume() {  # <name> <text of the message> <options>
    local name=$1 text=$2 output
    shift 2
    output=$("$lacuna" "${one[@]}" --resume "$@" 2>&1) && output="exit code 0: $output"
    verdict "$name" "$([[ $output == *"$text"* ]] || echo "message lacks '$text'")" "$output"
}
resume 'resumed with other parts' 'was written with parts_sha256' --parts 0.6,0.2,0.2
resume 'resumed with other reports' 'was written with --reports 4, now 2' --reports 2
resume 'resumed with other units' 'was written with units = [24], now [24,24,24]' --units 24,24
head -c 300 one.safetensors.checkpoint > short && mv short one.safetensors.checkpoint
resume 'a checkpoint cut short' 'cannot be read; delete it to start from the beginning'

refuse 'too large a batch' 'at least' -- train --data text --streams 64 --steps 5000
refuse 'bad options, all at once' '--epochs is 0' '--dropout is 2' '--units has 0' -- \
    train --data text --epochs 0 --dropout 2 --units 0
refuse 'other data than the model' 'train.txt' -- quantise c.safetensors --data bad
refuse 'data of another kind' 'classification are learnt from' -- quantise k.safetensors --data text

printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
