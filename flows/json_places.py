"""Where the parts of a JSON text stand: the line of each pointer, so that a problem can point into an editor."""

import json
import re
from collections.abc import Iterator

from ..platform.problems import pointer

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')


def lines_of(text: str) -> dict[str, int]:
    """The line, from 1, of every value of a valid JSON text, by pointer."""
    found: dict[str, int] = {}
    path: list[str | int] = []
    closers: list[str] = []
    key: str | None = None
    for token, line in _tokens(text):
        if token in "}]":
            closers.pop()
            path.pop()
        elif token == ",":
            path[-1] = path[-1] + 1 if isinstance(path[-1], int) else ""
            key = None
        elif token == ":":
            continue
        elif closers and closers[-1] == "}" and key is None:
            key = _unquoted(token)
            path[-1] = key
            found[pointer(*path)] = line
        else:
            found.setdefault(pointer(*path), line)
            if token in "{[":
                closers.append("}" if token == "{" else "]")
                path.append("" if token == "{" else 0)
            key = None if token == "{" else ""
    return found


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line, before = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", before, match.start())
        before = match.start()
        yield match[0], line


def _unquoted(token: str) -> str:

    try:
        return str(json.loads(token))
    except ValueError:
        return token


def line_of(lines: dict[str, int], path: str) -> int | None:
    """The line of ``path``, or of the nearest part around it that there is."""
    while path not in lines and path:
        path = path.rpartition("/")[0]
    return lines.get(path)
