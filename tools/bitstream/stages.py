"""The stages of a build: Yosys, nextpnr, ecppack. Each writes into the build's folder and leaves its whole log there.

A stage whose inputs, command and tool are those of the last time is not run again: <stage>.key holds their hash, and is there
only while the stage's outputs are those of them.
"""

import contextlib
import fcntl
import functools
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import time

from tools.bitstream import floorplan, retarget
from tools.bitstream.plan import ROOT
from tools.problem import Problem

PROGRESS_SECONDS = 30
STUCK_SECONDS = 300  # with the same wires left, after which another seed is the better way

# Messages of the tools that are known, and why they are no fault. Any other warning is shown.
EXPLAINED = (
    (r"ABC: Warning: The network is combinational", "abc9 is given logic only; registers stay outside"),
    (r"ABC: Warning: AIG with boxes has internal fanout", "a carry's output goes on into logic of its own slice (Yosys 0.66)"),
)

# What a late wire counts against a long one in nextpnr's placer: 10 by its default, with which an 85F was 12 % slower.
TIMING_WEIGHT = 30

FLOORPLAN = """\
with open("{file}", "w") as out:
    for name, cell in ctx.cells:
        out.write("%s %s %s\\n" % (cell.bel, cell.type, name))
"""


def use_huge_pages():
    """Asks glibc (2.35 or later) for pages of 2 MB in all tools that this process starts from now on. nextpnr looks things up
    all over a gigabyte: with them it took 11 % less time on a 25F. What the user has set in GLIBC_TUNABLES stays."""
    os.environ.setdefault("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")


def version(program):
    """First line that a program says of its version; a Problem if it is not there."""
    if not shutil.which(program):
        raise Problem(f"{program} is not on PATH: run make setup")
    said = subprocess.run([program, "-V" if program == "yosys" else "--version"], capture_output=True, text=True)
    lines = [line for line in (said.stdout + said.stderr).splitlines() if "ersion" in line or line.startswith("Yosys")]
    line = lines[0].strip() if lines else "unknown"
    in_brackets = re.search(r"\(Version (.+)\)$", line)  # nextpnr's
    return in_brackets[1] if in_brackets else line.removeprefix("Version ")


def versions():
    return {program: version(program) for program in ("yosys", "nextpnr-ecp5", "ecppack")}


