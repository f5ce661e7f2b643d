"""GNU parallel, for runs that do not depend on each other."""

import shutil
import subprocess

from tools.problem import Problem

POLL_SECONDS = 5


def run(arguments, text="", poll=None, **options):
    """Runs parallel; returns its exit status. An exception ends it first, and its jobs. @param text its standard input
    @param poll called every few seconds"""
    if not shutil.which("parallel"):
        raise Problem("parallel is not on PATH: install GNU parallel (Debian package parallel)")
    process = subprocess.Popen(["parallel", "--will-cite", *arguments], stdin=subprocess.PIPE, text=True, **options)
    try:
        process.stdin.write(text)
        process.stdin.close()
        while True:
            try:
                process.wait(POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                if poll:
                    poll()
    except BaseException:
        process.terminate()  # which ends its jobs
        process.wait()
        raise
    if poll:
        poll()
    return process.returncode
