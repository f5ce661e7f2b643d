"""What ends a command ends what it has started, too."""

import signal


def end(number, _frame):
    raise SystemExit(128 + number)


def take_children_along():
    """SIGTERM and SIGHUP (a closed terminal) end this process as an exception does, which whoever has started a program handles;
    by default they would leave the program behind. Under nohup SIGHUP stays ignored."""
    signal.signal(signal.SIGTERM, end)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, end)
