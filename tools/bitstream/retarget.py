"""A configuration of an LFE5U as one of the LFE5UM5G with the same die.

The two differ in their name and in the tiles of the serial transceivers: those of an LFE5U are named V..., and both have
settings of their own for transceivers that nobody uses. Routing passes both kinds of tile in the same way.
"""

import re

from tools.problem import Problem


def sections(text):
    """(header, lines) of each section."""
    return [(part.split("\n", 1)[0], part.split("\n")[1:]) for part in re.split(r"(?m)^(?=\.)", text) if part]


def retarget(text, reference):
    """@param text of the LFE5U  @param reference any configuration of the other part, with unused transceivers"""
    device = re.search(r"(?m)^\.device (\S+)$", reference)[1]
    comment = re.search(r"(?m)^\.comment Part: .*$", reference)[0]
    unused = {header: lines for header, lines in sections(reference) if re.match(r"\.tile \S+:CIB_DCU", header)}
    if not unused:
        raise Problem(f"{device}: no transceiver tiles in nextpnr's configuration; this version of nextpnr is not known")
    result = []
    for header, lines in sections(text):
        if header.startswith(".device "):
            header = f".device {device}"
        elif header.startswith(".comment Part: "):
            header = comment
        elif match := re.fullmatch(r"\.tile (\S+):V(CIB_DCU\w*)", header):
            header = f".tile {match[1]}:{match[2]}"
            if header not in unused:
                raise Problem(f"{device}: has no tile {header}")
            own = [line for line in lines if line and not line.startswith("enum: CIB.J")]
            lines = [*(line for line in unused[header] if line), *own, "", ""]
        result.append("\n".join([header, *lines]))
    return "".join(result)
