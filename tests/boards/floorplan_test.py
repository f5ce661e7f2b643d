"""Floorplans: every place is there and given once, near what it feeds, and a netlist of another shape is refused."""

import re
import types
import unittest

from tools.bitstream import floorplan
from tools.bitstream import plan as planning
from tools.problem import Problem


NOT_PLACED = ("u_board.u_engine.u_retire.gen_port[0].u_port.gen_lane[3].u_gate.u_table.u_block",
              "u_board.u_engine.u_retire.gen_port[0].u_cells.u_block", "u_board.u_link.u_boot.u_block")
OTHERS = ("u_board.u_engine.u_banks.gen_column[0].u_block",
          "u_board.u_engine.u_retire.gen_port[0].gen_lane[1].u_rows.u_block", *NOT_PLACED)


def netlist_of(tiles, blocks):
    """As Yosys writes it: a top with four instances, each of a module of its own."""
    def lane(number):
        cells = {"u_other": {"type": "LUT4", "attributes": {}}}
        for tile in range(tiles):
            for pe in range(floorplan.PES):
                cells[f"gen_tile[{tile}].u_tile.gen_pe[{pe}].u_pe.u_mult.u_mult"] = {"type": "MULT18X18D", "attributes": {}}
            for block in range(blocks):
                cells[f"gen_tile[{tile}].u_tile.u_weights.gen_block[{block}].gen_ram.u_block.u_block"] = {"type": "DP16KD", "attributes": {}}
        return {"cells": cells}

    top = {f"u_board.u_engine.gen_lane[{n}].u_lane": {"type": f"$paramod{n}\\lacuna_lane"} for n in range(floorplan.LANES)}
    for name in OTHERS:
        top[name] = {"type": "DP16KD", "attributes": {}}
    return {"modules": {"top": {"cells": top}, **{f"$paramod{n}\\lacuna_lane": lane(n) for n in range(floorplan.LANES)}}}


def places_of(netlist, kind):
    """{(lane, tile): [(x, y), ...]} of a pinned netlist."""
    found = {}
    for module, lane in floorplan.lane_modules(netlist).items():
        for name, cell in netlist["modules"][module]["cells"].items():
            if cell["type"] == kind:
                x, y = map(int, re.match(r"X(\d+)/Y(\d+)/", cell["attributes"]["BEL"]).groups())
                found.setdefault((lane, int(re.match(r"gen_tile\[(\d+)\]", name)[1])), []).append((x, y))
    return found


