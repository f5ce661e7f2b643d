"""Dividers of an EHXPLLL that feeds back its own output (boards/common/lacuna_pll.sv)."""

import dataclasses
import math

from tools.bitstream.problem import Problem

# Data sheet FPGA-DS-02012, sysCLOCK PLL timing; MHz.
PHASE_DETECTOR = (3.125, 400.0)
OSCILLATOR = (400.0, 800.0)
OUTPUT = (3.125, 400.0)
INPUT_DIVIDERS = range(1, 129)
FEEDBACK_DIVIDERS = range(1, 81)
OUTPUT_DIVIDERS = range(2, 129)
COMFORTABLE_OSCILLATOR = 600.0
TOLERANCE = 0.01  # of the frequency that was asked for; the exact one is reported


@dataclasses.dataclass(frozen=True, order=True)
class Dividers:
    """clock_mhz = reference / input * feedback, the oscillator runs at clock_mhz * output."""

    input: int
    feedback: int
    output: int
    clock_mhz: float


def dividers(reference_mhz, wanted_mhz):
    """The dividers that come nearest to a frequency; a Problem if none comes within 1 %."""
    if not OUTPUT[0] <= wanted_mhz <= OUTPUT[1]:
        raise Problem(f"CLK_MHZ={wanted_mhz:g}: expected a clock of {OUTPUT[0]:g} to {OUTPUT[1]:g} MHz")
    candidates = []
    for divide in INPUT_DIVIDERS:
        detector = reference_mhz / divide
        if not PHASE_DETECTOR[0] <= detector <= PHASE_DETECTOR[1]:
            continue
        for feedback in FEEDBACK_DIVIDERS:
            clock = detector * feedback
            least = max(OUTPUT_DIVIDERS.start, math.ceil(OSCILLATOR[0] / clock))
            most = min(OUTPUT_DIVIDERS.stop - 1, math.floor(OSCILLATOR[1] / clock))
            if not OUTPUT[0] <= clock <= OUTPUT[1] or least > most:
                continue
            output = min(range(least, most + 1), key=lambda o: abs(clock * o - COMFORTABLE_OSCILLATOR))
            candidates.append((round(abs(clock - wanted_mhz), 9), divide, Dividers(divide, feedback, output, clock)))
    if not candidates or min(candidates)[0] > TOLERANCE * wanted_mhz:
        nearest = f"; the nearest is {min(candidates)[2].clock_mhz:g} MHz" if candidates else ""
        raise Problem(f"CLK_MHZ={wanted_mhz:g}: a PLL cannot make it from {reference_mhz:g} MHz{nearest}")
    return min(candidates)[2]
