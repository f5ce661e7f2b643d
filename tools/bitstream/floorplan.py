"""Where the engine's multipliers and block RAMs lie on the die.

nextpnr's placer moves multipliers and block RAMs, which come in a few rows, one at a time to the nearest free place, and
leaves a tile's weight memory up to half a die away from the multipliers that it feeds. Then router1 never ends: the few
wires along those rows are taken several times over. So these get their places here, and everything else is nextpnr's.

Each lane has a quarter of the columns. It begins in the row of multipliers with the largest Y, goes up in one half of them
and comes down in the other, so that all lanes begin and end along one row, near the memories of activations and results.
Block RAMs are nearest to what they feed, by exchange until none is gained: weights to their tile's multipliers, activations
to where the lanes begin, rows to where their lane ends. Tables of gates and cells, on the way from there to the cells, are
nextpnr's: given places, they were up to 9 ns from their gates. What makes results of the lanes' sums, scales, gates and
cells, stays around and beyond the last row of multipliers, where the lanes end and the free block RAMs are (REGION): by
itself nextpnr strews it between the lanes, up to 40 rows from the tables. The sequencer wants to be there, too, so the
region must not be full: on a 45F with 27 rows of it nextpnr put a gate of the issuer 50 rows away. Where one row of
multipliers is all there is, only the weights' are given: a 25F has hardly a block RAM left, and nextpnr does better.
"""

import json
import re

from tools.problem import Problem

LANES = 4
# Lanes that begin at the right of their columns. Those of the gates i, f and g end as close together as that allows; o is
# needed last (rtl/compute/lacuna_cell.sv).
MIRRORED = (0, 1, 2)
PES = 3  # multipliers a tile

# Of each die, as nextpnr names places (bels): first X of each group of four multipliers and four block RAMs, and the
# rows of either.
# size: columns and rows of the whole die.
DIES = {
    "lfe5u-25f": {"size": (72, 50), "columns": (4, 13, 22, 33, 42, 51, 60), "multipliers": (13,), "block_rams": (25, 37)},
    "lfe5u-45f": {"size": (90, 71), "columns": (4, 13, 22, 31, 42, 51, 60, 69, 78), "multipliers": (22, 46), "block_rams": (10, 34, 58)},
    "lfe5u-85f": {"size": (126, 95), "columns": (4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114), "multipliers": (10, 34, 58),
                  "block_rams": (22, 46, 70, 82)},
}
MULTIPLIER_AT = {0: "MULT18_0", 1: "MULT18_1", 4: "MULT18_4", 5: "MULT18_5"}  # X in the group: bel
BLOCK_RAM_AT = {0: "EBR0", 2: "EBR1", 4: "EBR2", 6: "EBR3"}
REGION = "u_engine.u_retire.gen_port["  # part of the names of what stays there
REGION_MARGIN = 2  # rows before the last multipliers, at least
REGION_ROWS = 39  # of the region, at least
VERTICAL = 0.5  # what a row's distance counts against a column's: there are more wires up and down


def sites(die, kind, at):
    """Rows of places (x, y, bel), from left to right. @param kind key of DIES"""
    return [[(x + offset, y, f"X{x + offset}/Y{y}/{bel}") for x in DIES[die]["columns"] for offset, bel in at.items()]
            for y in DIES[die][kind]]


