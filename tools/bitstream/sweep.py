"""Many seeds of place and route, in parallel and on several machines, by GNU parallel."""

import csv
import json
import re
import shlex
import shutil

from tools import parallel
from tools.bitstream import result, stages
from tools.bitstream.plan import ROOT
from tools.problem import Problem

# Of GNU parallel's log of jobs.
LOG_COLUMNS = ("Seq", "Host", "Starttime", "JobRuntime", "Send", "Receive", "Exitval", "Signal", "Command")


def sweep(plan, seeds, jobs, hosts, seconds, flags=()):
    """Runs nextpnr for every seed; returns what became of each, the best first, and leaves the best as place.*. Seeds that
    were routed before, of the same inputs, are not routed again."""
    stages.prepare_placement(plan)
    folder = plan.folder / "sweep"
    inputs = stages.placement_inputs(plan)
    key = stages.placement_key(plan, "{}", flags)
    if not stages.is_done(plan, "sweep", key, *(f"sweep/{name}" for name in inputs)):
        with stages.doing(plan, "sweep", key):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in inputs:
                shutil.copyfile(plan.folder / name, folder / name)
    outcomes = read_outcomes(folder, seeds)
    left = [o["seed"] for o in outcomes if o["achieved_mhz"] is None]
    for outcome in outcomes:
        if outcome["seed"] not in left:
            print(seed_line(outcome) + ", before")
    if left:
        route(plan, folder, left, jobs, hosts, seconds, flags)
        outcomes = read_outcomes(folder, seeds)
    if all(o["achieved_mhz"] is None for o in outcomes):
        ends = ", ".join(f"seed {o['seed']} {o['ended']} after {o['seconds']} s" for o in outcomes)
        raise Problem(f"no seed was routed: {ends}; see {folder.relative_to(ROOT)}/seed-*.log and parallel.log there "
                      "(PLACE_TIMEOUT= gives more time)")
    outcomes = sorted(outcomes, key=rank)
    best = outcomes[0]
    with stages.doing(plan, "place", stages.placement_key(plan, best["seed"], flags)):
        for kind in ("config", "report.json", "log"):
            shutil.copyfile(folder / f"seed-{best['seed']}.{kind}", plan.folder / f"place.{kind}")
        (plan.folder / "floorplan.txt").unlink(missing_ok=True)
    return outcomes


def rank(outcome):
    """Of a sort with the best first: those with hold violations behind all others that were routed."""
    return outcome["achieved_mhz"] is None, outcome["hold_violations"] > 0, -(outcome["achieved_mhz"] or 0)


def route(plan, folder, seeds, jobs, hosts, seconds, flags):
    """Runs nextpnr for the seeds, and says of each what came out of it."""
    place = shlex.join(stages.placement_command(plan, "{}", "seed-{}", flags)).replace("'", "") + " > seed-{}.log 2>&1"
    forget(folder, seeds)
    command = ["--jobs", str(jobs), "--timeout", str(seconds), "--joblog", "+jobs.tsv"]
    if hosts:
        command += ["--sshlogin", hosts, "--workdir", ".", "--cleanup"]
        for name in stages.placement_inputs(plan):
            command += ["--basefile", name]
        for kind in ("config", "report.json", "log"):
            command += ["--return", f"seed-{{}}.{kind}"]
    print(f"place and route of {len(seeds)} seeds, {jobs} at a time, at most {seconds} s each ...", flush=True)
    said = set()

    def say():
        for outcome in read_outcomes(folder, seeds):
            if outcome["ended"] != "not begun" and outcome["seed"] not in said:
                said.add(outcome["seed"])
                print(seed_line(outcome), flush=True)

    with (folder / "parallel.log").open("w") as log:
        parallel.run([*command, place], "\n".join(map(str, seeds)), say, cwd=folder, stdout=log, stderr=log)


def seed_line(outcome):
    reached = f"{outcome['achieved_mhz']:.2f} MHz" if outcome["achieved_mhz"] else outcome["ended"]
    holds = f", {outcome['hold_violations']} hold violations" if outcome["hold_violations"] else ""
    return f"  seed {outcome['seed']}: {reached}{holds}, {outcome['seconds']} s"


def seed_of(command):
    return int(re.search(r"--seed (\d+)", command)[1])


def forget(folder, seeds):
    """Takes what became of the seeds out of parallel's log, which goes on behind the others. It begins one without names."""
    file = folder / "jobs.tsv"
    rows = file.read_text().splitlines(keepends=True)[1:] if file.is_file() else ()
    file.write_text("\t".join(LOG_COLUMNS) + "\n" + "".join(row for row in rows if seed_of(row) not in seeds))


def read_outcomes(folder, seeds):
    """Of each seed: the clock, or why there is none."""
    file = folder / "jobs.tsv"
    rows = csv.DictReader(file.read_text().splitlines(), delimiter="\t") if file.is_file() else ()
    jobs = {seed_of(row["Command"]): row for row in rows}
    outcomes = []
    for seed in seeds:
        job = jobs.get(seed)
        report = folder / f"seed-{seed}.report.json"
        achieved, holds = None, 0
        if not job:
            ended = "not begun"
        elif job["Exitval"] == "0" and report.is_file():
            achieved, ended = round(result.clock_of(json.loads(report.read_text()))[1], 2), "routed"
            holds = result.hold_violations(folder / f"seed-{seed}.log")
        else:
            # GNU parallel ends a job that takes too long with SIGTERM.
            ended = "timeout" if job["Signal"] == "15" or job["Exitval"] == "-1" else "failed"
        outcomes.append({"seed": seed, "achieved_mhz": achieved, "hold_violations": holds, "ended": ended,
                         "seconds": round(float(job["JobRuntime"])) if job else 0})
    return outcomes
