"""The error of a value that does not fit its field."""

from collections.abc import Iterable

from ..platform.problems import Problem


class FieldError(ValueError):
    """``message`` names the value and the way out, ``code`` is stable.

    ``problems`` are those of the parts of a value (rows of a table), with pointers below it.
    """

    def __init__(self, message: str, *, code: str = "invalid", problems: Iterable[Problem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.problems = tuple(problems)
