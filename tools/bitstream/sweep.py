"""Many seeds of place and route, in parallel and on several machines, by GNU parallel."""

import csv
import json
import re
import shlex
import shutil
import subprocess

from tools.bitstream import result, stages
from tools.bitstream.plan import ROOT
from tools.bitstream.problem import Problem


def parse_seeds(text):
    """`1..8`, `3`, or `1,5,9`."""
    if match := re.fullmatch(r"(\d+)\.\.(\d+)", text):
        seeds = list(range(int(match[1]), int(match[2]) + 1))
    elif re.fullmatch(r"\d+(,\d+)*", text):
        seeds = [int(seed) for seed in text.split(",")]
    else:
        seeds = []
    if not seeds or len(seeds) > 1000:
        raise Problem(f"SEEDS={text}: expected a range such as 1..8, or a list such as 1,5,9")
    return seeds


def sweep(plan, seeds, jobs, hosts, seconds, flags=()):
    """Runs nextpnr for every seed; returns what became of each, the best first, and leaves the best as place.*."""
    if not shutil.which("parallel"):
        raise Problem("parallel is not on PATH: install GNU parallel (Debian package parallel)")
    stages.prepare_placement(plan)
    folder = plan.folder / "sweep"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    inputs = stages.placement_inputs(plan)
    for name in inputs:
        shutil.copyfile(plan.folder / name, folder / name)
    place = shlex.join(stages.placement_command(plan, "{}", "seed-{}", flags)).replace("'", "") + " > seed-{}.log 2>&1"
    command = ["parallel", "--will-cite", "--jobs", str(jobs), "--timeout", str(seconds), "--joblog", "jobs.tsv"]
    if hosts:
        command += ["--sshlogin", hosts, *(word for name in inputs for word in ("--basefile", name)), "--workdir", ".", "--cleanup"]
        for kind in ("config", "report.json", "log"):
            command += ["--return", f"seed-{{}}.{kind}"]
    print(f"place and route of {len(seeds)} seeds, {jobs} at a time, at most {seconds} s each ...", flush=True)
    subprocess.run([*command, place, ":::", *map(str, seeds)], cwd=folder, stdout=subprocess.DEVNULL,
                   stderr=(folder / "parallel.log").open("w"), check=False)
    outcomes = read_outcomes(folder, seeds)
    done = [o for o in outcomes if o["achieved_mhz"] is not None]
    if not done:
        ends = ", ".join(f"seed {o['seed']} {o['ended']} after {o['seconds']} s" for o in outcomes)
        raise Problem(f"no seed was routed: {ends}; see {folder.relative_to(ROOT)}/seed-*.log and parallel.log there "
                      "(PLACE_TIMEOUT= gives more time)")
    best = max(done, key=lambda o: o["achieved_mhz"])
    for kind in ("config", "report.json", "log"):
        shutil.copyfile(folder / f"seed-{best['seed']}.{kind}", plan.folder / f"place.{kind}")
    (plan.folder / "floorplan.txt").unlink(missing_ok=True)
    stages.set_done(plan, "place", stages.placement_key(plan, best["seed"], flags))
    return sorted(outcomes, key=lambda o: -(o["achieved_mhz"] or 0))


def read_outcomes(folder, seeds):
    """Of each seed: the clock, or why there is none."""
    with (folder / "jobs.tsv").open() as file:
        jobs = {int(re.search(r"--seed (\d+)", row["Command"])[1]): row for row in csv.DictReader(file, delimiter="\t")}
    outcomes = []
    for seed in seeds:
        job = jobs.get(seed)
        report = folder / f"seed-{seed}.report.json"
        if job and job["Exitval"] == "0" and report.is_file():
            achieved, ended = round(result.clock_of(json.loads(report.read_text()))[1], 2), "routed"
        else:
            # GNU parallel ends a job that takes too long with SIGTERM.
            achieved, ended = None, "timeout" if job and job["Signal"] == "15" or job and job["Exitval"] == "-1" else "failed"
        outcomes.append({"seed": seed, "achieved_mhz": achieved, "ended": ended,
                         "seconds": round(float(job["JobRuntime"])) if job else 0})
    return outcomes
