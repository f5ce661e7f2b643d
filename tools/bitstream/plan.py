"""From BOARD, SIZE and overrides to everything a build needs, checked before anything slow begins."""

import dataclasses
import hashlib
import json
import pathlib
import re
import shlex

from tools.bitstream import pll
from tools.problem import Problem, Problems

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOARDS = ROOT / "boards"
DEVICES = ROOT / "pack" / "devices.json"

# Part: die of pack/devices.json, nextpnr's option for the part itself, and the one that it is timed as. The timing
# data of UM5G parts have block RAM paths three times too fast, so those are timed as an LFE5U of the same grade
# (docs/boards.md). A 12F is a 25F die with another identification.
PARTS = {
    "LFE5U-12F": ("lfe5u-25f", "--12k", "--12k"),
    "LFE5U-25F": ("lfe5u-25f", "--25k", "--25k"),
    "LFE5U-45F": ("lfe5u-45f", "--45k", "--45k"),
    "LFE5U-85F": ("lfe5u-85f", "--85k", "--85k"),
    "LFE5UM5G-25F": ("lfe5u-25f", "--um5g-25k", "--25k"),
    "LFE5UM5G-45F": ("lfe5u-45f", "--um5g-45k", "--45k"),
    "LFE5UM5G-85F": ("lfe5u-85f", "--um5g-85k", "--85k"),
}
KEYS = {"NAME", "SIZES", "PACKAGE", "GRADE", "OSCILLATOR_MHZ", "BAUD", "UART", "LOADER"}
MULTIPLIERS_PER_TILE = 12
MULTIPLIERS_PER_CELL = 3  # of a port's cell update, where the PEs leave as many
MAX_TILES = 21
TWO_PORTS_FROM = 9  # tiles


@dataclasses.dataclass(frozen=True)
class Board:
    """boards/<id>/board.mk."""

    id: str
    name: str
    sizes: dict  # size: part, the default first
    package: str
    grade: str
    oscillator_mhz: float
    baud: int
    uart: str
    loader: str

    @property
    def top(self):
        return f"lacuna_{self.id.replace('-', '_')}"

    @property
    def constraints(self):
        return f"constraints/{self.id}.lpf"


def read_board(name):
    where = f"boards/{name}/board.mk"
    problems = Problems()
    values = {}
    for at, line in enumerate((BOARDS / name / "board.mk").read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"BOARD_([A-Z_]+) := (.+)", line)
        if match and match[1] in KEYS:
            values[match[1]] = match[2].strip()
        else:
            problems.messages.append(f"{where}:{at}: got '{line}', expected BOARD_<key> := <value> with a key of "
                                     + ", ".join(sorted(KEYS)))

    def wrong(key, got, expected):
        problems.messages.append(f"{where}: BOARD_{key}: got '{got}', expected {expected}")

    for key in sorted(KEYS - values.keys()):
        wrong(key, "", "a line with it")
    sizes = {}
    for pair in values.get("SIZES", "").split():
        size, _, part = pair.partition("=")
        if size and part in PARTS:
            sizes[size] = part
        else:
            wrong("SIZES", pair, f"<size>=<part> with a part of {', '.join(PARTS)}")
    grades = sorted({grade for facts in devices().values() for grade in facts["clock_mhz"]})
    if (grade := values.get("GRADE", grades[0])) not in grades:
        wrong("GRADE", grade, f"one of {', '.join(grades)}")
    if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)?", mhz := values.get("OSCILLATOR_MHZ", "1")):
        wrong("OSCILLATOR_MHZ", mhz, "a number of MHz")
    if not re.fullmatch(r"[1-9][0-9]*", baud := values.get("BAUD", "1")):
        wrong("BAUD", baud, "a number of bits a second")
    problems.end()
    return Board(name, values["NAME"], sizes, values["PACKAGE"], grade, float(mhz), int(baud), values["UART"], values["LOADER"])


def board_names():
    return sorted(path.parent.name for path in BOARDS.glob("*/board.mk"))


def find_board(name):
    names = board_names()
    if name not in names:
        raise Problem(f"BOARD={name}: expected one of {', '.join(names)} (make boards lists them)")
    return read_board(name)


def devices():
    return json.loads(DEVICES.read_text())


def device(name):
    return devices()[name]