@contextlib.contextmanager
def locked(plan):
    """Makes the build's folder and has it for this process alone; a Problem if another one has it."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    with (plan.folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(f"{plan.folder.relative_to(ROOT)} is in use by another build: wait for its end, or end it") from None
        yield


def key_of(*parts):
    return hashlib.sha256(b"\0".join(p if isinstance(p, bytes) else str(p).encode() for p in parts)).hexdigest()


def is_done(plan, stage, key, *outputs):
    file = plan.folder / f"{stage}.key"
    return file.is_file() and file.read_text() == key and all((plan.folder / o).is_file() for o in outputs)


@contextlib.contextmanager
def doing(plan, stage, key):
    """While a stage writes its outputs it has no key; one that fails or is interrupted leaves none."""
    file = plan.folder / f"{stage}.key"
    file.unlink(missing_ok=True)
    yield
    file.write_text(key)


def warnings(*logs):
    """Warnings that are not explained, each once."""
    found = {}
    for log in logs:
        for line in log.read_text(errors="replace").splitlines() if log.is_file() else ():
            if re.search(r"\bwarning\b", line, re.IGNORECASE) and not re.search(r"\b0 warnings\b", line):
                if not any(re.search(pattern, line) for pattern, _ in EXPLAINED):
                    found.setdefault(re.sub(r"\d+", "#", line), f"{log.name}: {line.strip()}")
    return list(found.values())


def failure(name, log):
    """The message of a stage that failed: its errors, or the end of its log."""
    lines = log.read_text(errors="replace").splitlines()
    errors = [line for line in lines if "ERROR" in line] or lines[-5:]
    return f"{name} failed:\n  " + "\n  ".join(errors[:8]) + f"\nthe whole log: {log.relative_to(ROOT)}"


def run(name, command, log, **options):
    """Runs a stage; what it prints goes to the log. A Problem with the end of the log if it fails."""
    with log.open("w") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode != 0:
        raise Problem(failure(name, log))


# ---- Yosys
def synthesise(plan):
    """netlist.json of the board's top, with the places of the lanes' multipliers and block RAMs."""
    sources = plan.sources()
    # At least 63 bits: Yosys takes a literal with a width.
    settings = [f"-set {name} {value}" for name, value in plan.parameters().items()]
    settings.append(f"-set BuildHash 64'h{plan.source_hash()[:16]}")
    netlist = plan.folder / "netlist.json"
    script = "\n".join([
        "read_verilog -lib -specify +/ecp5/cells_sim.v +/ecp5/cells_bb.v",
        f"read_verilog -sv -D LACUNA_ACT={plan.act} {' '.join(sources)}",
        f"chparam {' '.join(settings)} lacuna_board",
        f"synth_ecp5 -abc9 -top {plan.board.top} -json {netlist.relative_to(ROOT)}",
        f"check -assert {plan.board.top}",
        f"tee -q -o {(plan.folder / 'cells.txt').relative_to(ROOT)} stat",
        "",
    ])
    key = key_of(version("yosys"), script, pathlib.Path(floorplan.__file__).read_bytes(),
                 *[(ROOT / s).read_bytes() for s in sources])
    if is_done(plan, "synthesis", key, "netlist.json"):
        print("synthesis: nothing changed")
        return
    start = time.monotonic()
    print(f"synthesis of {len(sources)} sources (Yosys) ...", flush=True)
    (plan.folder / "synthesis.ys").write_text(script)
    log = plan.folder / "yosys.log"
    with doing(plan, "synthesis", key):
        run("synthesis", ["yosys", "-q", "-l", str(log), "-e", "implicitly declared", "-e", "Resizing cell port",
                          str(plan.folder / "synthesis.ys")], plan.folder / "yosys.out", cwd=ROOT)
        floorplan.pin_file(netlist, plan.die, plan.engine["Tiles"])
    print(f"synthesis: {time.monotonic() - start:.0f} s", flush=True)


# ---- nextpnr
def placement_command(plan, seed, prefix, flags=()):
    """Command whose files are all in its working folder, so that it also runs on another machine. @param flags more of
    nextpnr's"""
    if (plan.folder / "region.py").is_file():
        flags = ("--pre-place", "region.py", *flags)
    return ["nextpnr-ecp5", plan.timed_as, "--package", plan.board.package, "--speed", plan.board.grade,
            "--json", "netlist.json", "--lpf", "board.lpf", "--textcfg", f"{prefix}.config", "--report",
            f"{prefix}.report.json", "--seed", str(seed), "--timing-allow-fail",
            "--placer-heap-timingweight", str(TIMING_WEIGHT), *flags]


def placement_key(plan, seed, flags=()):
    return key_of(version("nextpnr-ecp5"), placement_command(plan, seed, "x", flags),
                  *((plan.folder / name).read_bytes() for name in placement_inputs(plan)))


@functools.cache
def nextpnr_has_python():
    """Whether nextpnr takes --pre-place and --post-route."""
    return "--pre-place" in subprocess.run(["nextpnr-ecp5", "--help"], capture_output=True, text=True).stderr


def prepare_placement(plan):
    """board.lpf; and region.py, which keeps part of the logic in its place, where nextpnr has Python and the die wants it."""
    shutil.copyfile(ROOT / plan.board.constraints, plan.folder / "board.lpf")
    region = floorplan.region_script(plan.die) if nextpnr_has_python() else ""
    (plan.folder / "region.py").unlink(missing_ok=True)
    if region:
        (plan.folder / "region.py").write_text(region)


def placement_inputs(plan):
    """Names of the files that a placement reads, in the build's folder."""
    return ["netlist.json", "board.lpf", *(["region.py"] if (plan.folder / "region.py").is_file() else [])]


