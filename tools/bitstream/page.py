"""The HTML page of a build: clock, critical path, utilisation, floorplan. One file, without anything from elsewhere."""

import html
import re

from tools.bitstream.result import SHOWN, hold_text, our_name

STYLE = """
:root { color-scheme: light dark; --line: #8884; --bar: #2a78d6; --soft: #8882; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem; border-bottom: 1px solid var(--line); text-align: left; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
.bar { background: var(--soft); width: 16rem; height: .8rem; } .bar div { background: var(--bar); height: 100%; }
code { font: 13px ui-monospace, monospace; } .key { display: inline-block; width: .8rem; height: .8rem; margin: 0 .3rem 0 1rem; }
svg { background: #15181c; max-width: 100%; height: auto; }
"""
# Part of the design: pattern of a cell's name, colour. The first that fits.
PARTS = (
    ("lane i", r"gen_lane\[0\]\.u_lane", "#4e9bf0"), ("lane f", r"gen_lane\[1\]\.u_lane", "#38c0a8"),
    ("lane g", r"gen_lane\[2\]\.u_lane", "#f0a03c"), ("lane o", r"gen_lane\[3\]\.u_lane", "#d66ad0"),
    ("drain ports", r"u_retire", "#e8603c"), ("sequencer", r"u_walker|u_issuer|u_program|u_drain|u_readiness", "#e9e04a"),
    ("engine, other", r"u_engine", "#9aa4b0"), ("link and other", r"", "#ffffff"),
)


def floorplan(file):
    """SVG of the places in use, coloured by the part of the design that has most cells there; and its legend."""
    places = {}
    for line in file.read_text().splitlines():
        bel, _, name = line.split(" ", 2)
        if match := re.match(r"X(\d+)/Y(\d+)/", bel):
            part = next(i for i, (_, pattern, _) in enumerate(PARTS) if re.search(pattern, name))
            counts = places.setdefault((int(match[1]), int(match[2])), {})
            counts[part] = counts.get(part, 0) + 1
    width, height = max(x for x, _ in places) + 1, max(y for _, y in places) + 1
    paths = {}
    for (x, y), counts in sorted(places.items()):
        paths.setdefault(max(counts, key=counts.get), []).append(f"M{x} {y}h.9v.9h-.9z")
    drawn = "".join(f'<path fill="{PARTS[part][2]}" d="{"".join(d)}"/>' for part, d in sorted(paths.items()))
    legend = "".join(f'<span class="key" style="background:{PARTS[p][2]};border:1px solid #888"></span>{PARTS[p][0]}'
                     for p in sorted(paths))
    return (f'<svg viewBox="0 0 {width} {height}" width="{8 * width}" role="img" aria-label="Floorplan">{drawn}</svg>'
            f"<p>{legend}</p>")


def bars(result):
    rows = ""
    for cell, name in SHOWN:
        if cell not in result["utilisation"]:
            continue
        use = result["utilisation"][cell]
        share = 100 * use["used"] / use["available"]
        rows += (f'<tr><td>{name}<td class="n">{use["used"]}<td class="n">{use["available"]}<td class="n">{share:.0f} %'
                 f'<td><div class="bar"><div style="width:{min(share, 100):.1f}%"></div></div>')
    return f"<table><tr><th>resource<th>used<th>available<th><th>{rows}</table>"


def path_table(path):
    rows, total = "", 0.0
    for step in path:
        total += step["ns"]
        if step["ns"] > 0:
            rows += (f'<tr><td class="n">{total:.2f}<td class="n">{step["ns"]:.2f}<td>{html.escape(step["type"])}'
                     f'<td><code>{html.escape(our_name(step["through"]))}</code>')
    return f"<table><tr><th>ns<th>+<th>kind<th>net or cell{rows}</table>"


def page(result, floorplan_file):
    """The page's text."""
    e = html.escape
    met = "reached" if result["met"] else "MISSED"
    title = f"{result['name']} {result['size']}"
    plan = (floorplan(floorplan_file) if floorplan_file.is_file()
            else "<p>Not recorded: the best of a sweep, or a nextpnr without Python.</p>")
    facts = {
        "part": f"{result['part']} in {result['package']}, timed as {result['timed_as']}",
        "clock": f"{result['clock_mhz']:.2f} MHz asked, {result['achieved_mhz']:.2f} MHz by nextpnr's timing model: {met}",
        "geometry": ", ".join(f"{name} {value}" for name, value in result["geometry"].items()),
        "seed": str(result["seed"]),
        "tools": ", ".join(f"{name} {value}" for name, value in result["tools"].items()),
        "hold times": hold_text(result),
        "sources": result["source_hash"], "command": result["command"],
    }
    rows = "".join(f"<tr><th>{name}<td>{e(value)}" for name, value in facts.items())
    return (f"<!doctype html><html lang=en><meta charset=utf-8><title>{e(title)}</title><style>{STYLE}</style>"
            f"<h1>{e(title)}</h1><table>{rows}</table><h2>Use of the device</h2>{bars(result)}"
            f"<h2>Floorplan</h2>{plan}<h2>Critical path</h2>{path_table(result['critical_path'])}</html>\n")