class Floorplans(unittest.TestCase):
    def test_every_geometry_of_every_die_has_places_of_its_own(self):
        for die, facts in ((die, planning.device(die)) for die in floorplan.DIES):
            for tiles in range(1, facts["multipliers"] // planning.MULTIPLIERS_PER_TILE + 1):
                lanes = floorplan.lane_multipliers(die, tiles)
                bels = [bel for lane in lanes for _, _, bel in lane]
                self.assertEqual(len(bels), planning.MULTIPLIERS_PER_TILE * tiles, (die, tiles))
                self.assertEqual(len(set(bels)), len(bels), (die, tiles))

    def test_the_tables_have_as_many_places_as_the_parts(self):
        for die in floorplan.DIES:
            facts = planning.device(die)
            self.assertEqual(sum(map(len, floorplan.sites(die, "multipliers", floorplan.MULTIPLIER_AT))), facts["multipliers"])
            self.assertEqual(sum(map(len, floorplan.sites(die, "block_rams", floorplan.BLOCK_RAM_AT))), facts["block_rams"])

    def test_default_engines_have_their_weights_near_and_each_tile_near_the_next(self):
        for die in floorplan.DIES:
            engine = planning.device(die)["engine"]
            tiles, blocks = engine["Tiles"], engine["WeightDepth"] // 512
            netlist = netlist_of(tiles, blocks)
            floorplan.pin(netlist, die, tiles)
            multipliers, block_rams = places_of(netlist, "MULT18X18D"), places_of(netlist, "DP16KD")
            near = {name: cell["attributes"].get("BEL") for name, cell in netlist["modules"]["top"]["cells"].items() if name in OTHERS}
            for name in NOT_PLACED:
                self.assertIsNone(near.pop(name), name)
            if die == "lfe5u-25f":
                self.assertEqual(set(near.values()), {None})
                near = {}
            places = {name: tuple(map(int, re.match(r"X(\d+)/Y(\d+)/", bel).groups())) for name, bel in near.items()}
            everywhere = [place for own in block_rams.values() for place in own] + list(places.values())
            self.assertEqual(len(set(everywhere)), floorplan.LANES * tiles * blocks + len(places))
            middle = {tile: (sum(x for x, _ in own) / 3, sum(y for _, y in own) / 3) for tile, own in multipliers.items()}
            for tile, own in block_rams.items():
                for x, y in own:
                    self.assertLessEqual(abs(x - middle[tile][0]), 15, (die, tile))
                    self.assertLessEqual(abs(y - middle[tile][1]), 40, (die, tile))
            for x, _ in (place for name, place in places.items() if "gen_lane[1].u_rows" in name):
                self.assertLessEqual(abs(x - middle[1, tiles - 1][0]), 15, die)
            for lane in range(floorplan.LANES):
                for tile in range(1, tiles):
                    hop = [abs(a - b) for a, b in zip(middle[lane, tile], middle[lane, tile - 1])]
                    self.assertLessEqual(sum(hop), 32, (die, lane, tile))

    def test_no_exchange_of_two_block_rams_is_left_that_gains(self):
        wanted = {n: ((40 - 9 * n, 13), 4) for n in range(5)}
        near = floorplan.nearest_block_rams("lfe5u-25f", wanted)
        at = {bel: (x, y) for row in floorplan.sites("lfe5u-25f", "block_rams", floorplan.BLOCK_RAM_AT) for x, y, bel in row}
        cost = {(tile, bel): (x - wanted[tile][0][0]) ** 2 + (floorplan.VERTICAL * (y - wanted[tile][0][1])) ** 2
                for tile in wanted for bel, (x, y) in at.items()}
        for a in wanted:
            for b in wanted:
                for p in near[a]:
                    for q in near[b]:
                        self.assertLessEqual(cost[a, p] + cost[b, q], cost[a, q] + cost[b, p] + 1e-6)

    def test_the_region_of_results_takes_its_logic_alone_and_lies_on_the_die_beyond_the_multipliers(self):
        class Context:
            cells = [(name, types.SimpleNamespace(type=kind)) for name, kind in (
                ("u_board.u_engine.u_retire.gen_port[0].a", "TRELLIS_COMB"), ("u_board.u_engine.u_retire.gen_port[1].b", "TRELLIS_FF"),
                ("u_board.u_engine.u_retire.gen_port[0].u_cells.c", "DP16KD"), ("u_board.u_engine.u_walker.d", "TRELLIS_FF"))]

            def __init__(self):
                self.kept = []

            def createRectangularRegion(self, name, *corners):
                self.name, self.corners = name, corners

            def constrainCellToRegion(self, cell, name):
                self.kept.append((cell, name))

        self.assertEqual(floorplan.region_script("lfe5u-25f"), "")
        for die in ("lfe5u-45f", "lfe5u-85f"):
            context = Context()
            exec(floorplan.region_script(die), {"ctx": context})  # as nextpnr does
            self.assertEqual(context.kept, [(name, context.name) for name, _ in context.cells[:2]])
            left, top, right, bottom = context.corners
            self.assertGreater(top, floorplan.DIES[die]["multipliers"][-2])
            self.assertEqual(left, 0)
            self.assertGreater(right, floorplan.DIES[die]["columns"][-1])
            self.assertGreater(bottom, floorplan.DIES[die]["block_rams"][-1])
            self.assertGreaterEqual(bottom + 1 - top, 39)

    def test_what_does_not_fit_or_has_other_names_is_refused(self):
        with self.assertRaisesRegex(Problem, "4 lanes of 14 tiles do not fit on 3 rows of 52 multipliers"):
            floorplan.lane_multipliers("lfe5u-85f", 14)
        with self.assertRaisesRegex(Problem, "64 block RAMs to place, and there are 56"):
            floorplan.pin(netlist_of(2, 8), "lfe5u-25f", 2)
        netlist = netlist_of(2, 3)
        with self.assertRaisesRegex(Problem, "has not four lanes .* of 3 tiles"):
            floorplan.pin(netlist, "lfe5u-25f", 3)
        cells = next(iter(netlist["modules"].values()))["cells"]
        cells["renamed"] = cells.pop("u_board.u_engine.gen_lane[3].u_lane")
        with self.assertRaisesRegex(Problem, "were they renamed"):
            floorplan.pin(netlist, "lfe5u-25f", 2)


if __name__ == "__main__":
    unittest.main()
