#!/usr/bin/env bash
# `lacuna` over a real pseudo-terminal, on the simulated board, and on ports where things are wrong:
# tty_test.sh <lacuna> <lacuna-board-sim> <folder of models> <peer.py> <golden_steps>
set -u

lacuna=$1
board_sim=$2
models=$3
peer=$4
golden=$5
work=$(mktemp -d)
started=()
trap 'kill "${started[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
unset LACUNA_PORT
failed=0
passed=0

# report <name> <problem, or nothing> <output>
report() {
    if [[ -n $2 ]]; then
        printf 'FAIL %s: %s\n%s\n' "$1" "$2" "$3"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
}

# expect <name> <exit code> <text that the output must hold> ... -- <arguments of lacuna>
expect() {
    local name=$1 code=$2 texts=() output status problem=''
    shift 2
    while [[ $1 != -- ]]; do
        texts+=("$1")
        shift
    done
    shift
    output=$("$lacuna" "$@" 2>&1 </dev/null)
    status=$?
    [[ $status -eq $code ]] || problem="exit code is $status, expected $code;"
    for text in "${texts[@]}"; do
        [[ $output == *"$text"* ]] || problem+=" output lacks '$text'"
    done
    report "$name" "$problem" "$output"
}

# start <file for its output> <program> <arguments>: in the background, until it has said something
start() {
    local out=$1
    shift
    "$@" >"$out" 2>&1 &
    started+=($!)
    for _ in $(seq 300); do
        [[ -s $out ]] && return
        sleep 0.1
    done
}

model=$models/kjv-16x.safetensors
port=$work/board
start "$work/board.log" "$board_sim" --link "$port"
board=${started[-1]}

# ---- what works
expect info 0 'engine     tiles=' 'model      none' -- info --port "$port"
expect 'info as JSON' 0 '"model_valid": false' '"frames_good"' -- info --port "$port" --json
expect devices 0 "$port" 'Lacuna, T = ' -- devices --port "$port"
expect 'selftest of random models' 0 'kind=lstm-lm' 'kind=gru-lm' 'differing=0' -- selftest --port "$port" --steps 10
expect load 0 'loaded kjv-16x' 'verified' -- load "$model" --port "$port"
expect 'load once more' 0 'already' -- load "$model" --port "$port"
expect 'selftest of the shipped model' 0 'model=kjv-16x' 'steps=1050' 'differing=0' -- \
    selftest "$model" --port "$port" --steps 150
expect generate 0 'And God said unto' -- generate "$model" --port "$port" --steps 20 --greedy
expect 'generate with a draw' 0 'And God said unto' -- generate "$model" --port "$port" --steps 20 --seed 3
expect 'bench' 0 'p99' 'cycles a step' -- bench "$model" --port "$port" --steps 30 --latency-steps 5
expect monitor 0 'frames' -- monitor --port "$port" --count 2 --interval 0.1
expect 'another rate' 0 '2000000 now' -- info --port "$port" --speed 2000000
expect 'and back' 0 '1000000 now' -- info --port "$port"

