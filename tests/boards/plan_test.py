"""Plans of bitstreams: dividers, defaults, the message of everything that cannot be built, and the readers of reports."""

import contextlib
import io
import json
import pathlib
import re
import tempfile
import unittest
import unittest.mock

from tools.bitstream import check, main, pll, rates, result, retarget
from tools.bitstream import plan as planning
from tools.problem import Problem

ROOT = planning.ROOT


# MHz of each board and size without options, which its records are of.
CLOCKS = {
    "colorlight-i5 25f": 115, "colorlight-i9 45f": 105, "ecp5-evn 85f": 132, "ecpix5 85f": 132, "ecpix5 45f": 120,
    "icepi-zero 25f": 115, "icesugar-pro 25f": 115, "orangecrab 25f": 130.286, "orangecrab 85f": 132, "ulx3s 85f": 115,
    "ulx3s 12f": 115, "ulx3s 25f": 115, "ulx3s 45f": 105, "versa-5g 45f": 120,
}


class Pll(unittest.TestCase):
    def test_dividers_are_exact_and_within_the_limits(self):
        for reference in (12, 25, 30, 48, 50, 100):
            for wanted in (reference, 100, 120, 140, 150, 160, 200):
                found = pll.dividers(reference, wanted)
                detector = reference / found.input
                self.assertAlmostEqual(found.clock_mhz, detector * found.feedback)
                self.assertLessEqual(abs(found.clock_mhz - wanted), 0.01 * wanted)
                self.assertTrue(3.125 <= detector <= 400, (reference, wanted, found))
                self.assertTrue(400 <= found.clock_mhz * found.output <= 800, (reference, wanted, found))

    def test_what_a_pll_cannot_make(self):
        with self.assertRaisesRegex(Problem, r"CLK_MHZ=401: expected a clock of 3.125 to 400 MHz"):
            pll.dividers(25, 401)
        with self.assertRaisesRegex(Problem, r"CLK_MHZ=25: a PLL cannot make it from 12 MHz; the nearest are 24 and 28 MHz"):
            pll.dividers(12, 25)

    def test_a_default_that_a_pll_cannot_make_becomes_the_nearest_below(self):
        with self.assertRaisesRegex(Problem, "the nearest are 128 and 132 MHz"):
            pll.dividers(12, 130)
        self.assertEqual(pll.default(12, 130).clock_mhz, 128)
        self.assertEqual(pll.default(12, 132), pll.dividers(12, 132))
        self.assertEqual(pll.default(48, 130), pll.dividers(48, 130))

    def test_the_clocks_of_the_boards(self):
        clocks = {f"{name} {size}": round(planning.make_plan(name, size).clock.clock_mhz, 3)
                  for name in planning.board_names() for size in planning.read_board(name).sizes}
        self.assertEqual(clocks, CLOCKS)