def lane_multipliers(die, tiles):
    """Of each lane, the 3 * tiles places of its multipliers, tile 0's first."""
    rows = sites(die, "multipliers", MULTIPLIER_AT)
    across = len(rows[0])
    used = -(-LANES * PES * tiles // across)
    while used < len(rows) and LANES * -(-PES * tiles // used) > across:
        used += 1
    width = -(-PES * tiles // used)
    if used > len(rows) or LANES * width > across:
        raise Problem(f"floorplan of {die}: {LANES} lanes of {tiles} tiles do not fit on {len(rows)} rows of {across} multipliers")
    left = (across - LANES * width) // 2
    return [lane_walk([row[left + lane * width:left + (lane + 1) * width] for row in rows[-used:]], lane)[:PES * tiles]
            for lane in range(LANES)]


def lane_walk(strips, lane):
    """The places of a lane's strips, the uppermost first, in the order of its tiles."""
    if lane in MIRRORED:
        strips = [strip[::-1] for strip in strips]
    half = (len(strips[0]) + 1) // 2
    walk = []
    for row in range(len(strips) - 1, -1, -1):
        part = strips[row][:half]
        walk += part if row % 2 == 0 else part[::-1]
    for row, strip in enumerate(strips):
        part = strip[half:]
        walk += part if row % 2 == 0 else part[::-1]
    return walk


def nearest_block_rams(die, wanted):
    """Places of block RAMs. @param wanted {tile: (its middle as (x, y), number of block RAMs)} @return {tile: [bel, ...]}"""
    free = [site for row in sites(die, "block_rams", BLOCK_RAM_AT) for site in row]
    needs = [tile for tile, (_, count) in wanted.items() for _ in range(count)]
    if len(needs) > len(free):
        raise Problem(f"floorplan of {die}: {len(needs)} block RAMs to place, and there are {len(free)}")

    def cost(need, site):
        (x, y), _ = wanted[needs[need]]
        return (site[0] - x) ** 2 + (VERTICAL * (site[1] - y)) ** 2

    costs = [[cost(need, site) for site in free] for need in range(len(needs))]
    owner, place = [None] * len(free), [None] * len(needs)
    for _, need, site in sorted((costs[n][s], n, s) for n in range(len(needs)) for s in range(len(free))):
        if place[need] is None and owner[site] is None:
            place[need], owner[site] = site, need
    gained = True
    while gained:
        gained = False
        for need in range(len(needs)):
            for site in range(len(free)):
                here, other = place[need], owner[site]
                change = costs[need][site] - costs[need][here]
                if other is not None:
                    change += costs[other][here] - costs[other][site]
                if change < -1e-9:
                    place[need], owner[site] = site, need
                    owner[here] = other
                    if other is not None:
                        place[other] = here
                    gained = True
    found = {tile: [] for tile in wanted}
    for need, tile in enumerate(needs):
        found[tile].append(free[place[need]])
    return {tile: [bel for _, _, bel in sorted(places)] for tile, places in found.items()}


def lane_modules(netlist):
    """{module name: lane} of the four lanes in a netlist of Yosys."""
    return {cell["type"]: int(match[1]) for module in netlist["modules"].values() for name, cell in module["cells"].items()
            if (match := re.search(r"gen_lane\[(\d)\]\.u_lane$", name))}


# Other block RAMs of the engine by name: near the starts of the lanes, or the end of the lane that is the match's group.
AT_STARTS = re.compile(r"\.u_engine\.u_banks\.")
AT_LANE_END = re.compile(r"\.u_retire\.gen_port\[\d+\]\.gen_lane\[(\d)\]\.u_rows\.")


def others(netlist):
    """{what it is near, ("start",) or ("end", lane): block RAMs} of those that belong to no tile."""
    found = {}
    for module in netlist["modules"].values():
        for name, cell in sorted(module["cells"].items()):
            if cell["type"] != "DP16KD":
                continue
            if AT_STARTS.search(name):
                found.setdefault(("start",), []).append(cell)
            elif match := AT_LANE_END.search(name):
                found.setdefault(("end", int(match[1])), []).append(cell)
    return found


def mean(points):
    return tuple(sum(axis) / len(axis) for axis in zip(*points))


def pin(netlist, die, tiles):
    """Gives multipliers and block RAMs their places (attribute BEL). Changes `netlist`, as Yosys writes it."""
    multipliers, blocks = {}, {}
    for module, lane in lane_modules(netlist).items():
        for name, cell in sorted(netlist["modules"][module]["cells"].items()):
            match = re.match(r"gen_tile\[(\d+)\]\.", name)
            if match and cell["type"] in ("MULT18X18D", "DP16KD"):
                kind = multipliers if cell["type"] == "MULT18X18D" else blocks
                kind.setdefault((lane, int(match[1])), []).append(cell)
    if sorted(multipliers) != [(lane, tile) for lane in range(LANES) for tile in range(tiles)] or \
            any(len(cells) != PES for cells in multipliers.values()) or sorted(blocks) != sorted(multipliers):
        raise Problem("floorplan: the netlist has not four lanes (gen_lane[].u_lane) of "
                      f"{tiles} tiles (gen_tile[]) with {PES} multipliers and their block RAMs each; were they renamed?")
    middles = {}
    for lane, places in enumerate(lane_multipliers(die, tiles)):
        for tile in range(tiles):
            own = places[PES * tile:PES * (tile + 1)]
            for cell, (_, _, bel) in zip(multipliers[lane, tile], own):
                cell["attributes"]["BEL"] = bel
            middles[lane, tile] = mean([(x, y) for x, y, _ in own])
    middles["start",] = mean([middles[lane, 0] for lane in range(LANES)])
    for lane in range(LANES):
        middles["end", lane] = middles[lane, tiles - 1]
    if len(DIES[die]["multipliers"]) > 1:
        blocks |= others(netlist)
    near = nearest_block_rams(die, {tile: (middles[tile], len(cells)) for tile, cells in blocks.items()})
    for tile, cells in blocks.items():
        for cell, bel in zip(cells, near[tile]):
            cell["attributes"]["BEL"] = bel


def pin_file(path, die, tiles):
    """`pin` of a file of Yosys' write_json, in place."""
    netlist = json.loads(path.read_text())
    pin(netlist, die, tiles)
    path.write_text(json.dumps(netlist))


def region_script(die):
    """Python for nextpnr's --pre-place that keeps REGION's logic around the last row of multipliers and beyond; empty where there
    is one row only."""
    if len(DIES[die]["multipliers"]) == 1:
        return ""
    width, height = DIES[die]["size"]
    first = min(DIES[die]["multipliers"][-1] - REGION_MARGIN, height - REGION_ROWS)
    return f"""\
ctx.createRectangularRegion("retire", 0, {first}, {width - 1}, {height - 1})
for name, cell in ctx.cells:
    if "{REGION}" in name and cell.type in ("TRELLIS_COMB", "TRELLIS_FF"):
        ctx.constrainCellToRegion(name, "retire")
"""
