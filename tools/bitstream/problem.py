"""What stops a build, in words for the user."""


class Problem(Exception):
    """One message: what, where, got, expected, what to do."""
