#!/usr/bin/env bash
# Bad input to lacuna-sim: sim_errors.sh <lacuna-sim> <folder of models>
set -u

sim=$1
models=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
passed=0

# refuse <name> <text that the message must hold> ... -- <arguments>
refuse() {
    local name=$1 texts=() output status
    shift
    while [[ $1 != -- ]]; do
        texts+=("$1")
        shift
    done
    shift
    output=$("$sim" "$@" --json "$work/figures.json" 2>&1)
    status=$?
    local problem=''
    [[ $status -ne 0 ]] || problem='exit code is 0'
    for text in "${texts[@]}"; do
        [[ $output == *"$text"* ]] || problem+=" message lacks '$text'"
    done
    [[ ! -e $work/figures.json && ! -e $work/figures.json.partial ]] || problem+=' a file was left behind'
    if [[ -n $problem ]]; then
        printf 'FAIL %s:%s\n%s\n' "$name" "$problem" "$output"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
}

model=$models/kjv-8x.safetensors
head -c 5000 "$model" > "$work/truncated.safetensors"
cp "$model" "$work/version.safetensors"
sed -i 's/"lacuna.format":"1"/"lacuna.format":"9"/' "$work/version.safetensors"
printf 'hello' > "$work/text.safetensors"

refuse 'unknown file' 'nowhere.safetensors' -- --model nowhere.safetensors
refuse 'truncated file' 'truncated.safetensors' 'truncated' -- --model "$work/truncated.safetensors"
refuse 'not a model' 'text.safetensors' -- --model "$work/text.safetensors"
refuse 'another version' 'version' '9' '1' -- --model "$work/version.safetensors"
refuse 'no steps' 'STEPS' 'got 0' 'expected' -- --model "$model" --steps 0
refuse 'steps and clock at once' 'STEPS' 'CLOCK_MHZ' -- --model "$model" --steps 0 --clock-mhz 0
refuse 'steps that are no number' 'steps' -- --model "$model" --steps many
refuse 'prompt outside the vocabulary' "'~'" -- --model "$model" --prompt 'In the ~beginning'
refuse 'empty prompt' 'PROMPT' 'empty' -- --model "$model" --prompt ''
refuse 'too little memory' 'weight words per tile' '100 available' -- --model "$model" --weight-depth 100
refuse 'no test split' 'test.txt' -- --model "$model" --score --data "$work"
printf 'ab' > "$work/test.txt"
refuse 'short test split' 'only 1 characters' 'STEPS=1' -- --model "$model" --score --data "$work" --steps 5

printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
