"""A version of a definition as it is shown: what it changed, drawn as people see it, and its text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from ..forms import catalogue as forms
from ..platform import json
from ..platform.errors import Refused
from ..platform.people import service as people
from ..platform.people.directory import Person
from . import outline, preview
from .outline import Node
from .schema import read_flow


@dataclass(frozen=True, slots=True)
class Shown:
    """``fields``: the form as it is filled; ``steps``: those of a flow; ``None``: not this, or not to be read."""

    lines: tuple[str, ...]
    fields: Markup | None = None
    steps: tuple[Node, ...] | None = None


def shown(kind: str, document: Mapping[str, Any], by: Person, language: str) -> Shown:
    """How a version looks to somebody."""
    lines = tuple(json.pretty(document).rstrip("\n").split("\n"))
    if kind == "form":
        return Shown(lines, fields=_fields(document, by))
    flow = read_flow(document, None)[0]
    if flow is None:
        return Shown(lines)
    return Shown(lines, steps=outline.of(flow, forms.form(flow.form), people.directory(), language))


def _fields(document: Mapping[str, Any], by: Person) -> Markup | None:
    """An old version may refer to what is not there any more."""
    try:
        drawn = preview.of(document, by).opened(MultiDict())[1]
    except Refused:
        return None
    return Markup(str(drawn.html))  # noqa: S704 - drawn by us
