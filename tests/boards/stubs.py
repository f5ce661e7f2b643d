"""Stand-ins for Yosys, nextpnr and ecppack, and a build's folder of its own, for tests of what is around them."""

import contextlib
import dataclasses
import io
import json
import os
import pathlib
import shutil
import stat
import tempfile
import unittest
import unittest.mock

from tests.boards.floorplan_test import netlist_of
from tools.bitstream import plan as planning
from tools.bitstream import result, stages

# Files in the folder of the programs change what they do; each says in `calls` that it ran.
# broken-yosys: writes a netlist, and fails after that, as `check -assert` does.
YOSYS = """#!/usr/bin/env bash
set -euo pipefail
here=$(dirname "$0")
if [[ $1 == -V ]]; then echo 'Yosys 0.52 (git sha1 fee39a328)'; exit; fi
echo yosys >> "$here/calls"
cp "$here/netlist.json" "$(sed -n 's/.*-json //p' "${@: -1}")"
if [[ -f $here/broken-yosys ]]; then echo 'ERROR: Found 1 problems in check -assert'; exit 1; fi
"""

# Reaches 100 MHz and the seed; broken: fails for seed 9; hold: has 7 hold violations for seeds over 5; stuck: stays at 520 wires.
NEXTPNR = """#!/usr/bin/env bash
set -euo pipefail
here=$(dirname "$0")
case $1 in --version) echo 'nextpnr-ecp5 -- (Version 0.11.1)'; exit ;; --help) exit ;; esac
while (($#)); do
    case $1 in --seed) seed=$2 ;; --textcfg) config=$2 ;; --report) report=$2 ;; esac
    shift
done
echo "$seed" >> "$here/calls"
if [[ $seed == 9 && -f $here/broken ]]; then echo 'ERROR: broken' >&2; exit 1; fi
echo 'Info:     444000 |    99082     328860 |  310   627 |       520|      72.27     822.52|'
if [[ -f $here/stuck ]]; then sleep 1; fi
if [[ -f $here/hold ]] && ((seed > 5)); then
    echo 'Info: 7 Hold/min time violations (showing 10 worst paths):'
    echo "Warning: Hold/min time violation for clock 'posedge \\$glbnet\\$u_board.clk':"
fi
echo "seed $seed" > "$config"
echo '{"fmax": {"u_board.clk": {"achieved": '$((100 + seed))', "constraint": 100}}, "critical_paths": [],
    "utilization": {"DP16KD": {"used": 56, "available": 56}}}' > "$report"
"""

ECPPACK = """#!/usr/bin/env bash
set -euo pipefail
if [[ $1 == --version ]]; then echo 'Project Trellis ecppack Version 1.4'; exit; fi
while (($#)); do
    case $1 in --input) from=$2 ;; --bit) to=$2 ;; esac
    shift
done
cp "$from" "$to"
"""


class Stubs(unittest.TestCase):
    """A plan of a ULX3S 25F at 100 MHz in a folder of its own, whose record is there, too."""

    def setUp(self):
        programs = tempfile.TemporaryDirectory()
        self.addCleanup(programs.cleanup)
        self.programs = pathlib.Path(programs.name)
        for name, text in (("yosys", YOSYS), ("nextpnr-ecp5", NEXTPNR), ("ecppack", ECPPACK)):
            self.add_program(name, text)
        (self.programs / "netlist.json").write_text(json.dumps(netlist_of(2, 5)))
        path = os.environ["PATH"]
        os.environ["PATH"] = f"{programs.name}:{path}"
        self.addCleanup(os.environ.update, {"PATH": path})
        stages.nextpnr_has_python.cache_clear()
        self.addCleanup(stages.nextpnr_has_python.cache_clear)

        self.plan = dataclasses.replace(planning.make_plan("ulx3s", "25f", "", "100"), name=f"test-{os.getpid()}")
        self.plan.folder.mkdir(parents=True)
        self.addCleanup(shutil.rmtree, self.plan.folder)
        self.patch(result, "timing_file", lambda name: self.plan.folder / "record.json")

    def patch(self, where, name, value):
        patched = unittest.mock.patch.object(where, name, value)
        patched.start()
        self.addCleanup(patched.stop)

    def add_program(self, name, text):
        program = self.programs / name
        program.write_text(text)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def switch(self, name, on=True):
        """Whether the programs see a file of this name."""
        if on:
            (self.programs / name).touch()
        else:
            (self.programs / name).unlink()

    def calls(self):
        file = self.programs / "calls"
        return file.read_text().split() if file.is_file() else []

    def said(self, function, *arguments):
        """What a function returns, and what it prints."""
        with contextlib.redirect_stdout(io.StringIO()) as out:
            returned = function(*arguments)
        return returned, out.getvalue()
