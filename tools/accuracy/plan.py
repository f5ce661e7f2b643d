"""Runs of the accuracy table: tools/accuracy/runs.json turned into commands."""

import dataclasses
import json
import pathlib
import shlex

from tools.problem import Problem

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUNS = ROOT / "tools" / "accuracy" / "runs.json"
BASE = "base"


@dataclasses.dataclass(frozen=True)
class Run:
    """One row, column and seed. Its folder below the working folder is row/column-seed; all paths are below that."""
    row: str
    column: str
    seed: int
    stages: tuple  # of (file that the stage makes, command)
    needs: tuple = ()  # models of other runs: the one that it starts from, and its teacher where that is another
    start: tuple = ()  # stages that made those

    @property
    def name(self):
        return f"{self.row}/{self.column}-{self.seed}"

    @property
    def data(self):
        """Folder of what it learns from."""
        command = self.stages[0][1]
        return command[command.index("--data") + 1]

    @property
    def commands(self):
        """All that leads to its results, as text."""
        return [" ".join(command) for _, command in (*self.start, *self.stages)]

    def script(self):
        """Shell script that runs from the working folder; each stage whose file is there is over."""
        lines = ["set -euo pipefail", f"mkdir -p {self.name}"]
        for file, command in self.stages:
            path = f"{self.name}/{file}"
            text = shlex.join(command)
            if file.endswith(".json"):
                # `estimate` fails on a model that does not fit, after it has written its figures, which hold all the same.
                text += f" > {path}.partial"
                if command[1] == "estimate":
                    text = f"{{ {text} || test -s {path}.partial; }}"
                text += f" && mv {path}.partial {path}"
            lines.append(f"test -f {path} || {{ echo {shlex.quote('== ' + shlex.join(command))} >&2; {text}; }}")
        return "\n".join(lines) + "\n"


def load(path=RUNS):
    with path.open() as file:
        return json.load(file)


def select(names, text, what):
    """The names in `text` (a,b,c; all where it is empty), in the order of the list."""
    if not text:
        return list(names)
    wanted = text.split(",")
    if unknown := [name for name in wanted if name not in names]:
        raise Problem(f"{what}={text}: {', '.join(unknown)} not known; expected some of {', '.join(names)}")
    return [name for name in names if name in wanted]


def values_of(*parts):
    """Options given later replace those given earlier: {"--epochs": 3} and the like, as words."""
    options = {}
    for part in parts:
        options.update(part or {})
    words = []
    for name, value in options.items():
        if value is False or value is None:
            continue
        words += [name] if value is True else [name, str(value)]
    return words


def model_of(row, column, seed):
    return f"{row}/{column}-{seed}/model.safetensors"


def teacher_column(runs, row, column):
    """Whose model a column learns from: the dense start, or the row's `teacher`, which itself learns from the start."""
    teacher = runs["rows"][row].get("teacher", BASE)
    return BASE if column == teacher else teacher


def make_run(runs, row, column, seed):
    settings = runs["rows"][row]
    data = ["--data", f"data/{settings['data']}"]
    common = {**settings.get("common", {}), "--seed": seed}
    model = model_of(row, column, seed)
    if column == BASE:
        train = ["./lacuna", "train", *data, "--out", model, "--resume", *values_of(common, settings["train"])]
        return Run(row, column, seed, (("model.safetensors", train),))
    chosen = runs["columns"][column]
    start = model_of(row, BASE, seed)
    taught_by = teacher_column(runs, row, column)
    teacher = model_of(row, taught_by, seed)
    made_before = make_run(runs, row, BASE, seed).stages
    if taught_by != BASE:
        made_before += make_run(runs, row, taught_by, seed).stages[:1]
    options = values_of(common, runs["prune"], {"--teacher": teacher}, settings["prune"], chosen["prune"],
                        settings.get("columns", {}).get(column))
    stages = [("model.safetensors", ["./lacuna", "prune", start, *data, "--out", model, "--resume", *options]),
              ("test.json", ["./lacuna", "evaluate", model, *data, "--split", "test", "--json"])]
    engine = values_of(runs["engine"], settings.get("engine"))
    if chosen.get("golden"):
        golden = f"{row}/{column}-{seed}/golden.safetensors"
        quantise = ["./lacuna", "quantise", model, *data, "--out", golden, "--name", f"{row}-{column}", "--resume",
                    *values_of({"--seed": seed}, settings.get("quantise"), chosen.get("quantise"))]
        stages += [("golden.safetensors", quantise),
                   ("golden.json", ["./lacuna", "evaluate", golden, *data, "--split", "test", "--json"])]
    stages.append(("estimate.json", ["./lacuna", "estimate", model, "--json", *engine]))
    return Run(row, column, seed, tuple(stages), tuple(dict.fromkeys((start, teacher))), made_before)


def make_runs(runs, rows, columns, seeds):
    """All runs selected, row by row, in each row those that others start from or learn from first."""
    planned = []
    for row in rows:
        first = dict.fromkeys((BASE, *(teacher_column(runs, row, column) for column in columns)))
        planned += [make_run(runs, row, column, seed) for column in dict.fromkeys((*first, *columns)) for seed in seeds]
    return planned
