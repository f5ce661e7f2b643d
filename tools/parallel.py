"""GNU parallel, which ends with the command that has started it, and its jobs with it."""

import shutil
import signal
import subprocess

from tools.bitstream.problem import Problem

POLL_SECONDS = 5


def end(signal_number, _frame):
    """A signal's default would leave parallel behind."""
    raise SystemExit(128 + signal_number)


def run(arguments, text="", poll=None, **options):
    """Runs parallel; returns its exit status. @param text its standard input @param poll called every few seconds"""
    if not shutil.which("parallel"):
        raise Problem("parallel is not on PATH: install GNU parallel (Debian package parallel)")
    before = signal.signal(signal.SIGTERM, end)
    try:
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
    finally:
        signal.signal(signal.SIGTERM, before)
    if poll:
        poll()
    return process.returncode
