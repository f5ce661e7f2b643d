"""Arguments of the targets, checked before anything is made, compiled or run: all that is wrong is said at once."""

import pathlib
import re
import shlex
import shutil
import subprocess

from tools.bitstream import plan as planning
from tools.problem import Problem, Problems
from tools.seeds import MAX_SEED, seeds_of

MAX_JOBS = 1000
MAX_SECONDS = 1000000
CONNECT_SECONDS = 5
ANSWER_SECONDS = 15


def plan_of(options):
    return planning.make_plan(options.board, options.size, options.tiles, options.clk_mhz, options.act)


def command_of(target, options):
    """The make command that gives this build again."""
    words = ["make", target, f"BOARD={options.board}"]
    for name in ("size", "tiles", "clk_mhz", "act", "seeds" if target == "timing" else "seed", "model", "place_flags"):
        if value := getattr(options, name, ""):
            words.append(f"{name.upper()}={shlex.quote(value)}")
    return " ".join(words)


def seed_of(text):
    """A seed, or None: the default."""
    return planning.number("SEED", text, 0, MAX_SEED) if text else None


def check_model(path):
    if path and not pathlib.Path(path).is_file():
        got = "is a folder" if pathlib.Path(path).is_dir() else "no such file"
        raise Problem(f"MODEL={path}: {got}; expected a model's file, for instance models/kjv-8x.safetensors")


def check_unused(name, value, instead):
    if value:
        raise Problem(f"{name}={value}: make timing does not take it; {instead}")


def check_hosts(text):
    """That plain names of hosts, [jobs/][user@]name, answer and have nextpnr. What else parallel takes is left to it."""
    problems = Problems()
    tried = []
    for entry in text.split(",") if text else ():
        host = re.sub(r"^[0-9]+/", "", entry)
        if not host:
            problems.messages.append(f"HOSTS={text}: '{entry}' names no host; expected names such as 2/big,:")
        elif re.fullmatch(r"[\w.-]+(@[\w.-]+)?", host) and not host.startswith(("-", ".")):
            if not shutil.which("ssh"):
                raise Problem(f"HOSTS={text}: ssh is not on PATH: install it (Debian package openssh-client)")
            command = ["ssh", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_SECONDS}", host, "command -v nextpnr-ecp5"]
            tried.append((host, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                                 stderr=subprocess.STDOUT, text=True)))
    for host, process in tried:
        try:
            said = process.communicate(timeout=ANSWER_SECONDS)[0].strip()
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            said = f"no answer in {ANSWER_SECONDS} s"
        if process.returncode > 0 and process.returncode != 255:
            problems.messages.append(f"HOSTS={text}: {host} has no nextpnr-ecp5 on PATH")
        elif process.returncode != 0:
            problems.messages.append(f"HOSTS={text}: {host} cannot be reached: {said or 'ssh says nothing'}")
    problems.end()


def of_build(options):
    """Plan and seed; the seed is None where none was given."""
    problems = Problems()
    plan, seed = problems.of(plan_of, options), problems.of(seed_of, options.seed)
    problems.of(check_model, options.model)
    problems.end()
    return plan, seed


def of_timing(options):
    """Plan, seeds, jobs and seconds."""
    problems = Problems()
    found = (problems.of(plan_of, options), problems.of(seeds_of, options.seeds),
             problems.of(planning.number, "JOBS", options.jobs, 1, MAX_JOBS),
             problems.of(planning.number, "PLACE_TIMEOUT", options.timeout, 1, MAX_SECONDS))
    problems.of(check_unused, "SEED", options.seed, f"SEEDS={options.seed} does")
    problems.of(check_unused, "MODEL", options.model, "make bitstream bakes one in, with the seed that the sweep found")
    problems.of(check_hosts, options.hosts)
    problems.end()
    return found


def of_flash(options):
    """Plan, bitstream, and whether it is to stay."""
    problems = Problems()
    plan = problems.of(plan_of, options)
    if options.persist not in ("", "0", "1"):
        problems.messages.append(f"PERSIST={options.persist}: expected 1 (writes the board's flash memory), or 0 or nothing (loads "
                                 "the bitstream until power-off)")
    bit = plan.folder / "last.bit" if plan else None
    if bit and not bit.is_file():
        problems.messages.append(f"there is no bitstream yet, {bit.relative_to(planning.ROOT)}: {command_of('bitstream', options)}")
    if not shutil.which("openFPGALoader"):
        problems.messages.append("openFPGALoader is not on PATH: install it (Debian and Ubuntu package openfpgaloader, or "
                                 "https://github.com/trabucayre/openFPGALoader)")
    problems.end()
    return plan, bit, options.persist == "1"
