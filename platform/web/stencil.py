"""HTML that is the same on many pages: a template is rendered once with marks where pages differ, then only filled."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup, escape

MARK = "\x00"
_SIGNS = re.compile("[&<>'\"]")


@dataclass(frozen=True, slots=True)
class Stencil:
    """``parts`` are HTML and the names of gaps in turn, beginning with HTML."""

    parts: tuple[str, ...]
    _names: tuple[str, ...] = field(init=False)
    _nothing: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", self.parts[1::2])
        object.__setattr__(self, "_nothing", ("",) * len(self.parts[1::2]))

    def fill(self, gaps: Mapping[str, str]) -> str:
        """The HTML with its gaps filled; what ``gaps`` does not name is left empty. Values are HTML already."""
        parts = list(self.parts)
        parts[1::2] = map(gaps.get, self._names, self._nothing)  # no loop in Python: a page has thousands of gaps
        return "".join(parts)

    def filled(self, gaps: Mapping[str, str]) -> "Stencil":
        """The stencil with those gaps closed; the others stay open."""
        parts = [self.parts[0]]
        for name, html in zip(self.parts[1::2], self.parts[2::2], strict=True):
            if name in gaps:
                parts[-1] = "".join((parts[-1], gaps[name], html))
            else:
                parts += [name, html]
        return Stencil(tuple(parts))


def stencil(html: str) -> Stencil:
    return Stencil(tuple(str(html).split(MARK)))  # plain text: markup escapes what is added to it


def slot(name: str) -> Markup:
    """A gap, for the templates that stencils are made of."""
    return Markup(MARK + name + MARK)  # noqa: S704 - a mark, no input


def escaped(value: object) -> str:
    """HTML of a text; nothing that comes from a person or a record is HTML already, whatever it says of itself."""
    text = str(value)
    return str(escape(text)) if _SIGNS.search(text) else text
