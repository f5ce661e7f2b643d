"""What the boards do: GOPS of a shipped model at the Fmax after routing in results/timing, from the cycle model, whose cycles are
those of the RTL (docs/figures.md defines the figures). A build's PLL makes the clock that was asked for, which is slower."""

import json
import pathlib

from tools.bitstream import program, result
from tools.bitstream.plan import ROOT, is_present
from tools.problem import Problem

MODELS = ("models/kjv-8x.safetensors", "models/kjv-16x.safetensors")
MODE = "score"
OLDER = " *"  # behind the clock of a build that is not of the present sources
# Wang et al. 2019: Stratix V GXA7, the same LSTM with 1/8 of its weights.
PAPER = {"gops": 85.2, "effective": 681.6}


def estimate(lacuna, model, record):
    """`lacuna estimate` of a model on a record's engine at its Fmax; None if it does not fit."""
    geometry = record["geometry"]
    options = {"tiles": "Tiles", "ports": "Ports", "weight-depth": "WeightDepth", "bank-depth": "BankDepth", "row-depth": "RowDepth",
               "accumulator-bits": "AccW", "act": "Act"}
    words = [word for option, name in options.items() for word in (f"--{option}", geometry[name])]
    done = program.run(lacuna, "estimate", ROOT / model, "--json", "--clock-mhz", record["achieved_mhz"], *words)
    if not done.stdout.startswith("{"):
        raise program.problem(done)
    found = json.loads(done.stdout)
    return found if found["fits"] else None


def rate(lacuna, record):
    """Figures of one build, with each model that fits."""
    rows, present = [], is_present(record)
    for model in MODELS:
        found = estimate(lacuna, model, record)
        if found:
            figures = next(f for f in found["figures"] if f["mode"] == MODE)
            seconds = figures["cycles_per_step"] / (record["achieved_mhz"] * 1e6)
            rows.append({"name": record["name"], "size": record["size"], "timed_as": record["timed_as"], "tiles": figures["tiles"],
                         "nextpnr": record["tools"]["nextpnr-ecp5"], "mhz": record["achieved_mhz"],
                         "clock_mhz": record["clock_mhz"], "present": present, "model": pathlib.Path(model).stem,
                         "cycles": figures["cycles_per_step"], "us": seconds * 1e6, "gops": 2e-9 * figures["slots"] / seconds,
                         "effective": 2e-9 * figures["dense_weights"] / seconds})
    if not rows:
        raise Problem(f"{record['name']} {record['size']}: neither {' nor '.join(MODELS)} fits its engine")
    return rows


def rates(lacuna):
    """Of the best record of every board and size in results/timing, the fastest first."""
    records = result.best_timings().values()
    if not records:
        raise Problem("results/timing has no record yet: make timing BOARD=... SIZE=... makes one")
    return sorted((row for record in records for row in rate(lacuna, record)), key=lambda r: -r["effective"])


def table(rows):
    """In Markdown."""
    lines = ["| board, part, tiles | Fmax after routing | PLL's clock, where it differs | model | cycles/step | µs/step at Fmax "
             "| GOPS sparse | GOPS effective |", "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        star = "" if row["present"] else OLDER
        fmax, clock = f"{row['mhz']:.1f} MHz", f"{row['clock_mhz']:.1f} MHz"
        lines.append(f"| {row['name']}, {row['timed_as']}, T = {row['tiles']} | {fmax}{star} | {clock if clock != fmax else ''} | "
                     f"{row['model']} | {row['cycles']:g} | {row['us']:.2f} | {row['gops']:.1f} | {row['effective']:.1f} |")
    lines.append(f"| the paper: Stratix V GXA7 | | | 8x | | | {PAPER['gops']} | {PAPER['effective']} |")
    return "\n".join(lines)
