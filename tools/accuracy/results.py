"""What is kept of a run, one JSON file each, and means over seeds."""

import collections
import json
import math
import pathlib
import platform
import statistics
import struct
import subprocess

from tools.accuracy.data import OWNED
from tools.accuracy.plan import BASE, ROOT, make_run

# Key of the figure in `lacuna evaluate --json`: name, unit in the table, whether more is better.
FIGURES = {
    "bits_per_character": ("bits per character", 1.0, False),
    "perplexity": ("perplexity", 1.0, False),
    "accuracy": ("errors, %", 100.0, False),
    "nrmse": ("NRMSE", 1.0, False),
}


DECIDING = ("compiler", "eigen", "instruction_set")  # versions on which digits may depend


def history(file):
    """Stages that a model file went through, from its header."""
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        metadata = json.loads(stream.read(length)).get("__metadata__", {})
    return json.loads(metadata.get("lacuna.history", "{}")).get("stages", [])


def figure_of(file):
    """Key and value of an answer of `lacuna evaluate --json`; of an accuracy the errors, so that less is better."""
    answer = json.loads(file.read_text())["results"][0]
    key = next(key for key in FIGURES if key in answer)
    return key, 1.0 - answer[key] if key == "accuracy" else answer[key]


def commit():
    """The commit of the sources; what changed since, results apart, is said."""
    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    text = git("rev-parse", "--short=12", "HEAD").stdout.strip()
    if not text:
        return "unknown"
    changed = git("status", "--porcelain", "--", ".", ":!results").stdout.strip()
    return text + "-changed" if changed else text


def versions():
    """Of what decides the digits of a result: compiler, Eigen, instruction set; and the machine, for the record."""
    cache = (ROOT / "build/main/CMakeCache.txt")
    settings = dict(line.split("=", 1) for line in cache.read_text().splitlines() if "=" in line) if cache.is_file() else {}
    compiler = settings.get("CMAKE_CXX_COMPILER:FILEPATH", settings.get("CMAKE_CXX_COMPILER:STRING", "c++"))
    first = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False).stdout.splitlines()
    eigen = subprocess.run(["pkg-config", "--modversion", "eigen3"], capture_output=True, text=True, check=False)
    return {"compiler": first[0] if first else "unknown", "eigen": eigen.stdout.strip(),
            "instruction_set": settings.get("LACUNA_ARCH:STRING", "unknown"), "machine": platform.machine(),
            "system": platform.platform()}


def record(run, work):
    """What results/accuracy keeps of a run that is done."""
    folder = work / run.name
    key, value = figure_of(folder / "test.json")
    estimate = json.loads((folder / "estimate.json").read_text())
    score = next(figures for figures in estimate["figures"] if figures["mode"] == "score")
    result = {
        "row": run.row, "column": run.column, "seed": run.seed, "figure": key, "float": value,
        "weights": estimate["weights"], "cycles_per_step": score["cycles_per_step"], "engine": estimate["engine"],
        "commands": run.commands, "stages": history(folder / "model.safetensors"),
        "commit": (folder / "commit").read_text().strip(), "versions": versions(),
    }
    if pathlib.PurePath(run.data).name in OWNED:
        result["words"] = len((work / run.data / "train.txt").read_text(encoding="utf-8").split())
    if not estimate["fits"]:
        result["fits"] = False
    if (folder / "golden.json").is_file():
        result["golden"] = figure_of(folder / "golden.json")[1]
    return result


def collect(runs, work, kept):
    """Writes the record of every run that is done."""
    kept.mkdir(parents=True, exist_ok=True)
    for run in runs:
        if run.column == BASE or not all((work / run.name / file).is_file() for file, _ in run.stages):
            continue
        target = kept / f"{run.row}.{run.column}.{run.seed}.json"
        new = record(run, work)
        # The same commands gave these digits before: their record names the commit that did so first.
        if target.is_file():
            old = json.loads(target.read_text())
            if {**old, "commit": "", "versions": ""} == {**new, "commit": "", "versions": ""}:
                continue
        target.write_text(json.dumps(new, indent=1, ensure_ascii=False) + "\n")


def load(kept):
    return [json.loads(file.read_text()) for file in sorted(kept.glob("*.*.*.json"))]


def differences(before, again):
    """What differs between two records of a run, their commit and machine apart, in words; with what the digits rest on."""
    words = []
    for key in sorted((before.keys() | again.keys()) - {"commit", "versions"}):
        old, new = before.get(key), again.get(key)
        if old != new:
            words.append(f"{key} {old} before, {new} now" if isinstance(old, (int, float)) else f"other {key}")
    if words:
        words += [f"{key} was '{before['versions'].get(key)}', now '{again['versions'].get(key)}'" for key in DECIDING
                  if before["versions"].get(key) != again["versions"].get(key)]
    return words


def of_the_plan(runs, records):
    """The records whose commands are those that the plan has now; others would be compared with what is not alike."""
    return [item for item in records if item["row"] in runs["rows"] and item["column"] in runs["columns"]
            and item["commands"] == make_run(runs, item["row"], item["column"], item["seed"]).commands]


def data_of(item):
    """SHA-256 of what a run of a record learnt from; None where its model did not say."""
    return item["stages"][0].get("data_sha256") if item.get("stages") else None


def of_one_data(records):
    """Of each row the records that learnt from what most of its records did: a text that users bring can be more or less."""
    counts = {}
    for item in records:
        counts.setdefault(item["row"], collections.Counter())[data_of(item)] += 1
    return [item for item in records if data_of(item) == counts[item["row"]].most_common(1)[0][0]]


def training_speed(kept):
    """Records of `make accuracy-speed`, by threads."""
    return [json.loads(file.read_text()) for file in sorted(kept.glob("speed-*.json"))]


def spread(values):
    """Mean and standard deviation of a sample (0 for one value)."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def summary(records):
    """Per row and column: the figures by seed, their mean and spread, size and cycles."""
    cells = {}
    for item in sorted(records, key=lambda item: item["seed"]):
        cells.setdefault((item["row"], item["column"]), []).append(item)
    table = {}
    for (row, column), items in cells.items():
        cell = {"figure": items[0]["figure"], "seeds": [item["seed"] for item in items],
                "kept": items[0]["weights"]["kept"], "all": items[0]["weights"]["all"],
                "cycles_per_step": statistics.fmean(item["cycles_per_step"] for item in items),
                "fits": all(item.get("fits", True) for item in items)}
        if "words" in items[0]:
            cell["words"] = items[0]["words"]
        for kind in ("float", "golden"):
            values = {str(item["seed"]): item[kind] for item in items if kind in item}
            if values:
                cell[kind], cell[f"{kind}_spread"] = spread(values.values())
                cell[f"{kind}_by_seed"] = values
        table.setdefault(row, {})[column] = cell
    return table


def digits(value, error):
    """So many digits that the spread has two."""
    if error > 0:
        return max(0, 1 - math.floor(math.log10(error)))
    return max(0, 3 - math.floor(math.log10(abs(value)))) if value else 2
