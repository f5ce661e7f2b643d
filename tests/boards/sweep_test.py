"""Sweeps over seeds with a stand-in for nextpnr: what goes on, what is best, and that nothing outlives a sweep that ends."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

from tests.boards import stubs
from tools import parallel
from tools.bitstream import plan as planning
from tools.bitstream import stages, sweep
from tools.problem import Problem


@unittest.skipUnless(shutil.which("parallel"), "GNU parallel is not there")
class Sweep(stubs.Stubs):
    def setUp(self):
        super().setUp()
        self.patch(parallel, "POLL_SECONDS", 0.02)
        (self.plan.folder / "netlist.json").write_text("{}")

    def sweep(self, seeds):
        return self.said(sweep.sweep, self.plan, seeds, 1, "", 60)

    def test_the_best_seed_is_kept_and_each_is_reported(self):
        outcomes, said = self.sweep([1, 3, 2])
        self.assertEqual([(o["seed"], o["achieved_mhz"]) for o in outcomes], [(3, 103), (2, 102), (1, 101)])
        self.assertEqual((self.plan.folder / "place.config").read_text(), "seed 3\n")
        self.assertIn("seed 2: 102.00 MHz", said)

    def test_a_seed_with_hold_violations_is_worse_than_all_without(self):
        self.switch("hold")
        outcomes, said = self.sweep([7, 2, 6, 1])
        self.assertEqual([(o["seed"], o["hold_violations"]) for o in outcomes], [(2, 0), (1, 0), (7, 7), (6, 7)])
        self.assertEqual((self.plan.folder / "place.config").read_text(), "seed 2\n")
        self.assertIn("seed 7: 107.00 MHz, 7 hold violations", said)

    def test_a_sweep_goes_on_where_it_was(self):
        self.sweep([1, 2])
        outcomes, said = self.sweep([1, 2, 3])
        self.assertEqual(self.calls(), ["1", "2", "3"])
        self.assertEqual([o["seed"] for o in outcomes], [3, 2, 1])
        self.assertIn("seed 1: 101.00 MHz, 0 s, before", said)

    def test_other_inputs_begin_again(self):
        self.sweep([1, 2])
        (self.plan.folder / "netlist.json").write_text("[]")
        self.sweep([1, 2])
        self.assertEqual(self.calls(), ["1", "2", "1", "2"])

    def test_a_sweep_whose_folder_was_removed_begins_again(self):
        self.sweep([1, 2])
        shutil.rmtree(self.plan.folder / "sweep")
        outcomes, _ = self.sweep([1, 2])
        self.assertEqual([o["seed"] for o in outcomes], [2, 1])

    def test_a_seed_that_failed_is_tried_again(self):
        self.switch("broken")
        with self.assertRaisesRegex(Problem, "no seed was routed: seed 9 failed"):
            self.sweep([9])
        outcomes, said = self.sweep([1, 9])
        self.assertEqual([o["ended"] for o in outcomes], ["routed", "failed"])
        self.assertIn("seed 9: failed", said)
        self.switch("broken", False)
        outcomes, _ = self.sweep([1, 9])
        self.assertEqual([(o["seed"], o["ended"]) for o in outcomes], [(9, "routed"), (1, "routed")])
        self.assertEqual(self.calls(), ["9", "1", "9", "9"])

    def test_a_router_that_is_stuck_is_told(self):
        def said(seconds):
            (self.plan.folder / "place.key").unlink(missing_ok=True)
            with unittest.mock.patch.multiple(stages, PROGRESS_SECONDS=0.02, STUCK_SECONDS=seconds):
                return self.said(stages.place, self.plan, 3)[1]

        self.switch("stuck")
        self.assertIn("520 wires left for minutes: nextpnr may not find a way for them; interrupt it, and try SEED=4", said(0.1))
        self.assertNotIn("for minutes", said(60))


@unittest.skipUnless(shutil.which("parallel"), "GNU parallel is not there")
class End(unittest.TestCase):
    def ended(self, number, send, hangup="SIG_DFL"):
        """Runs a job of GNU parallel, sends a signal, and returns the exit status and whether the job is still there.
        @param hangup what SIGHUP does at first"""
        with tempfile.TemporaryDirectory() as folder:
            script = (f"import signal; signal.signal(signal.SIGHUP, signal.{hangup}); "
                      "from tools import ending, parallel; ending.take_children_along(); "
                      f"parallel.run(['echo $$ > {{}}; exec sleep 600'], '{folder}/pid')")
            process = subprocess.Popen([sys.executable, "-c", script], cwd=planning.ROOT, start_new_session=True)
            file = pathlib.Path(folder) / "pid"
            while not (file.is_file() and file.read_text().endswith("\n")):
                self.assertIsNone(process.poll())
                time.sleep(0.05)
            job = int(file.read_text())
            send(process.pid, number)
            try:
                status = process.wait(5)
            except subprocess.TimeoutExpired:
                status = None
            there = pathlib.Path(f"/proc/{job}").exists()
            if status is None:
                process.terminate()
                process.wait()
            elif there:
                os.kill(job, signal.SIGKILL)
            return status, there

    def test_no_job_outlives_the_command(self):
        self.assertEqual(self.ended(signal.SIGTERM, os.kill), (128 + signal.SIGTERM, False))

    def test_no_job_outlives_a_terminal_that_is_closed(self):
        """Which tells the whole group."""
        self.assertEqual(self.ended(signal.SIGHUP, os.killpg), (128 + signal.SIGHUP, False))

    def test_nohup_stays_in_force(self):
        self.assertEqual(self.ended(signal.SIGHUP, os.kill, "SIG_IGN"), (None, True))


if __name__ == "__main__":
    unittest.main()
