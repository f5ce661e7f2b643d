"""What stops a tool, in words for the user."""


class Problem(Exception):
    """One message or several, each: what, where, got, expected, what to do."""

    def __str__(self):
        if len(self.args) == 1:
            return str(self.args[0])
        return f"{len(self.args)} problems:" + "".join(f"\n  {message}" for message in self.args)


class Problems:
    """Collects Problems, so that all are said at once."""

    def __init__(self):
        self.messages = []

    def of(self, function, *arguments):
        """What the function returns; None if it has a Problem, which is kept."""
        try:
            return function(*arguments)
        except Problem as problem:
            self.messages += problem.args
            return None

    def end(self):
        """One Problem of all that were kept, if any."""
        if self.messages:
            raise Problem(*self.messages)
