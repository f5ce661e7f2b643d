"""What nextpnr reports of a design: clock, critical path, utilisation; as a record, and as text."""

import json
import re

from tools.bitstream.plan import ROOT
from tools.problem import Problem

# Endings that Yosys gives to the cells it makes of a register or a signal of ours.
MADE_NAME = re.compile(r"_(TRELLIS_FF|TRELLIS_DPR16X4|TRELLIS_COMB|LUT4|PFUMX|L6MUX21|CCU2C|DP16KD)(_|$).*|\$.*")
PREFIX = "u_board.u_system."
SHOWN = (("TRELLIS_COMB", "LUTs"), ("TRELLIS_FF", "registers"), ("TRELLIS_RAMW", "distributed RAM"),
         ("DP16KD", "block RAMs"), ("MULT18X18D", "multipliers"), ("EHXPLLL", "PLLs"), ("TRELLIS_IO", "pins"))


def our_name(name):
    """The signal or instance of the sources from which a cell or net was made."""
    name = MADE_NAME.sub("", name.removeprefix("$glbnet$"))
    return name.removeprefix(PREFIX)


def clock_of(report):
    """Name, achieved and asked MHz of the system's clock: the one behind the PLL."""
    clocks = {name: figures for name, figures in report["fmax"].items() if name.endswith("u_board.clk")}
    if len(clocks) != 1:
        raise Problem(f"expected one clock u_board.clk in nextpnr's report, got {', '.join(report['fmax']) or 'none'}")
    (name, figures), = clocks.items()
    return name, figures["achieved"], figures["constraint"]


def critical_path(report):
    """Steps of the slowest path of the system's clock: (what, delay in ns, logic or routing)."""
    name, _, _ = clock_of(report)
    for path in report["critical_paths"]:
        if path["from"].endswith(name) and path["to"].endswith(name):
            return [{"through": our_name(step.get("net") or step["to"]["cell"]), "type": step["type"],
                     "ns": round(step["delay"], 3), "to": our_name(step["to"]["cell"])} for step in path["path"]]
    return []


def hold_violations(log):
    """How many nextpnr counts in its log after routing. It ends well with them, because of --timing-allow-fail."""
    text = log.read_text(errors="replace")
    counted = re.findall(r"(?m)^Info: (\d+) Hold/min time violations", text)
    return int(counted[-1]) if counted else len(re.findall(r"(?m)^\w+: Hold/min time violation for", text))


def record(plan, report, log, seed, seeds, versions, command):
    """What results/timing keeps. @param log nextpnr's"""
    name, achieved, asked = clock_of(report)
    path = critical_path(report)
    violations = hold_violations(log)
    return {
        "board": plan.board.id, "name": plan.board.name, "size": plan.size, "part": plan.part,
        "timed_as": f"{plan.timed_part}-{plan.board.grade}", "package": plan.board.package,
        "clock_mhz": round(plan.clock.clock_mhz, 6), "achieved_mhz": round(achieved, 2),
        "met": achieved >= plan.clock.clock_mhz and not violations, "constraint_mhz": asked,
        "seed": seed, "seeds": seeds, "geometry": {**plan.engine, **plan.system, "Act": plan.act},
        "pll": {"reference_mhz": plan.board.oscillator_mhz, "input": plan.clock.input, "feedback": plan.clock.feedback,
                "output": plan.clock.output},
        "utilisation": {cell: report["utilization"][cell] for cell, _ in SHOWN if cell in report["utilization"]},
        "critical_path": path, "tools": versions, "hold_checked": hold_is_checked(versions["nextpnr-ecp5"]),
        "hold_violations": violations,
        "source_hash": plan.source_hash(), "command": command,
    }


def hold_is_checked(nextpnr):
    """nextpnr looks at hold times from 0.8 on."""
    found = re.search(r"(\d+)\.(\d+)", nextpnr)
    return bool(found) and (int(found[1]), int(found[2])) >= (0, 8)


