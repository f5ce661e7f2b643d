"""What ends a command ends what it has started, too."""

import signal


def end(number, _frame):
    raise SystemExit(128 + number)


def take_children_along():
    """SIGTERM ends this process as an exception does, which whoever has started a program handles; by default it would leave
    the program behind."""
    signal.signal(signal.SIGTERM, end)
