"""Arguments of `make bitstream`, `timing` and `flash`: all that is wrong is said at once, before anything is made."""

import contextlib
import io
import os
import subprocess
import unittest
import unittest.mock

from tests.boards import stubs
from tools.bitstream import arguments, main
from tools.bitstream import plan as planning
from tools.problem import Problem

LOADER = """#!/usr/bin/env bash
echo "$@" >> "$(dirname "$0")/calls"
"""
# Two machines: `bare` has no nextpnr, `away` does not answer.
SSH = """#!/usr/bin/env bash
case $* in
    *bare*) exit 1 ;;
    *away*) echo 'ssh: connect to host away port 22: No route to host' >&2; exit 255 ;;
esac
"""


class Arguments(stubs.Stubs):
    def run_main(self, *words):
        """Exit status and message."""
        with contextlib.redirect_stderr(io.StringIO()) as said, contextlib.redirect_stdout(io.StringIO()):
            status = main.main(words)
        return status, said.getvalue()

    def refused(self, words, *starts):
        """That a command names just these problems."""
        status, said = self.run_main(*words)
        self.assertEqual(status, 1)
        lines = [line.strip() for line in said.splitlines()]
        if len(starts) > 1:
            self.assertIn(f"{len(starts)} problems:", lines.pop(0))
        else:
            lines[0] = lines[0].split(": ", 1)[1]
        self.assertEqual(len(lines), len(starts), said)
        for line, start in zip(lines, starts):
            self.assertTrue(line.startswith(start), f"{line}: expected {start}")
        self.assertEqual(self.calls(), [])

    def test_a_build_names_all_that_is_wrong(self):
        self.refused(("build", "--board=foo", "--size=3x", "--tiles=14", "--clk-mhz=999", "--seed=a", "--model=nope"),
                     "BOARD=foo: expected one of", "SIZE=3x: expected", "TILES=14: needs 168", "CLK_MHZ=999: expected",
                     "SEED=a: expected a whole number from 0 to 2147483647", "MODEL=nope: no such file")
        self.refused(("build", "--board=ulx3s", "--seed=99999999999"), "SEED=99999999999: expected a whole number")
        self.refused(("build", "--board=ulx3s", "--model=models"), "MODEL=models: is a folder")

    def test_a_sweep_names_all_that_is_wrong(self):
        self.add_program("ssh", SSH)
        self.refused(("timing", "--board=ulx3s", "--jobs=0", "--timeout=-1", "--seeds=2,1,2,2", "--seed=4", "--model=m",
                      "--hosts=2/bare,:,me@away,big"),
                     "SEEDS=2,1,2,2: 2 is there more than once", "JOBS=0: expected a whole number from 1",
                     "PLACE_TIMEOUT=-1: expected a whole number from 1", "SEED=4: make timing does not take it; SEEDS=4 does",
                     "MODEL=m: make timing does not take it", "HOSTS=2/bare,:,me@away,big: bare has no nextpnr-ecp5",
                     "HOSTS=2/bare,:,me@away,big: me@away cannot be reached: ssh: connect to host away port 22: No route to host")

    def test_seeds(self):
        self.assertEqual(arguments.seeds_of("1..4"), [1, 2, 3, 4])
        self.assertEqual(arguments.seeds_of("7,9"), [7, 9])
        self.assertEqual(len(arguments.seeds_of("0..999")), 1000)
        for text in ("a..b", "", "4..1", "0..1000", "1..9999999999", "5,", "2147483648"):
            with self.assertRaisesRegex(Problem, f"SEEDS={text}: expected a range"):
                arguments.seeds_of(text)

    def test_only_persist_1_writes_the_flash_memory(self):
        with unittest.mock.patch.object(arguments.shutil, "which", return_value=None):
            self.refused(("flash", "--board=colorlight-i5", "--tiles=1", "--persist=no"), "PERSIST=no: expected 1",
                         "there is no bitstream yet, build/bitstream/colorlight-i5-25f-t1/last.bit: make bitstream "
                         "BOARD=colorlight-i5 TILES=1",
                         "openFPGALoader is not on PATH")
        self.assertFalse((planning.ROOT / "build/bitstream/colorlight-i5-25f-t1").exists())
        self.add_program("openFPGALoader", LOADER)
        self.patch(planning, "make_plan", lambda *_: self.plan)
        (self.plan.folder / "last.bit").touch()
        for persist in ("false", "off", "yes"):
            self.refused(("flash", "--board=ulx3s", f"--persist={persist}"), f"PERSIST={persist}: expected 1")
        for persist, flags in (("", []), ("0", []), ("1", ["--write-flash"])):
            (self.programs / "calls").unlink(missing_ok=True)
            self.assertEqual(self.run_main("flash", "--board=ulx3s", f"--persist={persist}"), (0, ""))
            self.assertEqual(self.calls(), ["--board", "ulx3s", *flags, str(self.plan.folder / "last.bit")])


class Make(unittest.TestCase):
    def test_arguments_come_first_and_whole(self):
        """Before set-up and the program that a model needs; with quotes. make -n runs nothing: its first line is run here."""
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # no options of a make test

        def run(command):
            return subprocess.run(command, cwd=planning.ROOT, capture_output=True, text=True, env=environment, check=False)

        for target in ("bitstream", "timing"):
            shown = run(["make", "-n", "--no-print-directory", target, "BOARD=a'b; exit 0", "TILES=3x", "MODEL=a b"])
            first = shown.stdout.split("\n", 1)[0]
            self.assertIn("tools.bitstream.main", first, shown.stderr)
            self.assertIn("--arguments-only", first)
            done = run(["bash", "-c", first])
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("3 problems:\n  BOARD=a'b; exit 0: expected one of", done.stderr)
            self.assertIn("  TILES=3x: expected a whole number from 1 to 21\n  MODEL=a b: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
