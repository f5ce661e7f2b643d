"""Builds with stand-ins for the tools: what is run again, what is kept, and what is refused."""

import contextlib
import dataclasses
import io
import json
import pathlib
import shutil
import subprocess
import sys
import unittest
import unittest.mock

from tests.boards import stubs
from tools.bitstream import check, floorplan, main, pll, stages
from tools.bitstream import plan as planning
from tools.problem import Problem


class Stages(stubs.Stubs):
    """Outputs of a stage that did not end are not taken for those of the inputs that it had before."""

    def with_other_inputs(self):
        return unittest.mock.patch.object(stages, "version", lambda program: "another")

    def test_versions_are_what_the_programs_say(self):
        self.assertEqual(stages.versions(), {"yosys": "Yosys 0.52 (git sha1 fee39a328)", "nextpnr-ecp5": "0.11.1",
                                             "ecppack": "Project Trellis ecppack Version 1.4"})

    def test_each_run_of_a_check_leaves_its_log(self):
        logs = []

        def run(_name, command, log):
            logs.append(log.name)
            pathlib.Path(command[-1]).write_text(".bram_init 1\n001 002\n")

        self.patch(stages, "run", run)
        config = self.plan.folder / "place.config"
        config.write_text(".bram_init 1\n001 002\n")
        for name in ("base", "baked"):
            check.unpack(self.plan, config, name)
        self.assertEqual((len(logs), len(set(logs))), (8, 8), logs)

    def test_a_netlist_that_failed_its_check_is_made_again(self):
        self.said(stages.synthesise, self.plan)
        self.assertIn("nothing changed", self.said(stages.synthesise, self.plan)[1])
        self.switch("broken-yosys")
        with self.with_other_inputs(), self.assertRaisesRegex(Problem, "synthesis failed:\n  ERROR: Found 1 problems"):
            self.said(stages.synthesise, self.plan)
        self.switch("broken-yosys", False)
        self.assertNotIn("nothing changed", self.said(stages.synthesise, self.plan)[1])
        self.assertEqual(self.calls(), ["yosys"] * 3)

    def test_a_netlist_that_was_not_given_its_places_is_made_again(self):
        self.said(stages.synthesise, self.plan)
        with (self.with_other_inputs(), unittest.mock.patch.object(floorplan, "pin_file", side_effect=KeyboardInterrupt),
              self.assertRaises(KeyboardInterrupt)):
            self.said(stages.synthesise, self.plan)
        self.assertNotIn("nothing changed", self.said(stages.synthesise, self.plan)[1])

    def test_a_placement_that_failed_is_made_again(self):
        (self.plan.folder / "netlist.json").write_text("{}")
        self.said(stages.place, self.plan, 9)
        self.switch("broken")
        with self.with_other_inputs(), self.assertRaisesRegex(Problem, "place and route failed:\n  ERROR: broken"):
            self.said(stages.place, self.plan, 9)
        self.switch("broken", False)
        self.assertNotIn("nothing changed", self.said(stages.place, self.plan, 9)[1])
        self.assertIn("nothing changed", self.said(stages.place, self.plan, 9)[1])


class Records(stubs.Stubs):
    """What a build does with the record of an earlier one."""

    def build(self, command, mhz, *words):
        """Exit status, message and output of a build at a clock."""
        plan = dataclasses.replace(self.plan, clock=pll.dividers(25, mhz))
        with (unittest.mock.patch.object(planning, "make_plan", lambda *_: plan),
              contextlib.redirect_stderr(io.StringIO()) as errors, contextlib.redirect_stdout(io.StringIO()) as out):
            status = main.main([command, "--board=ulx3s", "--size=25f", *words])
        return status, errors.getvalue(), out.getvalue()

    def kept(self):
        return json.loads((self.plan.folder / "record.json").read_text())

    def test_a_build_that_misses_leaves_the_record_and_bitstream_of_one_that_met(self):
        self.assertEqual(self.build("build", 100, "--seed=4")[0], 0)
        record, bitstream = self.kept(), (self.plan.folder / "last.bit").read_bytes()
        self.assertEqual((record["seed"], record["met"], record["hold_violations"]), (4, True, 0))
        status, errors, out = self.build("build", 125, "--seed=5")
        self.assertEqual(status, 1)
        self.assertIn("the clock of 125.00 MHz is missed: 105.00 MHz", errors)
        self.assertIn("stays as it was (104.00 MHz, seed 4)", out)
        self.assertEqual(self.kept(), record)
        self.assertEqual((self.plan.folder / "last.bit").read_bytes(), bitstream)
        status, _, out = self.build("build", 100)
        self.assertEqual(status, 0)
        self.assertIn("seed 4", out)

    def test_without_a_record_that_met_a_miss_is_kept(self):
        self.assertEqual(self.build("build", 125, "--seed=5")[0], 1)
        self.assertFalse(self.kept()["met"])
        self.assertEqual(self.build("build", 100, "--seed=4")[0], 0)
        self.assertTrue(self.kept()["met"])

    @unittest.skipUnless(shutil.which("parallel"), "GNU parallel is not there")
    def test_so_does_a_sweep(self):
        self.assertEqual(self.build("timing", 100, "--seeds=2")[0], 0)
        status, errors, out = self.build("timing", 125, "--seeds=3")
        self.assertEqual((status, self.kept()["seed"]), (1, 2))
        self.assertIn("stays as it was (102.00 MHz, seed 2)", out)

    def test_a_folder_has_one_build_at_a_time(self):
        holder = ("import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX); print('held', flush=True); "
                  "sys.stdin.read()")
        other = subprocess.Popen([sys.executable, "-c", holder, str(self.plan.folder / "lock")], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(other.stdout.readline(), "held\n")
        for command in ("build", "timing"):
            status, errors, _ = self.build(command, 100)
            self.assertEqual(status, 1)
            self.assertIn(f"build/bitstream/{self.plan.name} is in use by another build", errors)
        self.assertEqual(self.calls(), [])
        other.communicate("")
        self.assertEqual(self.build("build", 100)[0], 0)

    def test_hold_violations_are_a_miss(self):
        self.switch("hold")
        status, errors, out = self.build("build", 100, "--seed=6")
        self.assertEqual(status, 1)
        self.assertIn("hold times are missed: 7 violations", errors)
        self.assertNotIn("the clock of", errors)
        self.assertIn("7 hold violations", out)
        self.assertEqual((self.kept()["met"], self.kept()["hold_violations"]), (False, 7))
        self.assertFalse((self.plan.folder / "last.bit").exists())
        self.assertEqual(self.build("build", 100, "--seed=5")[0], 0)


if __name__ == "__main__":
    unittest.main()