STUCK = " for minutes: nextpnr may not find a way for them; interrupt it, and try SEED={} or make timing with PLACE_TIMEOUT="

PHASES = (
    (r"Packing constants", "packing"),
    (r"Creating initial analytic placement|Running main analytical placer|iter=", "placing"),
    (r"Running simulated annealing|refinement", "refining the placement"),
    (r"Routing globals|Routing\.\.", "routing"),
)


def phase_of(log):
    """Where nextpnr is, by its log."""
    text = log.read_text(errors="replace") if log.is_file() else ""
    now = "reading"
    for pattern, name in PHASES:
        if re.search(pattern, text):
            now = name
    left = re.findall(r"^Info:\s+\d+ \|\s+\d+\s+\d+ \|\s+\d+\s+\d+ \|\s+(\d+)\|", text, re.MULTILINE)
    return f"{now}, {left[-1]} wires left" if left else now


def place(plan, seed, flags=()):
    """place.config and place.report.json; and floorplan.txt where nextpnr has Python. @param flags more of nextpnr's"""
    prepare_placement(plan)
    key = placement_key(plan, seed, flags)
    if is_done(plan, "place", key, "place.config", "place.report.json"):
        print(f"place and route (seed {seed}): nothing changed")
        return
    with doing(plan, "place", key):
        route(plan, seed, flags)


def route(plan, seed, flags):
    """nextpnr, with a line of where it is every PROGRESS_SECONDS."""
    start = time.monotonic()
    log = plan.folder / "place.log"
    for name in ("place.config", "place.report.json", "floorplan.txt"):
        (plan.folder / name).unlink(missing_ok=True)
    (plan.folder / "floorplan.py").write_text(FLOORPLAN.format(file="floorplan.txt"))
    command = placement_command(plan, seed, "place", flags)
    if nextpnr_has_python():
        command += ["--post-route", "floorplan.py"]
    print(f"place and route, seed {seed} (nextpnr) ...", flush=True)
    phase, since = "", start  # where it was, and since when
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=plan.folder, stdout=out, stderr=subprocess.STDOUT)
        try:
            while True:
                try:
                    process.wait(PROGRESS_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    now = time.monotonic()
                    if (reached := phase_of(log)) != phase:
                        phase, since = reached, now
                    stuck = "wires left" in phase and now - since >= STUCK_SECONDS
                    print(f"  {now - start:4.0f} s: {phase}" + (STUCK.format(seed + 1) if stuck else ""), flush=True)
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode != 0 or not (plan.folder / "place.config").is_file():
        raise Problem(failure("place and route", log))
    print(f"place and route: {time.monotonic() - start:.0f} s", flush=True)


# ---- ecppack
def pack(plan, config, bit):
    """A bitstream of a textual configuration, for the board's own part."""
    text = config.read_text()
    if plan.packed_as != plan.timed_as:
        text = retarget.retarget(text, reference_config(plan))
    final = plan.folder / f"{bit.stem}.final.config"
    final.write_text(text)
    run("ecppack", ["ecppack", "--compress", "--input", str(final), "--bit", str(bit)], plan.folder / "ecppack.log")


def reference_config(plan):
    """Configuration of a constant pin on the board's own part, for what that part has and the timed one has not."""
    folder = plan.folder / "reference"
    folder.mkdir(exist_ok=True)
    (folder / "one.v").write_text("module one(output y); assign y = 1'b1; endmodule\n")
    run("synthesis of a constant", ["yosys", "-q", "-p", "read_verilog one.v; synth_ecp5 -top one -json one.json"],
        folder / "yosys.log", cwd=folder)
    run("place and route of a constant",
        ["nextpnr-ecp5", plan.packed_as, "--package", plan.board.package, "--speed", plan.board.grade, "--json", "one.json",
         "--lpf-allow-unconstrained", "--textcfg", "one.config", "--quiet"], folder / "nextpnr.log", cwd=folder)
    return (folder / "one.config").read_text()
