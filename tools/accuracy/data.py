"""The data of each row, made once in the repository's data folder and copied into the working folder."""

import shutil
import subprocess

from tools.accuracy.plan import ROOT
from tools.problem import Problem

SCRIPTS = {
    "kjv": ["bash", "tools/data/kjv.sh", "data/kjv"],
    "digits": ["bash", "tools/data/digits.sh", "data/digits"],
    "mackey-glass": ["python3", "tools/data/mackey_glass.py", "data/mackey-glass"],
}
# Texts that a user must own: the variable that names their folder.
OWNED = {"wikitext": "WIKITEXT_DIR", "ptb": "PTB_DIR"}


def missing(name, folders):
    """What is needed before a row on these data can run; empty when nothing is."""
    if name in OWNED and not folders.get(OWNED[name]):
        return f"needs {OWNED[name]}=folder"
    return ""


def prepare(name, work, folders):
    """Makes work/data/name."""
    target = work / "data" / name
    if target.is_dir():
        return
    if name in OWNED:
        command = ["bash", f"tools/data/{name}.sh", str(target), folders[OWNED[name]]]
    else:
        command = SCRIPTS[name]
    done = subprocess.run(command, cwd=ROOT, check=False, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Problem(done.stderr.strip())
    if name not in OWNED:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(ROOT / "data" / name, target)
