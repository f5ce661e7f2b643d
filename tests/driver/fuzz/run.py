#!/usr/bin/env python3
"""Runs a libFuzzer program, shows what it says, and writes its counts to a file.

Usage: run.py --json FILE --command TEXT --commit HASH -- PROGRAM ARGUMENTS...; exits as the program does, and writes only
when it found nothing.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", required=True, type=pathlib.Path)
    parser.add_argument("--command", required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("program", nargs="+")
    arguments = parser.parse_args()

    counts, coverage = {}, {}
    with subprocess.Popen(arguments.program, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        for line in process.stderr:
            sys.stderr.write(line)
            if found := re.match(r"stat::(\w+):\s+(\d+)", line):
                counts[found[1]] = int(found[2])
            if found := re.match(r"#\d+\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)", line):
                coverage = {"edges": int(found[1]), "features": int(found[2]), "corpus": int(found[3])}
    if process.returncode != 0:
        return process.returncode
    if "number_of_executed_units" not in counts:
        sys.exit("run.py: the program ended well, but printed no counts (-print_final_stats=1)")
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    result = {"command": arguments.command, "commit": arguments.commit, "runs": counts["number_of_executed_units"],
              "findings": 0, **coverage, "slowest_unit_s": counts.get("slowest_unit_time_sec"),
              "peak_memory_mb": counts.get("peak_rss_mb")}
    arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


sys.exit(main())