text='In the beginning God created the heaven and the earth.'
"$lacuna" run "$model" --text "$text" --port "$port" --out "$work/text.csv" 2>/dev/null
[[ $(wc -l <"$work/text.csv") -eq ${#text} ]]
report 'run on text' "$([[ $? -eq 0 ]] || echo 'not one line a character')" "$(head -c 300 "$work/text.csv")"
# The same inputs by four ways must give the same outputs.
python3 - "$work" <<'PY'
import struct, sys, zipfile, io, random
work = sys.argv[1]
random.seed(1)
rows = [[random.randint(-128, 127) for _ in range(128)] for _ in range(30)]
open(f"{work}/x.csv", "w").write("\n".join(",".join(map(str, r)) for r in rows) + "\n")
header = "{'descr': '|i1', 'fortran_order': False, 'shape': (30, 128), }"
header += " " * (63 - (10 + len(header)) % 64) + "\n"
npy = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + b"".join(struct.pack("128b", *r) for r in rows)
open(f"{work}/x.npy", "wb").write(npy)
with zipfile.ZipFile(f"{work}/x.npz", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("x.npy", npy)
    z.writestr("other.npy", npy)
PY
for input in x.csv x.npy x.npz:x; do
    expect "run on $input" 0 '30 steps' -- run "$model" "$work/$input" --raw --port "$port" --out "$work/y-${input##*.}.csv"
done
"$lacuna" run "$model" --raw --port "$port" <"$work/x.csv" >"$work/y-stream.csv" 2>/dev/null
for output in y-npy.csv y-npz:x.csv y-stream.csv; do
    cmp -s "$work/y-csv.csv" "$work/$output"
    report "outputs of $output" "$([[ $? -eq 0 && -s $work/$output ]] || echo 'differ from those of x.csv')" ''
done
expect 'npy out' 0 '30 steps' -- run "$model" "$work/x.npy" --raw --mode generate --port "$port" --out "$work/y.npy"
python3 - "$work" <<'PY'
import struct, sys
work = sys.argv[1]
data = open(f"{work}/y.npy", "rb").read()
start = 10 + struct.unpack("<H", data[8:10])[0]
values = struct.unpack(f"<{(len(data) - start) // 4}i", data[start:])
text = [int(v) for line in open(f"{work}/y-csv.csv") for v in line.split(",")]
sys.exit(0 if list(values) == text and start % 64 == 0 else 1)
PY
report 'npy holds the outputs' "$([[ $? -eq 0 ]] || echo 'it does not')" ''

# A thousand steps of the shipped model, every value against golden.
python3 -c "
import random
random.seed(2)
for _ in range(1000): print(','.join(str(random.randint(-128, 127)) for _ in range(128)))" >"$work/long.csv"
"$golden" run "$model" <"$work/long.csv" >"$work/golden.csv"
expect 'run of 1,000 steps' 0 '1000 steps' -- run "$model" "$work/long.csv" --raw --port "$port" --out "$work/long-y.csv"
[[ $(wc -l <"$work/golden.csv") -eq 1000 ]] && cmp -s "$work/golden.csv" "$work/long-y.csv"
report 'run of 1,000 steps equals golden' "$([[ $? -eq 0 ]] || echo 'it does not')" "$(head -c 300 "$work/long-y.csv")"

# ---- what a person meets
expect 'no such port' 1 "no port '/dev/ttyNONE'" -- info --port /dev/ttyNONE
expect 'a file for a port' 1 'no serial port' -- info --port "$model"
expect 'wrong rate' 1 'at 115200 baud' 'use --baud 1000000' -- info --port "$port" --baud 115200
expect 'a rate that is none' 1 'cannot be set to 1234567' 'usual rates' -- info --port "$port" --baud 1234567
expect 'a rate beyond the device' 1 'at most 2000000' -- info --port "$port" --speed 3000000
expect 'model too large' 1 'weight words per tile' 'needed' -- load "$models/kjv-dense.safetensors" --port "$port"
"$golden" make "$work/wide.safetensors" 1 16
expect 'model for another architecture' 1 'activations: 16 bits in the model, 8 in the engine' -- \
    load "$work/wide.safetensors" --port "$port"
expect 'still there' 0 'kjv-16x' 'already' -- load "$model" --port "$port"
expect 'columns missing' 1 'got 2 numbers, expected 128' -- run "$model" <(printf '1,2\n') --port "$port"
expect 'no number' 1 "line 1, column 2: got 'x'" -- run "$model" <(printf '1,x\n') --port "$port"
expect 'array of an archive' 1 'x other' 'choose one' -- run "$model" "$work/x.npz" --port "$port"
expect 'text outside the vocabulary' 1 "'~'" -- run "$model" --text '~' --port "$port"
if [[ $(id -u) -eq 0 ]] && command -v setpriv >/dev/null; then
    chmod 600 "$(readlink "$port")"
    chmod 755 "$work"
    output=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$lacuna" info --port "$port" 2>&1)
    report 'no permission' "$([[ $output == *dialout* ]] || echo "message lacks 'dialout'")" "$output"
fi
# Ctrl-C; a shell's background jobs would not hear it.
env --default-signal=INT "$lacuna" load "$models/kjv-8x.safetensors" --port "$port" >"$work/cancelled" 2>&1 &
sleep 1.5
kill -INT $!
wait $!
report 'Ctrl-C in a load' "$([[ $? -ne 0 && $(<"$work/cancelled") == *cancelled* ]] || echo 'not cancelled')" "$(<"$work/cancelled")"
expect 'no model after it' 0 'model      none' -- info --port "$port"
start "$work/monitor.log" "$lacuna" monitor --port "$port" --interval 0.2
expect 'port busy' 1 'another program uses it' -- info --port "$port"
kill -KILL "$board"
wait "$board" 2>/dev/null
for _ in $(seq 100); do
    grep -q 'went away' "$work/monitor.log" && break
    sleep 0.1
done
report 'cable pulled' "$(grep -q 'went away.*check cable' "$work/monitor.log" || echo 'not told')" "$(<"$work/monitor.log")"

start "$work/silent" python3 "$peer" silent
expect 'nothing answers' 1 'nothing answers' '--baud' -- info --port "$(<"$work/silent")"
start "$work/chatter" python3 "$peer" chatter
expect 'something else answers' 1 'no frame of a Lacuna device' -- info --port "$(<"$work/chatter")"
start "$work/newer" python3 "$peer" newer
expect 'protocol too new' 1 'version 7' 'expected 1' 'update the program' -- info --port "$(<"$work/newer")"
start "$work/older" python3 "$peer" older
expect 'protocol too old' 1 'version 0' 'flash a bitstream' -- info --port "$(<"$work/older")"

# ---- completion
"$lacuna" completion bash >"$work/complete.bash"
words=$(bash -c "source '$work/complete.bash'; COMP_WORDS=(lacuna ''); COMP_CWORD=1; _lacuna; echo \"\${COMPREPLY[@]}\"
    COMP_WORDS=(lacuna load --fo); COMP_CWORD=2; _lacuna; echo \"\${COMPREPLY[@]}\"")
report 'completion in bash' "$([[ $words == *selftest* && $words == *--force* ]] || echo 'lacks words')" "$words"
expect 'completion for zsh' 0 '#compdef lacuna' '--no-verify' -- completion zsh
expect 'completion for fish' 0 'complete -c lacuna' 'temperature' -- completion fish

printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
