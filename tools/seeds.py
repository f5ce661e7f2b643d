"""Seeds as the targets take them: SEEDS=1..8, SEEDS=1,5,9."""

import re

from tools.problem import Problem

MAX_SEED = 2**31 - 1  # nextpnr 0.7 reads a seed as an int; later ones take more
MAX_SEEDS = 1000


def seeds_of(text):
    """`1..8`, `3`, or `1,5,9`."""
    if match := re.fullmatch(r"([0-9]{1,10})\.\.([0-9]{1,10})", text):
        first, last = int(match[1]), int(match[2])
        seeds = range(first, min(last, first + MAX_SEEDS) + 1)
    elif re.fullmatch(r"[0-9]{1,10}(,[0-9]{1,10})*", text):
        seeds = [int(seed) for seed in text.split(",")]
    else:
        seeds = []
    if not 0 < len(seeds) <= MAX_SEEDS or max(seeds) > MAX_SEED:
        raise Problem(f"SEEDS={text}: expected a range such as 1..8, or a list such as 1,5,9, of at most {MAX_SEEDS} seeds "
                      f"from 0 to {MAX_SEED}")
    if twice := sorted({str(seed) for seed in seeds if seeds.count(seed) > 1}, key=int):
        raise Problem(f"SEEDS={text}: {', '.join(twice)} is there more than once; expected each seed once")
    return list(seeds)
