#!/usr/bin/env python3
"""Training speed of lacuna against PyTorch: same model, batch and threads, in turns, as the ratio of their medians.

Usage: python3 -m tools.accuracy.speed LACUNA DATA [--rounds 5] [--updates 10] [--threads 2] [--out FILE]
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

from tools.accuracy.results import commit
from tools.problem import Problem

STREAMS, STEPS, VOCABULARY = 32, 35, 10000
# PyTorch and OpenBLAS each have a pool of threads that wait by spinning; on a busy machine they can hold each other up by
# a factor of ten. So PyTorch is measured in each of these ways, and its fastest counts.
WAYS = {
    "one thread": lambda threads: (1, {"OPENBLAS_NUM_THREADS": "1"}),
    "all threads": lambda threads: (threads, {"OPENBLAS_NUM_THREADS": str(threads)}),
    "all threads, passive": lambda threads: (threads, {"OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}),
}


def measure(name, command, settings=None):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False,
                          env={**os.environ, **(settings or {})})
    if done.returncode != 0:
        raise Problem(f"{name} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout[done.stdout.index("{"):])


def blas():
    """The library that PyTorch's products come from: Debian's takes whatever the system has."""
    with open("/proc/self/maps") as before:
        known = before.read()
    import torch  # only here: the package is for this comparison alone
    torch.ones(8, 8) @ torch.ones(8, 8)
    with open("/proc/self/maps") as after:
        names = {line.split()[-1] for line in after if "blas" in line}
    return ", ".join(sorted(name for name in names if name not in known)) or "its own"


def main():
    parser = argparse.ArgumentParser(prog="accuracy-speed", description=__doc__)
    parser.add_argument("lacuna")
    parser.add_argument("data")
    for option, default in (("rounds", 5), ("updates", 10), ("threads", 2)):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    shape = ["--streams", STREAMS, "--steps", STEPS, "--threads", options.threads]
    ours = [options.lacuna, "train", "--data", options.data, "--task", "words", "--vocabulary", VOCABULARY, "--embedding", 128,
            "--units", "256,256", "--dropout", 0, *shape, "--benchmark", options.updates]
    theirs = [sys.executable, "-m", "tools.accuracy.speed_torch", VOCABULARY, STREAMS, STEPS]
    ways = {name: way(options.threads) for name, way in WAYS.items() if options.threads > 1 or name == "one thread"}
    rates = {"lacuna": [], **{name: [] for name in ways}}
    processor_rates = {name: [] for name in rates}

    def note(name, answer):
        rates[name].append(answer["updates_per_second"])
        processor_rates[name].append(answer["updates_per_processor_second"])

    torch = ""
    try:
        for turn in range(options.rounds):
            note("lacuna", measure("lacuna train --benchmark", ours))
            for name, (threads, settings) in ways.items():
                answer = measure("PyTorch", [*theirs, threads, options.updates], settings)
                note(name, answer)
                torch = answer["torch"]
            found = ", ".join(f"{name} {values[-1]:.2f}" for name, values in rates.items() if name != "lacuna")
            print(f"round {turn + 1} of {options.rounds}: lacuna {rates['lacuna'][-1]:.2f} updates per second, PyTorch: {found}",
                  flush=True)
    except Problem as problem:
        print(f"accuracy-speed: {problem}", file=sys.stderr)
        return 1
    best = max(ways, key=lambda name: statistics.median(rates[name]))
    ratio = statistics.median(rates["lacuna"]) / statistics.median(rates[best])
    processor_ratio = statistics.median(processor_rates["lacuna"]) / max(map(statistics.median, (processor_rates[name] for name in ways)))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(
        {"model": "words, 128 -> 256 -> 256, 10,000 words", "streams": STREAMS, "steps": STEPS, "threads": options.threads,
         "updates_per_second": rates, "updates_per_processor_second": processor_rates, "torch": torch, "torch_best": best, "blas": blas(),
         "load_average": os.getloadavg(), "ratio": ratio, "processor_ratio": processor_ratio,
         "commit": commit(),
         "command": f"make accuracy-speed ROUNDS={options.rounds} UPDATES={options.updates} THREADS={options.threads}"},
        indent=1) + "\n")
    print(f"lacuna trains {ratio:.2f} times as fast as PyTorch {torch}, by processor time {processor_ratio:.2f} times (threads: {options.threads}; PyTorch's best: {best}; {STREAMS} x {STEPS} words; "
          f"medians of {options.rounds} rounds); written to {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
