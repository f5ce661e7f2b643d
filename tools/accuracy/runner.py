"""Runs in a queue, on this machine's cores or on several machines, by GNU parallel."""

import sys

from tools import parallel
from tools.accuracy import results
from tools.problem import Problem

RETURNED = ("model.safetensors", "golden.safetensors", "test.json", "golden.json", "estimate.json")


def waves(runs):
    """Runs that wait for nothing, then those that wait for these alone, and so on."""
    depth = {}
    for run in runs:  # in the order of the plan: what a run needs comes before it
        depth[run.name] = 1 + max((depth.get(file.rpartition("/")[0], 0) for file in run.needs), default=-1)
    return [[run for run in runs if depth[run.name] == wave] for wave in range(max(depth.values(), default=-1) + 1)]


def check_plan(runs, work):
    """Refuses to go on in the folder of a run whose commands were others."""
    changed = []
    for run in runs:
        script = work / run.name / "run.sh"
        if script.is_file() and script.read_text() != run.script():
            changed.append(str(script.parent))
    if changed:
        raise Problem("these runs were begun with other commands than tools/accuracy/runs.json has now:\n  "
                      + "\n  ".join(changed) + "\ndelete their folders to run them again, or give another WORK= folder")


def is_done(run, work):
    return all((work / run.name / file).is_file() for file, _ in run.stages)


def write_script(run, work, commit):
    folder = work / run.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.sh").write_text(run.script())
    (folder / "commit").write_text(commit + "\n")


def remote_flags(run_list, hosts):
    """Files go with each run, and come back; what a broken run leaves stays there, for the next attempt."""
    flags = ["--sshlogin", hosts, "--workdir", ".", "--basefile", "lacuna"]
    for name in sorted({run.data for run in run_list}):
        flags += ["--basefile", name]
    return flags


def execute(runs, work, jobs, hosts):
    """Runs all that is not done; returns the names of those that failed."""
    failed = []
    commit = results.commit()
    for wave in waves(runs):
        wave = [run for run in wave if not is_done(run, work) and not set(run.needs) & missing_files(run, work)]
        if not wave:
            continue
        for run in wave:
            write_script(run, work, commit)
        print(f"{len(wave)} runs, {jobs} at a time: {wave[0].name} .. {wave[-1].name}", flush=True)
        command = ["--jobs", str(jobs), "--line-buffer", "--tagstring", "{1}", "--colsep", "\t", "--joblog", "jobs.tsv"]
        if hosts:
            command += remote_flags(wave, hosts)
            for file in ("{1}/run.sh", "{2}", "{3}"):
                command += ["--transferfile", file]
            for file in RETURNED:
                command += ["--return", f"{{1}}/{file}"]
        # Two needs at most; what has fewer names a file that is there anyway.
        lines = ["\t".join((run.name, *run.needs, "lacuna", "lacuna")) for run in wave]
        status = parallel.run([*command, "bash {1}/run.sh 2>&1"], "\n".join(lines), cwd=work, stdout=sys.stderr)
        failed += [run.name for run in wave if not is_done(run, work)]
        if status not in range(102):
            raise Problem(f"parallel ended with {status}: it was interrupted; run the same command to go on")
    return failed


def missing_files(run, work):
    return {file for file in run.needs if not (work / file).is_file()}
