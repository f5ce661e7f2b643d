#!/usr/bin/env python3
"""Bitstreams of the boards in boards/: what `make bitstream`, `timing`, `boards`, `rates`, `flash` and
`bitstream-check` call.

Usage: python3 -m tools.bitstream.main COMMAND [--board B] [--size S] [--tiles N] [--clk-mhz F] [--act A] ...
"""

import argparse
import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys

from tools import ending
from tools.bitstream import arguments, check, page, plan as planning, program, rates, result, stages, sweep
from tools.problem import Problem, Problems


def lacuna(options, *words):
    """Runs the program `lacuna`; its one message is the Problem."""
    done = program.run(options.lacuna, *words)
    if done.returncode != 0:
        raise program.problem(done)
    if done.stdout:
        print(done.stdout.rstrip(), flush=True)


def check_fit(plan, options):
    """That the model fits the engine."""
    if not options.model:
        return
    (plan.folder / "geometry.json").write_text(json.dumps({**plan.engine, **plan.system, "Act": plan.act}))
    lacuna(options, "bake", "--geometry", plan.folder / "geometry.json", "--model", options.model, "--check")


def say_warnings(plan):
    found = stages.warnings(plan.folder / "yosys.log", plan.folder / "place.log", plan.folder / "ecppack.log")
    for line in found:
        print(f"warning: {line}")
    if not found:
        print("warnings of the tools: none that is not explained in tools/bitstream/stages.py")


def check_timing(outcome):
    """A Problem if the clock is missed, or data arrive too early for a register."""
    problems = Problems()
    if outcome["achieved_mhz"] < outcome["clock_mhz"]:
        problems.messages.append(f"the clock of {outcome['clock_mhz']:.2f} MHz is missed: {outcome['achieved_mhz']:.2f} MHz.\n"
                                 + "\n".join(result.path_text(outcome["critical_path"]))
                                 + "\nAsk for a slower one (CLK_MHZ=), another seed (SEED=), or try several (make timing)")
    if outcome["hold_violations"]:
        problems.messages.append(f"hold times are missed: {outcome['hold_violations']} violations, by nextpnr's place.log; no slower "
                                 "clock helps. Try another seed (SEED=), or several (make timing)")
    problems.end()


def check_block_rams(plan, report):
    """The sum that plans are checked with must be that of the hardware."""
    used = report["utilization"]["DP16KD"]["used"]
    counted = planning.block_rams(plan.engine, plan.system, plan.act)
    if used != counted:
        print(f"note: {used} block RAMs are used, {counted} were counted (tools/bitstream/plan.py, block_rams)")


def finish(plan, options, seed, seeds, target):
    """Record, page and table of what lies in the folder."""
    report = json.loads((plan.folder / "place.report.json").read_text())
    outcome = result.record(plan, report, plan.folder / "place.log", seed, seeds, stages.versions(),
                            arguments.command_of(target, options))
    file = plan.folder / "report.html"
    file.write_text(page.page(outcome, plan.folder / "floorplan.txt"))
    print(result.table(outcome))
    check_block_rams(plan, report)
    say_warnings(plan)
    print(f"page: {file.relative_to(planning.ROOT)}")
    return outcome


def build(options):
    plan, seed = arguments.of_build(options)
    if not options.arguments_only:
        with stages.locked(plan):
            build_plan(plan, seed, options)


def build_plan(plan, seed, options):
    check_fit(plan, options)
    print(f"{plan.board.name} {plan.size}: T={plan.engine['Tiles']}, {plan.clock.clock_mhz:.2f} MHz, "
          f"in {plan.folder.relative_to(planning.ROOT)}", flush=True)
    stages.synthesise(plan)
    kept = result.read_timing(plan.name)
    if seed is None:
        seed = kept["seed"] if kept else 1
    stages.place(plan, seed, options.place_flags.split())
    outcome = finish(plan, options, seed, [], "bitstream")
    # A sweep's record stays as long as it is of these sources and this seed.
    same = kept and (kept["source_hash"], kept["seed"], kept["tools"]) == (outcome["source_hash"], seed, outcome["tools"])
    if not same:
        result.keep(plan.name, outcome)
    check_timing(outcome)
    config = plan.folder / "place.config"
    bit = plan.folder / f"{plan.name}.bit"
    if options.model:
        baked = plan.folder / "baked.config"
        lacuna(options, "bake", config, "--geometry", plan.folder / "geometry.json", "--model", options.model, "--out", baked)
        config, bit = baked, plan.folder / f"{plan.name}-{pathlib.Path(options.model).stem}.bit"
    stages.pack(plan, config, bit)
    shutil.copyfile(bit, plan.folder / "last.bit")
    print(f"bitstream: {bit.relative_to(planning.ROOT)} ({bit.stat().st_size} bytes)")


