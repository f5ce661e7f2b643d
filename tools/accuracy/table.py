"""The table of accuracy as Markdown."""

import statistics

from tools.accuracy.results import FIGURES, digits


def figure_text(cell, kind):
    value, error = cell[kind], cell[f"{kind}_spread"]
    scale = FIGURES[cell["figure"]][1]
    value, error = value * scale, error * scale
    places = digits(value, error)
    return f"{value:.{places}f}" + (f" ± {error:.{places}f}" if len(cell["seeds"]) > 1 else "")


def against(cell, kind, dense):
    """Relative to the dense models in float of the same seeds; of errors the difference in points."""
    ours, theirs = cell[f"{kind}_by_seed"], dense["float_by_seed"]
    both = [seed for seed in ours if seed in theirs]
    if not both:
        return ""
    value = statistics.fmean(ours[seed] for seed in both)
    reference = statistics.fmean(theirs[seed] for seed in both)
    if cell["figure"] == "accuracy":
        return f"{100 * (value - reference):+.2f} points"
    return f"{100 * (value / reference - 1):+.2f} %"


def row_table(runs, row, cells, clock_mhz):
    """One row of the table of accuracy is a table here: a line for each column."""
    settings = runs["rows"][row]
    figure = FIGURES[next(iter(cells.values()))["figure"]][0]
    golden = f"golden, {settings.get('engine', {}).get('--act', 8)}-bit activations"
    lines = [f"### {settings['title']}", "",
             f"| model | weights kept | smaller | {figure}, float | against dense | {golden} | against dense | cycles/step | us/step at {clock_mhz:g} MHz | seeds |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    dense = cells.get("dense")
    for column, wanted in runs["columns"].items():
        cell = cells.get(column)
        if not cell:
            continue
        parts = [wanted["title"], f"{cell['kept']:,}", f"{cell['all'] / cell['kept']:.2f}x"]
        for kind in ("float", "golden"):
            here = kind in cell
            compare = here and dense and not (column == "dense" and kind == "float")
            parts += [figure_text(cell, kind) if here else "", against(cell, kind, dense) if compare else ""]
        parts += [f"{cell['cycles_per_step']:.1f}{'' if cell['fits'] else ' *'}", f"{cell['cycles_per_step'] / clock_mhz:.2f}", str(len(cell["seeds"]))]
        lines.append("| " + " | ".join(parts) + " |")
    if words := next(iter(cells.values())).get("words"):
        lines += ["", f"Learnt from {words:,} words."]
    if teacher := settings.get("teacher"):
        alone = settings.get("columns", {}).get(teacher, {}).get("--distill") == 0
        lines += ["", f"The pruned models learnt from the {runs['columns'][teacher]['title']} one of their seed, too (distillation)"
                  + ("; it itself had no teacher." if alone else ".")]
    return "\n".join(lines)


def speed_text(speeds):
    """How fast it trains against PyTorch, with each number of threads that was measured."""
    if not speeds:
        return "Training speed: not measured (`make accuracy-speed`)."
    parts = [f"with {item['threads']} thread{'s' if item['threads'] > 1 else ''} {item['processor_ratio']:.2f} times PyTorch {item['torch']}'s "
             f"by processor time, {item['ratio']:.2f} times on the wall (load {item['load_average'][0]:.1f})" for item in speeds]
    return f"Training speed ({speeds[0]['model']}, {speeds[0]['streams']} x {speeds[0]['steps']} words an update): {'; '.join(parts)}."


def missing_text(missing):
    if not missing:
        return "Nothing of the table is missing."
    return "\n".join(["Missing:", "", *[f"- {line}" for line in missing]])


def what_is_missing(runs, summary, rows, seeds, reasons):
    """Lines that say which rows, columns and seeds have no result yet."""
    lines = []
    for row in rows:
        cells = summary.get(row, {})
        absent = {}
        for column in runs["columns"]:
            left = [seed for seed in seeds if seed not in cells.get(column, {}).get("seeds", [])]
            if left:
                absent.setdefault(tuple(left), []).append(column)
        why = f" ({reasons[row]})" if reasons.get(row) else ""
        for left, columns in absent.items():
            which = "all columns" if len(columns) == len(runs["columns"]) else ", ".join(columns)
            lines.append(f"{row}: {which}, seed {', '.join(map(str, left))}{why}")
    return lines


def markdown(runs, summary, missing, speeds=()):
    clock = runs["engine"]["--clock-mhz"]
    parts = ["# Accuracy", "",
             "Made by `make accuracy` (docs/accuracy.md); the files beside this one hold the commands, seeds, commits and tool "
             "versions of each run. Mean over the seeds ± standard deviation, test split; against dense: of the same seeds. Every model, the dense one too, is the "
             "same dense start trained on for the same updates on the same schedule. Weights are those that the engine holds. Cycles: "
             f"the cycle model's, inputs known ahead, on the engine of an {runs['engine']['--device'].upper()}; unstructured and column pruning take "
             "there what their fullest banks need. *: with deeper memories than that part has. Rows in pairs keep the same columns (G = 2), and "
             "their golden model has weights of 4 bits, of which a pair would fit the place of one of 8: an experiment, which the engine runs as "
             "weights of 8 bits.", ""]
    for row in runs["rows"]:
        if row in summary:
            parts += [row_table(runs, row, summary[row], clock), ""]
    return "\n".join([*parts, speed_text(speeds), "", missing_text(missing), ""])
