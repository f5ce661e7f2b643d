#!/usr/bin/env python3
"""Lint of the C++ sources: clang-format (the layout of .clang-format) and clang-tidy (the checks of .clang-tidy).

Usage: tools/lint/cpp.py [BUILD] [JOBS]    BUILD: folder with compile_commands.json (build); JOBS: at a time (2)

clang-tidy takes many seconds a file. So a file that passed is not checked again until it, a header of ours that it
includes, its compile command, .clang-tidy or clang-tidy itself changes; the build folder remembers in lint-cpp.passed.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def sources():
    """All C++ files of ours: not those of hidden folders and build folders."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        here = pathlib.Path(folder)
        folders[:] = sorted(f for f in folders
                            if not f.startswith(".") and not (here / f / "CMakeCache.txt").exists())
        found += sorted(here / f for f in files if f.endswith((".cpp", ".hpp")))
    return found


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def headers(entry):
    """Headers of ours that a file includes, directly or not, as the compiler names them."""
    command = shlex.split(entry["command"])
    if "-o" in command:
        at = command.index("-o")
        del command[at:at + 2]
    command.remove("-c")
    answer = run(command + ["-MM", "-MG"], cwd=entry["directory"])
    if answer.returncode != 0:
        sys.exit(f"lint-cpp: {entry['file']} does not compile:\n{answer.stderr}")
    names = answer.stdout.replace("\\\n", " ").split()[1:]
    paths = (pathlib.Path(entry["directory"], name).resolve() for name in names)
    return sorted({path for path in paths if path.is_relative_to(ROOT) and path.exists()})


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    database = build / "compile_commands.json"
    if not database.exists():
        sys.exit(f"lint-cpp: no {database}: run cmake first (tools/lint/cpp.py [build folder] [jobs])")

    files = sources()
    layout = run(["clang-format", "--dry-run", "-Werror", *map(str, files)])
    if layout.returncode != 0:
        sys.exit(layout.stderr + "lint-cpp: wrong layout; `clang-format -i` on the files above mends it")
    print(f"lint-cpp: the layout of {len(files)} files is right", flush=True)

    entries = {pathlib.Path(e["directory"], e["file"]).resolve(): e for e in json.loads(database.read_text())}
    units = [file for file in files if file.suffix == ".cpp"]
    strangers = [str(unit.relative_to(ROOT)) for unit in units if unit not in entries]
    if strangers:
        sys.exit(f"lint-cpp: in no target of {build}, so nothing builds or checks them: {', '.join(strangers)}")

    memory = build / "lint-cpp.passed"
    passed = set(memory.read_text().split()) if memory.exists() else set()
    common = run(["clang-tidy", "--version"]).stdout + (ROOT / ".clang-tidy").read_text()

    def fingerprint(unit):
        digest = hashlib.sha256((common + entries[unit]["command"]).encode())
        for path in headers(entries[unit]):
            digest.update(f"{path}\n".encode() + path.read_bytes())
        return digest.hexdigest()

    def tidy(unit):
        return run(["clang-tidy", "-p", str(build), "--quiet", str(unit)])

    failures = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        marks = dict(zip(units, pool.map(fingerprint, units)))
        todo = [unit for unit in units if marks[unit] not in passed]
        print(f"lint-cpp: clang-tidy on {len(todo)} of {len(units)} files", flush=True)
        answers = pool.map(tidy, todo)
        for unit, answer in zip(todo, answers):
            if answer.returncode != 0:
                failures += 1
                print(answer.stdout, file=sys.stderr, flush=True)
                continue
            with memory.open("a") as file:
                file.write(marks[unit] + "\n")
    if failures:
        sys.exit(f"lint-cpp: {failures} file(s) do not pass")


if __name__ == "__main__":
    main()