def check_bitstream(options):
    """One small engine from source to bitstream and back."""
    arguments.check_model(options.model)
    if options.arguments_only:
        return
    options.board, options.size, options.tiles, options.clk_mhz = "ulx3s", "25f", "1", "25"
    plan = dataclasses.replace(planning.make_plan(options.board, options.size, options.tiles, options.clk_mhz), name="check")
    plan.engine.update(WeightDepth=1024, RowDepth=256, BankDepth=256, BankColumns=4)
    with stages.locked(plan):
        check_plan(plan, options)


def check_plan(plan, options):
    check_fit(plan, options)
    stages.synthesise(plan)
    stages.place(plan, 1)
    base = plan.folder / "place.config"
    stages.pack(plan, base, plan.folder / "check.bit")
    blocks = check.unpack(plan, base, "base")
    print(f"unpacked: {len(blocks)} block RAMs, and all settings, are those of place and route")
    first = (plan.folder / "check.bit").read_bytes()
    stages.pack(plan, base, plan.folder / "check.bit")
    if (plan.folder / "check.bit").read_bytes() != first:
        raise Problem("packing twice gave two bitstreams")
    if options.model:
        baked = plan.folder / "baked.config"
        lacuna(options, "bake", base, "--geometry", plan.folder / "geometry.json", "--model", options.model, "--out", baked)
        changed = check.compare_baked(base.read_text(), baked.read_text(), check.unpack(plan, baked, "baked"))
        print(f"unpacked: {changed} block RAMs hold the model")
    say_warnings(plan)


def timing(options):
    plan, seeds, jobs, seconds = arguments.of_timing(options)
    if options.arguments_only:
        return
    with stages.locked(plan):
        sweep_plan(plan, seeds, jobs, seconds, options)


def sweep_plan(plan, seeds, jobs, seconds, options):
    stages.synthesise(plan)
    outcomes = sweep.sweep(plan, seeds, jobs, options.hosts, seconds, options.place_flags.split())
    outcome = finish(plan, options, outcomes[0]["seed"], outcomes, "timing")
    print(result.seed_table(outcomes))
    result.keep(plan.name, outcome)
    check_timing(outcome)


def list_boards(_options):
    """A board that cannot be built is a Problem, after all others."""
    problems = Problems()
    best = result.best_timings()
    older = False
    print(f"{'BOARD':<15}{'SIZE':<6}{'part':<14}{'clock':>9}  {'default engine':<34}{'built':<22}UART")
    for name in planning.board_names():
        board = problems.of(planning.read_board, name)
        for size, part in board.sizes.items() if board else ():
            plan = problems.of(planning.make_plan, name, size)
            if not plan:
                continue
            kept = best.get((name, size))
            built = f"{kept['achieved_mhz']:.1f} MHz (seed {kept['seed']})" if kept else "no"
            if kept and not planning.is_present(kept):
                built, older = built + rates.OLDER, True
            engine = f"T={plan.engine['Tiles']} P={plan.engine['Ports']} weights {plan.engine['WeightDepth']}"
            print(f"{name:<15}{size:<6}{part:<14}{plan.clock.clock_mhz:>5.0f} MHz  {engine:<34}{built:<22}{board.uart}")
    if older:
        print(f"{rates.OLDER.strip()} of older sources or board files: make timing BOARD=... SIZE=... builds it again")
    problems.end()


def show_rates(options):
    rows = rates.rates(options.lacuna)
    print(rates.table(rows))
    file = planning.ROOT / "out" / "rates.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"record: {file.relative_to(planning.ROOT)}")


def flash(options):
    plan, bit, persist = arguments.of_flash(options)
    command = ["openFPGALoader", *plan.board.loader.split(), *(["--write-flash"] if persist else []), str(bit)]
    print(" ".join(command), flush=True)
    if subprocess.run(command, check=False).returncode != 0:
        raise Problem(f"openFPGALoader found no {plan.board.name}, or could not write to it (what it said is above): is the board "
                      "connected and powered, and may you use its USB device (udev rules of openFPGALoader)?")


def main(words=None):
    ending.take_children_along()
    stages.use_huge_pages()
    parser = argparse.ArgumentParser(prog="bitstream", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in (("boards", list_boards), ("build", build), ("timing", timing), ("flash", flash), ("rates", show_rates),
                           ("check", check_bitstream)):
        sub = commands.add_parser(name)
        sub.set_defaults(function=function)
        for option in ("board", "size", "tiles", "clk-mhz", "act", "seed", "model", "hosts", "place-flags", "persist"):
            sub.add_argument(f"--{option}", default="")
        sub.add_argument("--lacuna", default="build/main/cli/lacuna")
        sub.add_argument("--seeds", default="1..8")
        sub.add_argument("--jobs", default="2")
        sub.add_argument("--timeout", default="3600")
        sub.add_argument("--arguments-only", action="store_true", help="check the arguments, and end")
    options = parser.parse_args(words)
    try:
        options.function(options)
    except Problem as problem:
        print(f"{options.command}: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{options.command}: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