class Plans(unittest.TestCase):
    def refused(self, words, *arguments, **options):
        with self.assertRaisesRegex(Problem, re.escape(words)):
            planning.make_plan(*arguments, **options)

    def test_wrong_options_name_what_is_expected(self):
        self.refused("BOARD=nexys: expected one of colorlight-i5", "nexys")
        self.refused("SIZE=5f: ULX3S comes as 85f, 12f, 25f, 45f", "ulx3s", "5f")
        self.refused("TILES=0: expected a whole number from 1 to 21", "ulx3s", tiles="0")
        self.refused("TILES=x: expected a whole number", "ulx3s", tiles="x")
        self.refused("TILES=14: needs 168 multipliers, and LFE5U-85F has 156; at most TILES=13", "ulx3s", tiles="14")
        self.refused("TILES=7: needs 84 multipliers", "ulx3s", "45f", tiles="7")
        self.refused("CLK_MHZ=fast: expected a number of MHz", "ulx3s", clk_mhz="fast")
        self.refused("CLK_MHZ=500: expected a clock", "ulx3s", clk_mhz="500")
        self.refused("ACT=12: expected 8 or 16", "ulx3s", act="12")

    def test_all_that_is_wrong_is_said_at_once(self):
        with self.assertRaises(Problem) as raised:
            planning.make_plan("foo", "3x", "14", "999", "9")
        words = ("BOARD=foo: expected one of colorlight-i5", "SIZE=3x: expected one of 12f, 25f, 45f, 85f", "ACT=9: expected 8 or 16",
                 "TILES=14: needs 168 multipliers, and the largest part has 156", "CLK_MHZ=999: expected a clock")
        self.assertEqual(len(raised.exception.args), len(words))
        for message, start in zip(raised.exception.args, words):
            self.assertTrue(message.startswith(start), message)
        self.assertTrue(str(raised.exception).startswith("5 problems:\n  BOARD=foo"))

    def test_every_board_and_size_has_a_plan(self):
        for name in planning.board_names():
            board = planning.read_board(name)
            for size in board.sizes:
                plan = planning.make_plan(name, size)
                used = planning.block_rams(plan.engine, plan.system, plan.act)
                facts = planning.device(plan.die)
                self.assertLessEqual(used, facts["block_rams"], (name, size))
                self.assertLessEqual(12 * plan.engine["Tiles"], facts["multipliers"])
                self.assertEqual(plan.parameters()["ClockHz"], round(plan.clock.clock_mhz * 1e6))

    def test_every_pin_of_a_top_is_constrained_once_and_the_clock_has_its_frequency(self):
        for name in planning.board_names():
            board = planning.read_board(name)
            text = (ROOT / board.constraints).read_text()
            top = (ROOT / "boards" / name / f"{board.top}.sv").read_text()
            pins = []
            for high, port in re.findall(r"^    (?:input wire|output) logic (?:\[(\d+):0\] )?(\w+),?$", top, re.MULTILINE):
                pins += [f"{port}[{i}]" for i in range(int(high) + 1)] if high else [port]
            located = re.findall(r'LOCATE COMP "([^"]+)" SITE "([A-Z0-9]+)";', text)
            self.assertEqual(sorted(pins), sorted(pin for pin, _ in located), name)
            self.assertEqual(len({site for _, site in located}), len(located), f"{name}: a site twice")
            self.assertEqual(sorted(pins), sorted(set(re.findall(r'IOBUF PORT "([^"]+)"', text))), name)
            clock, mhz = re.search(r'FREQUENCY PORT "([^"]+)" ([\d.]+) MHZ;', text).groups()
            self.assertIn(clock, pins)
            self.assertEqual(float(mhz), board.oscillator_mhz, name)

    def test_the_hash_follows_parameters_but_not_the_place(self):
        first, same = planning.make_plan("ulx3s", "45f"), planning.make_plan("ulx3s", "45f")
        other = planning.make_plan("ulx3s", "45f", tiles="2")
        self.assertEqual(first.source_hash(), same.source_hash())
        self.assertNotEqual(first.source_hash(), other.source_hash())
        self.assertNotIn(str(ROOT), json.dumps(first.parameters()))

    def test_overrides_have_names_of_their_own(self):
        self.assertEqual(planning.make_plan("ulx3s").name, "ulx3s-85f")
        self.assertEqual(planning.make_plan("ulx3s", "45f", "2", "80", "16").name, "ulx3s-45f-t2-act16-80mhz")


BOARD_MK = """\
# A board.
BOARD_NAME := Good
BOARD_SIZES := 25f=LFE5U-25F
BOARD_PACKAGE := CABGA381
BOARD_GRADE := 6
BOARD_OSCILLATOR_MHZ := 25
BOARD_BAUD := 115200
BOARD_UART := none
BOARD_LOADER := --board good
"""


class Boards(unittest.TestCase):
    def test_a_bad_board_names_all_its_bad_keys_and_the_others_are_listed(self):
        bad = (BOARD_MK.replace("25f=LFE5U-25F", "25f 45f=LFE5U-45F 85f=LFE6").replace("GRADE := 6", "GRADE := 9")
               .replace("MHZ := 25", "MHZ := sixteen").replace("BAUD := 115200", "BAUD := fast").replace("BOARD_UART := ", "BOARD_UART = "))
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.object(planning, "BOARDS", pathlib.Path(folder)):
            for name, text in (("bad", bad), ("good", BOARD_MK)):
                (pathlib.Path(folder) / name).mkdir()
                (pathlib.Path(folder) / name / "board.mk").write_text(text)
            with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as errors:
                status = main.main(["boards"])
        self.assertEqual(status, 1)
        self.assertIn("\ngood           25f   LFE5U-25F       115 MHz", out.getvalue())
        starts = ("boards: 7 problems:", "boards/bad/board.mk:8: got 'BOARD_UART = none', expected BOARD_<key> := <value>",
                  "boards/bad/board.mk: BOARD_UART: got '', expected a line with it",
                  "boards/bad/board.mk: BOARD_SIZES: got '25f', expected <size>=<part> with a part of LFE5U-12F",
                  "boards/bad/board.mk: BOARD_SIZES: got '85f=LFE6', expected <size>=<part>",
                  "boards/bad/board.mk: BOARD_GRADE: got '9', expected one of 6, 7, 8",
                  "boards/bad/board.mk: BOARD_OSCILLATOR_MHZ: got 'sixteen', expected a number of MHz",
                  "boards/bad/board.mk: BOARD_BAUD: got 'fast', expected a number of bits a second")
        lines = [line.strip() for line in errors.getvalue().splitlines()]
        self.assertEqual(len(lines), len(starts), errors.getvalue())
        for line, start in zip(lines, starts):
            self.assertTrue(line.startswith(start), line)


