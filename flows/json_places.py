"""Where the parts of a JSON text stand: the line of each pointer, so that a problem can point into an editor."""

import json
import re
from collections.abc import Iterator

from ..platform.problems import pointer

_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')


def lines_of(text: str) -> dict[str, int]:
    """The line, from 1, of every value of a valid JSON text, by pointer."""
    found: dict[str, int] = {}
    path: list[str | int] = []
    closers: list[str] = []
    key: str | None = None
    for part, line in _parts(text):
        if part in "}]":
            closers.pop()
            path.pop()
        elif part == ",":
            path[-1] = path[-1] + 1 if isinstance(path[-1], int) else ""
            key = None
        elif part == ":":
            continue
        elif closers and closers[-1] == "}" and key is None:
            key = _unquoted(part)
            path[-1] = key
            found[pointer(*path)] = line
        else:
            found.setdefault(pointer(*path), line)
            if part in "{[":
                closers.append("}" if part == "{" else "]")
                path.append("" if part == "{" else 0)
            key = None if part == "{" else ""
    return found


def _parts(text: str) -> Iterator[tuple[str, int]]:
    line, before = 1, 0
    for match in _PART.finditer(text):
        line += text.count("\n", before, match.start())
        before = match.start()
        yield match[0], line


def _unquoted(part: str) -> str:

    try:
        return str(json.loads(part))
    except ValueError:
        return part


def line_of(lines: dict[str, int], path: str) -> int | None:
    """The line of ``path``, or of the nearest part around it that there is."""
    while path not in lines and path:
        path = path.rpartition("/")[0]
    return lines.get(path)
