"""A problem: what is wrong with a definition, a value or a configuration, where, and the way out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from .text import Message


class Severity(StrEnum):
    """An error stops a publish; a warning is shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """``path`` is a JSON Pointer (RFC 6901) to the wrong part; ``code`` is stable; ``message`` ends with the way out.

    ``example`` shows values under which the problem is met, where there are such.
    """

    path: str
    code: str
    message: str
    severity: Severity = Severity.ERROR
    example: Mapping[str, Any] | None = None

    def below(self, prefix: str) -> "Problem":
        """The same problem, seen from further out."""
        return replace(self, path=prefix + self.path)


def pointer(*parts: str | int) -> str:
    """The JSON Pointer of ``parts``: ``pointer("fields", 3, "a/b") == "/fields/3/a~1b"``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def errors_of(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Those that stop a publish."""
    return tuple(problem for problem in problems if problem.severity is Severity.ERROR)


__all__ = ["Message", "Problem", "Severity", "errors_of", "pointer"]