def block_rams(engine, system, act):
    """Block RAMs of engine and system; the build compares it with what synthesis used. As pack/device.cpp counts."""
    def blocks(words):
        whole, rest = divmod(words, 512)
        return max(1, whole + (rest > 32 or (rest > 0 and whole == 0)))

    weights = 4 * engine["Tiles"] * blocks(engine["WeightDepth"])
    ports = engine["Ports"] * (5 * blocks(engine["RowDepth"]) + 5)
    banks = engine.get("BankColumns", act // 2) * -(-engine["BankDepth"] // 512)
    buffers = 2
    embedding = act // 2 * blocks(system["EmbeddingDepth"]) if system["EmbeddingDepth"] else 0
    boot = blocks(system["BootDepth"]) if system["BootDepth"] else 0
    return weights + ports + banks + embedding + boot + buffers


@dataclasses.dataclass(frozen=True)
class Plan:
    """One build."""

    board: Board
    size: str
    part: str
    die: str
    timed_as: str  # nextpnr's option
    packed_as: str
    act: int
    clock: pll.Dividers
    engine: dict
    system: dict
    name: str

    @property
    def folder(self):
        return ROOT / "build" / "bitstream" / self.name

    @property
    def timed_part(self):
        return self.part.replace("UM5G", "U")

    def sources(self):
        """Hardware sources, relative to the root, packages first. Lists are those of rtl/ and boards/."""
        listed = []
        for name in ("rtl/rtl.f", "rtl/ecp5/ecp5.f", "boards/common/common.f"):
            folder = pathlib.PurePosixPath(name).parent
            listed += [str(folder / line) for line in (ROOT / name).read_text().split()]
        listed.append(f"boards/{self.board.id}/{self.board.top}.sv")
        for name in [*listed, self.board.constraints]:
            if not (ROOT / name).is_file():
                raise Problem(f"{name} is in a file list or belongs to the board, but is not there")
        return listed

    def parameters(self):
        """Of boards/common/lacuna_board.sv, without the build's hash."""
        return {**self.engine, **self.system, "ClockHz": round(self.clock.clock_mhz * 1e6), "Baud": self.board.baud,
                "ClkiDiv": self.clock.input, "ClkfbDiv": self.clock.feedback, "ClkopDiv": self.clock.output}

    def source_hash(self):
        """SHA-256 of sources, board files and parameters: what the device reports (its first 64 bits)."""
        digest = hashlib.sha256()
        for name in [*self.sources(), self.board.constraints, f"boards/{self.board.id}/board.mk"]:
            data = (ROOT / name).read_bytes()
            digest.update(f"{name} {len(data)}\n".encode() + data)
        digest.update(json.dumps({**self.parameters(), "Act": self.act, "Part": self.part}, sort_keys=True).encode())
        return digest.hexdigest()


def number(name, value, low, high):
    if not re.fullmatch(r"[0-9]{1,18}", value) or not low <= int(value) <= high:
        raise Problem(f"{name}={value}: expected a whole number from {low} to {high}")
    return int(value)


def is_present(record):
    """Whether a record of results/timing is of the sources, board files and parameters as they are now."""
    words = dict(word.split("=", 1) for word in shlex.split(record["command"]) if "=" in word)
    try:
        plan = make_plan(*(words.get(name, "") for name in ("BOARD", "SIZE", "TILES", "CLK_MHZ", "ACT")))
    except Problem:  # what it asked for is not there any more
        return False
    return plan.source_hash() == record["source_hash"]


def make_plan(board_name, size="", tiles="", clk_mhz="", act=""):
    """Empty strings mean the defaults. All that is wrong is one Problem: without a part, the largest one's limits count."""
    problems = Problems()
    board = problems.of(find_board, board_name)
    size = problems.of(size_of, board, size)
    part = board.sizes[size] if board and size else None
    die, packed_as, timed_as = PARTS[part] if part else (None, None, None)
    facts = device(die) if die else max(devices().values(), key=lambda facts: facts["multipliers"])
    bits = problems.of(activation_bits, act) or 8
    engine, system = problems.of(engine_of, facts, part or "the largest part", tiles, bits) or (None, None)
    clock = problems.of(clock_of, board, facts, clk_mhz)
    problems.end()
    name = f"{board.id}-{size}"
    if engine["Tiles"] != facts["engine"]["Tiles"]:
        name += f"-t{engine['Tiles']}"
    if bits == 16:
        name += "-act16"
    if clk_mhz:
        name += f"-{float(clk_mhz):g}mhz"
    return Plan(board, size, part, die, timed_as, packed_as, bits, clock, engine, system, name)


def size_of(board, size):
    """@param board None: any"""
    if board:
        size = size or next(iter(board.sizes))
        if size not in board.sizes:
            raise Problem(f"SIZE={size}: {board.name} comes as {', '.join(board.sizes)}")
    elif size and size not in (known := sorted({part.rsplit("-", 1)[1].lower() for part in PARTS})):
        raise Problem(f"SIZE={size}: expected one of {', '.join(known)}")
    return size


def activation_bits(act):
    if act not in ("", "8", "16"):
        raise Problem(f"ACT={act}: expected 8 or 16 bits of an activation")
    return int(act or 8)


def engine_of(facts, part, tiles, act):
    """Parameters of engine and system."""
    engine, system = dict(facts["engine"]), dict(facts["system"])
    if act == 16:
        engine["AccW"] = 32
    if tiles:
        engine["Tiles"] = number("TILES", tiles, 1, MAX_TILES)
        engine["Ports"] = 2 if engine["Tiles"] >= TWO_PORTS_FROM else 1
    needed = MULTIPLIERS_PER_TILE * engine["Tiles"]
    if needed > facts["multipliers"]:
        raise Problem(f"TILES={engine['Tiles']}: needs {needed} multipliers, and {part} has {facts['multipliers']}; "
                      f"at most TILES={facts['multipliers'] // MULTIPLIERS_PER_TILE}")
    left = facts["multipliers"] - needed
    engine["CellDsps"] = int(left >= MULTIPLIERS_PER_CELL * engine["Ports"])
    fit_memories(engine, system, facts, act, part, bool(tiles))
    return engine, system


def clock_of(board, facts, clk_mhz):
    """What the PLL makes of CLK_MHZ, or of the default. @param board None: its oscillator is not known"""
    if not clk_mhz:
        return pll.default(board.oscillator_mhz, facts["clock_mhz"][board.grade]) if board else None
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", clk_mhz):
        raise Problem(f"CLK_MHZ={clk_mhz}: expected a number of MHz")
    pll.check_output(float(clk_mhz))
    return pll.dividers(board.oscillator_mhz, float(clk_mhz)) if board else None


def fit_memories(engine, system, facts, act, part, asked):
    """Makes weight memories shallower where other TILES= would not leave room; a Problem if that is not enough."""
    while asked and block_rams(engine, system, act) > facts["block_rams"] and engine["WeightDepth"] > 512:
        engine["WeightDepth"] -= 512
    used = block_rams(engine, system, act)
    if used > facts["block_rams"]:
        raise Problem(f"TILES={engine['Tiles']}: needs {used} block RAMs, and {part} has {facts['block_rams']}; "
                      "ask for fewer tiles")