def hold_text(result):
    if result["hold_checked"]:
        return f"{result['hold_violations']} hold violations"
    return "hold times not checked by this nextpnr (0.8 and later do)"


def path_text(path):
    """Per net: where the path goes, and the sum so far."""
    if not path:
        return ["(no path reported)"]
    total, lines, last = 0.0, [], None
    logic = sum(step["ns"] for step in path if step["type"] != "routing")
    for step in path:
        total += step["ns"]
        if step["type"] == "routing" and step["ns"] > 0 and step["through"] != last:
            lines.append(f"  {total:6.2f} ns  {step['through']}")
            last = step["through"]
    lines.append(f"  {total:6.2f} ns  {path[-1]['to']} ({path[-1]['type']})")
    return [f"critical path: {total:.2f} ns, of these {logic:.2f} ns logic; nets on the way:", *lines]


def table(result):
    """The terminal's lines."""
    geometry = result["geometry"]
    lines = [
        f"{result['name']}, {result['part']} grade {result['timed_as'][-1]} {result['package']}: T={geometry['Tiles']} "
        f"P={geometry['Ports']} weight_depth={geometry['WeightDepth']} act={geometry['Act']}",
        f"clock: asked {result['clock_mhz']:.2f} MHz, reached {result['achieved_mhz']:.2f} MHz (seed {result['seed']}, "
        f"nextpnr {result['tools']['nextpnr-ecp5']}, {hold_text(result)})",
        f"{'resource':<18}{'used':>8}{'available':>11}{'':>7}",
    ]
    for cell, name in SHOWN:
        if cell not in result["utilisation"]:
            continue
        use = result["utilisation"][cell]
        lines.append(f"{name:<18}{use['used']:>8}{use['available']:>11}{100 * use['used'] / use['available']:>6.0f} %")
    return "\n".join(lines + path_text(result["critical_path"]))


def timing_file(name):
    return ROOT / "results" / "timing" / f"{name}.json"


def write_timing(name, result):
    file = timing_file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1) + "\n")


def keep(name, outcome):
    """Writes an outcome as the record, unless it misses what the record there meets; says so. What is kept stays that of the last
    bitstream."""
    file = timing_file(name)
    kept = read_timing(name)
    if kept and kept["met"] and not outcome["met"]:
        print(f"record: {file.relative_to(ROOT)} stays as it was ({kept['achieved_mhz']:.2f} MHz, seed {kept['seed']}), since this "
              "build misses its timing")
    else:
        write_timing(name, outcome)
        print(f"record: {file.relative_to(ROOT)}")


def read_timing(name):
    file = timing_file(name)
    return json.loads(file.read_text()) if file.is_file() else None


def best_timings():
    """Of each board and size, the record in results/timing with the fastest clock that met what was asked for."""
    best = {}
    for file in sorted((ROOT / "results" / "timing").glob("*.json")):
        found = json.loads(file.read_text())
        key = found["board"], found["size"]
        if found["met"] and (key not in best or found["achieved_mhz"] > best[key]["achieved_mhz"]):
            best[key] = found
    return best


def seed_table(seeds):
    """Fmax by seed, with bars."""
    most = max((s["achieved_mhz"] or 0 for s in seeds), default=0)
    lines = [f"{'seed':>5}{'MHz':>10}{'s':>7}"]
    for s in seeds:
        if s["achieved_mhz"] is None:
            lines.append(f"{s['seed']:>5}{s['ended']:>10}{s['seconds']:>7.0f}")
        else:
            bar = "#" * round(40 * s["achieved_mhz"] / most)
            holds = f" {s['hold_violations']} hold violations" if s["hold_violations"] else ""
            lines.append(f"{s['seed']:>5}{s['achieved_mhz']:>10.2f}{s['seconds']:>7.0f}  {bar}{holds}")
    return "\n".join(lines)
