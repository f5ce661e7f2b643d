#!/usr/bin/env python3
"""mackey_glass.py FOLDER: writes a chaotic series as FOLDER/{train,valid,test}.csv and FOLDER/schema.json: forecast x.

Mackey and Glass, "Oscillation and chaos in physiological control systems", Science 197 (1977):
  dx/dt = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x(t)
Runge-Kutta of fourth order with steps of 0.1 (the delayed value half way is the mean of its neighbours), one sample a
unit of time, after 1000 units of settling from a history drawn from seed 1 around 1.2. Training 6000 samples,
validation and test 2000 each, one after the other; the target is the sample 12 later. Decimal digits: 6, so that the
files are the same on every machine.
"""

import json
import pathlib
import random
import sys

DELAY, RATE, DECAY, POWER = 17.0, 0.2, 0.1, 10
STEPS = 10  # a unit of time
HORIZON = 12
PARTS = {"train": 6000, "valid": 2000, "test": 2000}
SETTLING = 1000


def slope(x, delayed):
    return RATE * delayed / (1.0 + delayed ** POWER) - DECAY * x


def series(samples, seed=1):
    """`samples` values, one a unit of time, after settling."""
    source = random.Random(seed)
    delay = int(DELAY * STEPS)
    width = 1.0 / STEPS
    values = [1.2 + 0.2 * (source.random() - 0.5) for _ in range(delay + 1)]
    for _ in range((SETTLING + samples) * STEPS):
        x = values[-1]
        before, after = values[-delay - 1], values[-delay]
        middle = 0.5 * (before + after)
        k1 = slope(x, before)
        k2 = slope(x + 0.5 * width * k1, middle)
        k3 = slope(x + 0.5 * width * k2, middle)
        k4 = slope(x + width * k3, after)
        values.append(x + width / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4))
    return values[-samples * STEPS::STEPS]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: mackey_glass.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    values = series(sum(PARTS.values()))
    first = 0
    for part, count in PARTS.items():
        lines = [f"{value:.6f}" for value in values[first:first + count]]
        (folder / f"{part}.csv").write_text("\n".join(["x", *lines]) + "\n")
        first += count
    schema = {"inputs": ["x"], "targets": ["x"], "horizon": HORIZON}
    (folder / "schema.json").write_text(json.dumps(schema) + "\n")
    print(f"data: Mackey-Glass series in {folder}: {len(values)} samples, forecast {HORIZON} ahead")


if __name__ == "__main__":
    main()
