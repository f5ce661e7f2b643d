"""The page of accuracy: quality against compression and against time, one pair of plots a row. One self-contained file."""

import html
import math
import re

from tools.accuracy.results import FIGURES
from tools.accuracy.table import figure_text, missing_text

STYLE = """
:root { color-scheme: light dark; --line: #8886; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; } svg { max-width: 100%; height: auto; }
text { font: 12px system-ui, sans-serif; fill: currentColor; } .axis { stroke: var(--line); } pre { white-space: pre-wrap; }
"""
COLOURS = {"dense": "#888888", "unstructured-8x": "#d66ad0", "balanced-4x": "#2a78d6", "balanced-8x": "#2a78d6",
           "balanced-16x": "#2a78d6", "balanced-4x-int4": "#2aa876", "balanced-8x-int4": "#2aa876", "columns-8x": "#e8603c", "units-8x": "#f0a03c"}
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 480, 320, 62, 44, 14, 14


def ticks(low, high, count=5):
    """Round numbers between low and high."""
    step = 10 ** math.floor(math.log10((high - low) / count))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= count)
    first = math.ceil(low / step)
    return [round(step * i, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


class Plot:
    """A plot with a logarithmic x axis."""

    def __init__(self, points, name_x, name_y):
        self.points = points
        self.names = name_x, name_y
        xs = [point["x"] for point in points]
        low = min(point["y"] - point["error"] for point in points)
        high = max(point["y"] + point["error"] for point in points)
        margin = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
        self.x_range = math.log2(min(xs)) - 0.25, math.log2(max(xs)) + 0.25
        self.y_range = low - margin, high + margin

    def x(self, value):
        low, high = self.x_range
        return LEFT + (math.log2(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        low, high = self.y_range
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def axes(self):
        parts = [f'<path class="axis" fill="none" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>']
        for value in ticks(*self.y_range):
            y = self.y(value)
            parts.append(f'<path class="axis" d="M{LEFT - 4} {y:.1f}h4"/><text x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
        for power in range(math.ceil(self.x_range[0]), math.floor(self.x_range[1]) + 1):
            x = self.x(2.0 ** power)
            parts.append(f'<path class="axis" d="M{x:.1f} {HEIGHT - BOTTOM}v4"/>'
                         f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{2.0 ** power:g}</text>')
        parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{html.escape(self.names[0])}</text>')
        middle = (TOP + HEIGHT - BOTTOM) / 2
        parts.append(f'<text transform="translate(13 {middle}) rotate(-90)" text-anchor="middle">{html.escape(self.names[1])}</text>')
        return "".join(parts)

    def mark(self, point):
        x, y = self.x(point["x"]), self.y(point["y"])
        colour = point["colour"]
        error = f'<path stroke="{colour}" d="M{x:.1f} {self.y(point["y"] - point["error"]):.1f}V{self.y(point["y"] + point["error"]):.1f}"/>'
        if point["golden"]:
            shape = f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9" fill="none" stroke="{colour}" stroke-width="2"/>'
        else:
            shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
        return f'<g>{error}{shape}<title>{html.escape(point["label"])}</title></g>'

    def svg(self):
        return (f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="{html.escape(self.names[1])} against '
                f'{html.escape(self.names[0])}">{self.axes()}{"".join(self.mark(point) for point in self.points)}</svg>')


def points_of(runs, cells, x_of):
    points = []
    for column, wanted in runs["columns"].items():
        cell = cells.get(column)
        for kind in ("float", "golden"):
            if cell and kind in cell:
                scale = FIGURES[cell["figure"]][1]
                label = f"{wanted['title']}, {kind}: {figure_text(cell, kind)}"
                points.append({"x": x_of(cell), "y": scale * cell[kind], "error": scale * cell[f"{kind}_spread"],
                               "colour": COLOURS.get(column, "#38c0a8"), "golden": kind == "golden", "label": label})
    return points


def legend(runs):
    shown = {}
    for column, wanted in runs["columns"].items():
        shown[re.sub(r" \d+x", "", wanted["title"])] = COLOURS.get(column, "#38c0a8")
    marks = "".join(f'<span style="color:{colour}">●</span> {html.escape(name)} &nbsp; ' for name, colour in shown.items())
    return f"<p>{marks} ● float, □ golden; bars: standard deviation over the seeds; lower is better</p>"


def page(runs, summary, missing):
    """The page's text."""
    clock = runs["engine"]["--clock-mhz"]
    parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>Accuracy</title><style>{STYLE}</style><h1>Accuracy</h1>",
             legend(runs)]
    for row, settings in runs["rows"].items():
        if row not in summary:
            continue
        cells = summary[row]
        figure = FIGURES[next(iter(cells.values()))["figure"]][0]
        size = Plot(points_of(runs, cells, lambda cell: cell["all"] / cell["kept"]), "times smaller", figure)
        time = Plot(points_of(runs, cells, lambda cell: cell["cycles_per_step"] / clock),
                    f"microseconds per step at {clock:g} MHz (cycle model)", figure)
        parts.append(f"<h2>{html.escape(settings['title'])}</h2><div class=plots>{size.svg()}{time.svg()}</div>")
    parts.append(f"<pre>{html.escape(missing_text(missing))}</pre></html>\n")
    return "".join(parts)
