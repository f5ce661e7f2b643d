#!/usr/bin/env python3
"""Training speed of lacuna against PyTorch: same model, batch and threads, in turns, as the ratio of their medians.

Usage: python3 -m tools.accuracy.speed LACUNA DATA [--rounds 5] [--updates 10] [--threads 2] [--out FILE]
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

from tools.accuracy.results import commit
from tools.bitstream.problem import Problem

STREAMS, STEPS, VOCABULARY = 32, 35, 10000


def measure(name, command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"{name} failed: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout[done.stdout.index("{"):])


def main():
    parser = argparse.ArgumentParser(prog="accuracy-speed", description=__doc__)
    parser.add_argument("lacuna")
    parser.add_argument("data")
    for option, default in (("rounds", 5), ("updates", 10), ("threads", 2)):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--out", type=pathlib.Path, default="results/accuracy/speed.json")
    options = parser.parse_args()
    shape = ["--streams", STREAMS, "--steps", STEPS, "--threads", options.threads]
    ours = [options.lacuna, "train", "--data", options.data, "--task", "words", "--vocabulary", VOCABULARY, "--embedding", 128,
            "--units", "256,256", "--dropout", 0, *shape, "--benchmark", options.updates]
    theirs = [sys.executable, "-m", "tools.accuracy.speed_torch", VOCABULARY, STREAMS, STEPS, options.threads, options.updates]
    rates = {"lacuna": [], "torch": []}
    torch = ""
    try:
        for turn in range(options.rounds):
            rates["lacuna"].append(measure("lacuna train --benchmark", ours)["updates_per_second"])
            answer = measure("PyTorch", theirs)
            rates["torch"].append(answer["updates_per_second"])
            torch = answer["torch"]
            print(f"round {turn + 1} of {options.rounds}: lacuna {rates['lacuna'][-1]:.2f}, "
                  f"PyTorch {rates['torch'][-1]:.2f} updates per second", flush=True)
    except Problem as problem:
        print(f"accuracy-speed: {problem}", file=sys.stderr)
        return 1
    ratio = statistics.median(rates["lacuna"]) / statistics.median(rates["torch"])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(
        {"model": "words, 128 -> 256 -> 256, 10,000 words", "streams": STREAMS, "steps": STEPS, "threads": options.threads,
         "updates_per_second": rates, "torch": torch, "ratio": ratio, "commit": commit(),
         "command": f"make accuracy-speed ROUNDS={options.rounds} UPDATES={options.updates} THREADS={options.threads}"},
        indent=1) + "\n")
    print(f"lacuna trains {ratio:.2f} times as fast as PyTorch {torch} ({options.threads} threads, {STREAMS} x {STEPS} words; "
          f"medians of {options.rounds} rounds); written to {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
