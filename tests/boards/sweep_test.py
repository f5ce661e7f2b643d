"""Sweeps over seeds with a stand-in for nextpnr: what goes on, what is best, and that nothing outlives a sweep that ends."""

import contextlib
import dataclasses
import io
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

from tools import parallel
from tools.bitstream import plan as planning
from tools.bitstream import stages, sweep
from tools.bitstream.problem import Problem

# Reaches 100 MHz and the seed, but breaks for seed 9 as long as there is a file `broken`; stays at 520 wires for a while.
NEXTPNR = """#!/usr/bin/env bash
set -euo pipefail
case $1 in --version) echo 'nextpnr-ecp5 -- (Version 0.0)'; exit ;; --help) exit ;; esac
while (($#)); do
    case $1 in --seed) seed=$2 ;; --textcfg) config=$2 ;; --report) report=$2 ;; esac
    shift
done
echo "$seed" >> calls
if [[ $seed == 9 && -f broken ]]; then echo 'ERROR: broken' >&2; exit 1; fi
echo 'Info:     444000 |    99082     328860 |  310   627 |       520|      72.27     822.52|'
if [[ -f stuck ]]; then sleep 1; fi
echo "seed $seed" > "$config"
echo '{"fmax": {"u_board.clk": {"achieved": '$((100 + seed))', "constraint": 100}}}' > "$report"
"""


@unittest.skipUnless(shutil.which("parallel"), "GNU parallel is not there")
class Sweep(unittest.TestCase):
    def setUp(self):
        programs = tempfile.TemporaryDirectory()
        self.addCleanup(programs.cleanup)
        program = pathlib.Path(programs.name) / "nextpnr-ecp5"
        program.write_text(NEXTPNR)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        path = os.environ["PATH"]
        os.environ["PATH"] = f"{programs.name}:{path}"
        self.addCleanup(os.environ.update, {"PATH": path})
        stages.nextpnr_has_python.cache_clear()
        self.addCleanup(stages.nextpnr_has_python.cache_clear)
        polled = unittest.mock.patch.object(parallel, "POLL_SECONDS", 0.02)
        polled.start()
        self.addCleanup(polled.stop)

        self.plan = dataclasses.replace(planning.make_plan("ulx3s", "25f"), name=f"sweep-test-{os.getpid()}")
        self.plan.folder.mkdir(parents=True)
        self.addCleanup(shutil.rmtree, self.plan.folder)
        (self.plan.folder / "netlist.json").write_text("{}")

    def sweep(self, seeds):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            outcomes = sweep.sweep(self.plan, seeds, 1, "", 60)
        return outcomes, said.getvalue()

    def calls(self):
        return (self.plan.folder / "sweep" / "calls").read_text().split()

    def test_the_best_seed_is_kept_and_each_is_reported(self):
        outcomes, said = self.sweep([1, 3, 2])
        self.assertEqual([(o["seed"], o["achieved_mhz"]) for o in outcomes], [(3, 103), (2, 102), (1, 101)])
        self.assertEqual((self.plan.folder / "place.config").read_text(), "seed 3\n")
        self.assertIn("seed 2: 102.00 MHz", said)

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
        self.assertEqual(self.calls(), ["1", "2"])

    def test_a_seed_that_failed_is_tried_again(self):
        (self.plan.folder / "sweep").mkdir()
        stages.prepare_placement(self.plan)
        stages.set_done(self.plan, "sweep", stages.placement_key(self.plan, "{}"))
        shutil.copyfile(self.plan.folder / "netlist.json", self.plan.folder / "sweep" / "netlist.json")
        (self.plan.folder / "sweep" / "broken").touch()
        with self.assertRaisesRegex(Problem, "no seed was routed: seed 9 failed"):
            self.sweep([9])
        outcomes, said = self.sweep([1, 9])
        self.assertEqual([o["ended"] for o in outcomes], ["routed", "failed"])
        self.assertIn("seed 9: failed", said)
        (self.plan.folder / "sweep" / "broken").unlink()
        outcomes, _ = self.sweep([1, 9])
        self.assertEqual([(o["seed"], o["ended"]) for o in outcomes], [(9, "routed"), (1, "routed")])
        self.assertEqual(self.calls(), ["9", "1", "9", "9"])

    def test_a_router_that_is_stuck_is_told(self):
        def said(seconds):
            (self.plan.folder / "place.key").unlink(missing_ok=True)
            with (unittest.mock.patch.multiple(stages, PROGRESS_SECONDS=0.02, STUCK_SECONDS=seconds),
                  contextlib.redirect_stdout(io.StringIO()) as out):
                stages.place(self.plan, 3)
            return out.getvalue()

        (self.plan.folder / "stuck").touch()
        self.assertIn("520 wires left for minutes: nextpnr may not find a way for them; interrupt it, and try SEED=4", said(0.1))
        self.assertNotIn("for minutes", said(60))


@unittest.skipUnless(shutil.which("parallel"), "GNU parallel is not there")
class End(unittest.TestCase):
    def test_no_job_outlives_the_command(self):
        with tempfile.TemporaryDirectory() as folder:
            script = ("from tools import ending, parallel; ending.take_children_along(); "
                      f"parallel.run(['echo $$ > {{}}; exec sleep 600'], '{folder}/pid')")
            process = subprocess.Popen([sys.executable, "-c", script], cwd=planning.ROOT)
            file = pathlib.Path(folder) / "pid"
            while not (file.is_file() and file.read_text().endswith("\n")):
                self.assertIsNone(process.poll())
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(), 128 + signal.SIGTERM)
            with self.assertRaises(ProcessLookupError):
                os.kill(int(file.read_text()), 0)


if __name__ == "__main__":
    unittest.main()
