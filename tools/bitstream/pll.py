"""Dividers of an EHXPLLL that feeds back its own output (boards/common/lacuna_pll.sv)."""

import dataclasses
import math

from tools.problem import Problem

# MHz, as ecppll 1.4 (Project Trellis) keeps to, when it was asked: of 50 MHz it divides by 16 at most (102.94 MHz, which is
# 50 / 17 * 35, became 103.125), for 3.2 MHz its oscillator stays at 400, and 401 MHz became 400. It warns of outputs under 10.
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


def check_output(wanted_mhz):
    if not OUTPUT[0] <= wanted_mhz <= OUTPUT[1]:
        raise Problem(f"CLK_MHZ={wanted_mhz:g}: expected a clock of {OUTPUT[0]:g} to {OUTPUT[1]:g} MHz")


def reachable(reference_mhz):
    """Every clock that a PLL makes of a reference, as Dividers."""
    found = []
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
            found.append(Dividers(divide, feedback, output, clock))
    return found


def nearest(candidates, wanted_mhz):
    """Of the nearest to a frequency the one with the least input divider; None of none."""
    return min(candidates, key=lambda d: (round(abs(d.clock_mhz - wanted_mhz), 9), d), default=None)


def is_near(found, wanted_mhz):
    return found is not None and abs(found.clock_mhz - wanted_mhz) <= TOLERANCE * wanted_mhz


def dividers(reference_mhz, wanted_mhz):
    """The dividers that come nearest to a frequency; a Problem if none comes within 1 %."""
    check_output(wanted_mhz)
    candidates = reachable(reference_mhz)
    found = nearest(candidates, wanted_mhz)
    if not is_near(found, wanted_mhz):
        around = [nearest([d for d in candidates if d.clock_mhz < wanted_mhz], wanted_mhz),
                  nearest([d for d in candidates if d.clock_mhz > wanted_mhz], wanted_mhz)]
        near = " and ".join(f"{d.clock_mhz:g}" for d in around if d) or "none at all"
        raise Problem(f"CLK_MHZ={wanted_mhz:g}: a PLL cannot make it from {reference_mhz:g} MHz; the nearest are {near} MHz")
    return found


def default(reference_mhz, wanted_mhz):
    """As `dividers`, but the nearest below where none comes within 1 %: nobody asked for just this frequency."""
    candidates = reachable(reference_mhz)
    found = nearest(candidates, wanted_mhz)
    if not is_near(found, wanted_mhz):
        found = nearest([d for d in candidates if d.clock_mhz < wanted_mhz], wanted_mhz)
    if found is None:
        raise Problem(f"a PLL makes no clock of at most {wanted_mhz:g} MHz from {reference_mhz:g} MHz")
    return found