class Reports(unittest.TestCase):
    def test_names_are_those_of_the_sources(self):
        self.assertEqual(result.our_name("u_board.u_system.u_engine.u_issuer.gap_q_TRELLIS_FF_Q_CE_LUT4_Z_C"),
                         "u_engine.u_issuer.gap_q")
        self.assertEqual(result.our_name("$glbnet$u_board.clk"), "u_board.clk")
        self.assertEqual(result.our_name("u_board.u_system.u_engine.gen_lane[2].u_lane.weight_o[3]"),
                         "u_engine.gen_lane[2].u_lane.weight_o[3]")

    def test_hold_times_are_checked_from_08_on(self):
        self.assertFalse(result.hold_is_checked("0.7-1+b2"))
        self.assertTrue(result.hold_is_checked("0.8"))
        self.assertTrue(result.hold_is_checked("0.11.1"))

    def test_rates_name_fmax_and_the_clock_of_the_pll(self):
        row = {"name": "A", "timed_as": "LFE5U-25F-6", "tiles": 2, "mhz": 149.79, "clock_mhz": 145, "present": False,
               "model": "kjv-8x", "cycles": 784, "us": 5.234, "gops": 1.23, "effective": 9.84}
        header, _, asked, same, _ = rates.table([row, {**row, "mhz": 145.04}]).splitlines()
        self.assertIn("| Fmax after routing | PLL's clock, where it differs |", header)
        self.assertEqual(asked, "| A, LFE5U-25F-6, T = 2 | 149.8 MHz * | 145.0 MHz | kjv-8x | 784 | 5.23 | 1.2 | 9.8 |")
        self.assertIn("| 145.0 MHz * |  | kjv-8x |", same)
        self.assertIn(header + "\n", (ROOT / "README.md").read_text())

    def test_rates_without_the_program_say_what_makes_it(self):
        with self.assertRaisesRegex(Problem, "no/lacuna: No such file or directory; expected the program lacuna: make build"):
            rates.rates("no/lacuna")

    def test_records_of_other_sources_or_options_are_told(self):
        plan = planning.make_plan("ulx3s", "45f", "", "130")
        record = {"source_hash": plan.source_hash(), "command": "make timing BOARD=ulx3s SIZE=45f CLK_MHZ=130 SEEDS=1..8"}
        self.assertTrue(planning.is_present(record))
        self.assertFalse(planning.is_present({**record, "source_hash": "0" * 64}))
        self.assertFalse(planning.is_present({**record, "command": record["command"].replace("130", "131")}))
        self.assertFalse(planning.is_present({**record, "command": record["command"].replace("45f", "5f")}))

    def test_retargeting_renames_the_part_and_its_transceivers(self):
        text = (".device LFE5U-85F\n\n.comment Part: LFE5U-85F-8CABGA381\n\n.tile R2C2:PLC2\nenum: A B\n\n"
                ".tile CIB_R94C46:VCIB_DCU0\nenum: CIB.JA1MUX 0\narc: X Y\n\n")
        reference = (".device LFE5UM5G-85F\n\n.comment Part: LFE5UM5G-85F-8CABGA381\n\n"
                     ".tile CIB_R94C46:CIB_DCU0\nunknown: F1B10\n\n")
        self.assertEqual(retarget.retarget(text, reference),
                         ".device LFE5UM5G-85F\n\n.comment Part: LFE5UM5G-85F-8CABGA381\n\n.tile R2C2:PLC2\nenum: A B\n\n"
                         ".tile CIB_R94C46:CIB_DCU0\nunknown: F1B10\narc: X Y\n\n")

    def test_words_of_a_block(self):
        self.assertEqual(check.words("16e 028 12c 035\n1ff 1ff 1ff 1f5"), [0x1ACB0516E, 0xFAFFFFFFF])


if __name__ == "__main__":
    unittest.main()
