"""The program `lacuna`, of which baking and estimates are parts."""

import subprocess

from tools.problem import Problem


def run(program, *arguments):
    try:
        return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    except OSError as error:
        raise Problem(f"{program}: {error.strerror}; expected the program lacuna: make build makes build/main/cli/lacuna") from error


def problem(done):
    """Of a run that failed: the program's one message."""
    return Problem((done.stderr or done.stdout).strip().removeprefix("lacuna: "))
