#!/usr/bin/env python3
"""Lint of the C++ sources: clang-format (the layout of .clang-format) and clang-tidy (the checks of .clang-tidy).

Usage: tools/lint/cpp.py [BUILD] [JOBS]    BUILD: folder with compile_commands.json (build); JOBS: at a time (2)

clang-tidy takes many seconds a file, nearly all of them for the headers. So files of one folder that compile alike are
checked as one, by a file in the build folder that includes them; where their names clash, in halves, down to each file
alone. And a file that passed is not checked again until it, a header of ours that it includes, its compile command,
.clang-tidy or clang-tidy itself changes; the build folder remembers in lint-cpp.passed.
"""

import concurrent.futures
import hashlib
import itertools
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BATCH = 12  # files checked as one, which takes some 700 MB


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


def compiler_options(entry):
    """The words of a compile command but those that name the source and what is made of it."""
    words = shlex.split(entry["command"])
    if "-o" in words:
        at = words.index("-o")
        del words[at:at + 2]
    words.remove("-c")
    words.remove(entry["file"])
    return words


def headers(entry):
    """Headers of ours that a file includes, directly or not, as the compiler names them."""
    answer = run(compiler_options(entry) + [entry["file"], "-MM", "-MG"], cwd=entry["directory"])
    if answer.returncode != 0:
        sys.exit(f"lint-cpp: {entry['file']} does not compile:\n{answer.stderr}")
    names = answer.stdout.replace("\\\n", " ").split()[1:]
    paths = (pathlib.Path(entry["directory"], name).resolve() for name in names)
    return sorted({path for path in paths if path.is_relative_to(ROOT) and path.exists()})


def split_includes(words):
    """The options of a compiler's call without its folders of system headers, and those folders."""
    rest, folders = [], []
    words = itertools.dropwhile(lambda word: not word.startswith("-"), words)  # a launcher, the compiler
    for word in words:
        if word == "-isystem":
            folders.append(next(words))
        else:
            rest.append(word)
    return rest, folders


def batches(units, entries):
    """Files to check as one: [(files, options of the compiler)], of one folder and alike but for system headers."""
    alike = {}
    for unit in units:
        options, folders = split_includes(compiler_options(entries[unit]))
        files, found = alike.setdefault((unit.parent, *options), ([], {}))
        files.append(unit)
        found.update(dict.fromkeys(folders))
    return [(files[at:at + BATCH], [*options, *(word for folder in found for word in ("-isystem", folder))])
            for (_, *options), (files, found) in alike.items() for at in range(0, len(files), BATCH)]


def tidy(batch, build):
    """The files of a batch that pass, and what clang-tidy says of the others."""
    files, options = batch
    together = build / f"lint-cpp.{hashlib.sha256(str(files).encode()).hexdigest()[:16]}.cpp"
    together.write_text("".join(f'#include "{file}"  // NOLINT: to check them as one\n' for file in files))
    try:
        answer = run(["clang-tidy", "--quiet", f"--config-file={ROOT / '.clang-tidy'}", str(together), "--", *options],
                     cwd=build)
    finally:
        together.unlink()
    if answer.returncode == 0:
        return files, ""
    if "[clang-diagnostic-error" in answer.stdout and len(files) > 1:
        halves = [tidy((part, options), build) for part in (files[:len(files) // 2], files[len(files) // 2:])]
        return [file for good, _ in halves for file in good], "".join(said for _, said in halves)
    names = ", ".join(str(file.relative_to(ROOT)) for file in files)
    return [], answer.stdout or answer.stderr or f"clang-tidy ended with {answer.returncode}, and said nothing, on {names}"


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

    failed, checked = False, 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        marks = dict(zip(units, pool.map(fingerprint, units)))
        todo = [unit for unit in units if marks[unit] not in passed]
        print(f"lint-cpp: clang-tidy on {len(todo)} of {len(units)} files", flush=True)
        work = batches(todo, entries)
        for (files, _), (good, said) in zip(work, pool.map(lambda batch: tidy(batch, build), work)):
            checked += len(files)
            print(f"  {checked} checked", flush=True)
            if len(good) < len(files):
                failed = True
                print(said, file=sys.stderr, flush=True)
            with memory.open("a") as file:
                file.writelines(marks[unit] + "\n" for unit in good)
    if failed:
        sys.exit("lint-cpp: clang-tidy found what is above")


if __name__ == "__main__":
    main()
