"""A bitstream, unpacked again: does it hold what place and route wrote, and a baked model where it belongs?"""

import re

from tools.bitstream import stages
from tools.problem import Problem


def sections(text):
    """Block RAMs of a configuration: number, and its lines."""
    return dict(re.findall(r"(?m)^\.bram_init (\d+)\n((?:[0-9a-f]{3}[ \n])+)", text))


def plain(text):
    """Without what unpacking does not give back: comments and settings of the configuration port."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith((".comment", ".sysconfig")))


def words(lines):
    """36-bit words of a block RAM: four values of 9 bits, the lowest first."""
    values = [int(value, 16) for value in lines.split()]
    return [sum(value << (9 * part) for part, value in enumerate(values[at:at + 4])) for at in range(0, len(values), 4)]


def unpack(plan, config, name):
    """Packs and unpacks a configuration; a Problem if anything is not the same."""
    bit = plan.folder / f"{name}.bit"
    back = plan.folder / f"{name}.unpacked.config"
    stages.run("ecppack", ["ecppack", "--compress", str(config), str(bit)], plan.folder / f"check-{name}-pack.log")
    stages.run("ecpunpack", ["ecpunpack", str(bit), str(back)], plan.folder / f"check-{name}-unpack.log")
    packed = []
    for kind, file in (("original", config), ("unpacked", back)):
        text = plan.folder / f"{name}.{kind}.plain.config"
        text.write_text(plain(file.read_text()))
        packed.append(text.with_suffix(".bit"))
        stages.run("ecppack", ["ecppack", str(text), str(packed[-1])], plan.folder / f"check-{name}-{kind}.log")
    if packed[0].read_bytes() != packed[1].read_bytes():
        raise Problem(f"{name}: the unpacked bitstream is not the one of the configuration ({packed[0].name}, {packed[1].name})")
    first, second = sections(config.read_text()), sections(back.read_text())
    if not first or first != second:
        raise Problem(f"{name}: {len(first)} block RAMs in the configuration, {len(second)} unpacked, and they differ")
    return second


def compare_baked(base, baked, contents):
    """Only block RAMs may differ, and unpacked they must hold the words."""
    def outside(text):
        return re.sub(r"(?m)^\.bram_init \d+\n(?:[0-9a-f]{3}[ \n])+", "", text)

    if outside(base) != outside(baked):
        raise Problem("baking changed more than block RAMs")
    changed = [number for number, lines in sections(base).items() if sections(baked)[number] != lines]
    wrong = [number for number in changed if words(sections(baked)[number]) != words(contents[number])]
    if not changed or wrong:
        raise Problem(f"{len(changed)} block RAMs were baked, and {len(wrong)} hold other words when unpacked")
    return len(changed)
