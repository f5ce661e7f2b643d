#!/usr/bin/env python3
"""The table of accuracy: what `make accuracy` and its like call.

Usage: python3 -m tools.accuracy.main run|table|list|compare [--rows R,..] [--columns C,..] [--seeds 1..3] [--work FOLDER] ...
"""

import argparse
import json
import os
import pathlib
import shutil
import sys

from tools import ending
from tools.accuracy import data, page, plan, results, runner, table
from tools.problem import Problem
from tools.seeds import seeds_of


def chosen(options, runs):
    """Rows, columns and seeds that were asked for."""
    usual = [row for row, settings in runs["rows"].items() if settings.get("only", "") in ("", f"CORPUS={options.corpus}")]
    if options.corpus and not any(settings.get("only") == f"CORPUS={options.corpus}" for settings in runs["rows"].values()):
        raise Problem(f"CORPUS={options.corpus}: expected ptb, or nothing")
    rows = plan.select(runs["rows"], options.rows, "ROWS") if options.rows else usual
    return rows, plan.select(runs["columns"], options.columns, "COLUMNS"), seeds_of(options.seeds)


def folders_of(environment):
    return {name: environment.get(name, "") for name in data.OWNED.values()}


def publish(runs, rows, seeds, folders, kept):
    """Table, JSON and page of all results that are kept, and what they lack; prints the table."""
    records = results.load(kept)
    planned = results.of_the_plan(runs, records)
    alike = results.of_one_data(planned)
    summary = results.summary(alike)
    shown = [row for row, settings in runs["rows"].items() if row in rows or row in summary or "only" not in settings]
    reasons = {row: data.missing(runs["rows"][row]["data"], folders) for row in shown}
    missing = table.what_is_missing(runs, summary, shown, seeds, reasons)
    if left := len(records) - len(planned):
        missing.append(f"{left} results were made with other commands than tools/accuracy/runs.json has now, and are left out")
    if left := len(planned) - len(alike):
        missing.append(f"{left} results learnt from other data than most of their row, and are left out")
    kept.mkdir(parents=True, exist_ok=True)
    text = table.markdown(runs, summary, missing, results.training_speed(kept))
    (kept / "README.md").write_text(text)
    (kept / "table.json").write_text(json.dumps({"rows": summary, "missing": missing}, indent=1) + "\n")
    (kept / "plots.html").write_text(page.page(runs, summary, missing))
    print(text)
    print(f"written to {kept}: README.md, table.json, plots.html")


def run(options, runs):
    rows, columns, seeds = chosen(options, runs)
    folders = folders_of(os.environ)
    ready = []
    for row in rows:
        if why := data.missing(runs["rows"][row]["data"], folders):
            print(f"{row}: left out, {why}")
        else:
            ready.append(row)
    todo = plan.make_runs(runs, ready, columns, seeds)
    work = options.work
    runner.check_plan(todo, work)
    work.mkdir(parents=True, exist_ok=True)
    for row in ready:
        data.prepare(runs["rows"][row]["data"], work, folders)
    # A copy: a build in the middle of hours of runs must not change the program under them.
    shutil.copy2(options.lacuna, work / "lacuna.partial")
    os.replace(work / "lacuna.partial", work / "lacuna")
    failed = runner.execute(todo, work, options.jobs, options.hosts)
    results.collect(todo, work, options.results)
    publish(runs, rows, seeds, folders, options.results)
    if failed:
        raise Problem(f"{len(failed)} runs did not end: {', '.join(failed)}; what they said is above. Run the same command to go on")


def only_table(options, runs):
    rows, columns, seeds = chosen(options, runs)
    if options.work.is_dir():
        results.collect(plan.make_runs(runs, rows, columns, seeds), options.work, options.results)
    publish(runs, rows, seeds, folders_of(os.environ), options.results)


def show_list(options, runs):
    rows, columns, seeds = chosen(options, runs)
    for item in plan.make_runs(runs, rows, columns, seeds):
        print(f"{item.name}: {'done' if runner.is_done(item, options.work) else 'to do'}")
        for _, command in item.stages:
            print("  " + " ".join(command))


def compare(options, _):
    """Results that were made again against the kept ones, digit by digit."""
    again = {file.name: file for file in sorted(options.results.glob("*.*.*.json"))}
    both = {name: file for name, file in again.items() if (options.against / name).is_file()}
    if not both or options.results.resolve() == options.against.resolve():
        raise Problem(f"RESULTS={options.results}: expected a folder with results of runs that {options.against} has, too; "
                      "make accuracy WORK=out/again RESULTS=out/again/results ROWS=digits SEEDS=1 makes some again")
    other = 0
    for name, file in both.items():
        words = results.differences(json.loads((options.against / name).read_text()), json.loads(file.read_text()))
        other += bool(words)
        print(f"{name.removesuffix('.json')}: {'; '.join(words) or 'the same digits'}")
    print(f"{len(both) - other} of {len(both)} runs gave the same digits")
    if other:
        raise Problem(f"{other} of {len(both)} runs gave other digits than {options.against} has")


def main():
    ending.take_children_along()
    parser = argparse.ArgumentParser(prog="accuracy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in (("run", run), ("table", only_table), ("list", show_list), ("compare", compare)):
        sub = commands.add_parser(name)
        sub.set_defaults(function=function)
        for option in ("rows", "columns", "hosts", "corpus"):
            sub.add_argument(f"--{option}", default="")
        sub.add_argument("--seeds", default="1..3")
        sub.add_argument("--jobs", type=int, default=1)
        sub.add_argument("--lacuna", type=pathlib.Path, default="build/main/cli/lacuna")
        sub.add_argument("--work", type=pathlib.Path, default="out/accuracy")
        sub.add_argument("--results", type=pathlib.Path, default="results/accuracy")
        sub.add_argument("--against", type=pathlib.Path, default=plan.ROOT / "results/accuracy")
    options = parser.parse_args()
    try:
        options.function(options, plan.load())
    except Problem as problem:
        print(f"{options.command}: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{options.command}: interrupted; the same command goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
