"""What the boards do: GOPS of a shipped model at the clocks in results/timing, from the cycle model, whose cycles are those
of the RTL (docs/figures.md defines the figures)."""

import json
import pathlib
import subprocess

from tools.bitstream import result
from tools.bitstream.plan import ROOT, is_present
from tools.bitstream.problem import Problem

MODELS = ("models/kjv-8x.safetensors", "models/kjv-16x.safetensors")
MODE = "score"
OLDER = " *"  # behind the clock of a build that is not of the present sources
# Wang et al. 2019: Stratix V GXA7, the same LSTM with 1/8 of its weights.
PAPER = {"gops": 85.2, "effective": 681.6}


def estimate(program, model, record):
    """`lacuna estimate` of a model on a record's engine at its clock; None if it does not fit."""
    geometry = record["geometry"]
    options = {"tiles": "Tiles", "ports": "Ports", "weight-depth": "WeightDepth", "bank-depth": "BankDepth", "row-depth": "RowDepth",
               "accumulator-bits": "AccW", "act": "Act"}
    command = [program, "estimate", model, "--json", "--clock-mhz", str(record["achieved_mhz"])]
    for option, name in options.items():
        command += [f"--{option}", str(geometry[name])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if not done.stdout.startswith("{"):
        raise Problem((done.stderr or done.stdout).strip().removeprefix("lacuna: "))
    found = json.loads(done.stdout)
    return found if found["fits"] else None


def rate(program, record):
    """Figures of one build, with each model that fits."""
    rows = []
    for model in MODELS:
        found = estimate(program, model, record)
        if found:
            figures = next(f for f in found["figures"] if f["mode"] == MODE)
            seconds = figures["cycles_per_step"] / (record["achieved_mhz"] * 1e6)
            rows.append({"name": record["name"], "size": record["size"], "timed_as": record["timed_as"], "tiles": figures["tiles"],
                         "nextpnr": record["tools"]["nextpnr-ecp5"], "mhz": record["achieved_mhz"],
                         "present": is_present(record), "model": pathlib.Path(model).stem,
                         "cycles": figures["cycles_per_step"], "us": seconds * 1e6, "gops": 2e-9 * figures["slots"] / seconds,
                         "effective": 2e-9 * figures["dense_weights"] / seconds})
    if not rows:
        raise Problem(f"{record['name']} {record['size']}: neither {' nor '.join(MODELS)} fits its engine")
    return rows


def rates(program):
    """Of the best record of every board and size in results/timing, the fastest first."""
    records = result.best_timings().values()
    if not records:
        raise Problem("results/timing has no record yet: make timing BOARD=... SIZE=... makes one")
    return sorted((row for record in records for row in rate(program, record)), key=lambda r: -r["effective"])


def table(rows):
    """In Markdown."""
    lines = ["| board, part, tiles | clock | model | cycles/step | µs/step | GOPS sparse | GOPS effective |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        star = "" if row["present"] else OLDER
        lines.append(f"| {row['name']}, {row['timed_as']}, T = {row['tiles']} | {row['mhz']:.1f} MHz{star} | {row['model']} | "
                     f"{row['cycles']:g} | {row['us']:.2f} | {row['gops']:.1f} | {row['effective']:.1f} |")
    lines.append(f"| the paper: Stratix V GXA7 | | 8x | | | {PAPER['gops']} | {PAPER['effective']} |")
    return "\n".join(lines)
