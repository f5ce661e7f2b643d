"""The data of each row, made once in the repository's data folder and copied into the working folder."""

import pathlib
import shutil
import subprocess
import tempfile

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


def make(command, stdout=None):
    """What the script said, where its output is taken with subprocess.PIPE."""
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=stdout, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Problem(done.stderr.strip())
    return done.stdout


def prepare(name, work, folders):
    """Makes work/data/name. Of a text that the user brings, a Problem where another one is there: runs have learnt from it."""
    target = work / "data" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if name not in OWNED:
        if not target.is_dir():
            make(SCRIPTS[name])
            shutil.copytree(ROOT / "data" / name, target)
        return
    with tempfile.TemporaryDirectory(dir=target.parent) as made_in:
        made = pathlib.Path(made_in) / name
        said = make(["bash", f"tools/data/{name}.sh", str(made.absolute()), folders[OWNED[name]]], subprocess.PIPE)
        if not target.is_dir():
            made.rename(target)
            print(said.replace(str(made.absolute()), str(target)), end="")
            return
        other = [file.name for file in sorted(made.iterdir())
                 if not (target / file.name).is_file() or (target / file.name).read_bytes() != file.read_bytes()]
        if other:
            raise Problem(f"{OWNED[name]}={folders[OWNED[name]]}: {', '.join(other)} of it would differ from what is in {target}, which the "
                          f"runs there learn from; give another WORK= and RESULTS= folder, or delete {target} and those runs")
