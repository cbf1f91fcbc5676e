"""What is known while one submission is read: thrown away when its reading is made."""

from collections.abc import Mapping
from typing import Any

from ..platform.problems import Problem, pointer
from .conditions.tree import Condition
from .formulas import Env
from .reading import EMPTY, Found, ReadContext


class State:
    """``values`` hold what was read so far, facts beside it. Names of columns are ``lines.total``.

    ``hidden`` by a rule has no value; ``concealed`` by a right keeps its own. ``changed`` are lookups that point to
    another record than before. ``broken`` are nodes with a problem: nothing that needs them is checked.
    """

    __slots__ = (
        "alike", "broken", "cells", "changed", "concealed", "context", "env", "filters", "first", "hidden", "is_open",
        "links", "places", "previous", "problems", "raw", "readonly", "required", "rights", "values", "withheld",
    )  # fmt: skip

    def __init__(self, raw: Mapping[str, Any], context: ReadContext) -> None:
        self.raw = raw
        self.context = context
        self.rights = context.rights
        self.withheld = context.withheld
        self.is_open = context.rights is None and not context.withheld  # who sends may edit all
        self.first = context.previous is None
        self.previous: Mapping[str, Any] = context.previous if context.previous is not None else EMPTY
        self.values: dict[str, Any] = dict(context.submitter) if context.submitter else {}
        self.env = Env(
            self.values, now=context.now, zone=context.zone, working_days=context.working_days, records=context.records
        )
        self.hidden: set[str] = set()
        self.concealed: set[str] = set()
        self.readonly: set[str] = set()
        self.required: set[str] = set()
        self.broken: set[str] = set()
        self.changed: dict[str, Found | None] = {}
        self.filters: list[tuple[str, str, Condition, Found]] = []
        self.links: dict[str, Mapping[str, Any]] = {}
        self.places: dict[str, list[int]] = {}  # of the rows of a table in what was sent, where blank ones were dropped
        self.cells: dict[str, set[str]] = {}  # by hidden, required, readonly: cells that rules treat for themselves
        self.problems: list[Problem] = []
        self.alike: tuple[Any, ...] = ()

    def problem(self, path: str, code: str, message: str, node: str) -> None:
        """Something is wrong with ``node``; what needs it is not checked any more."""
        self.problems.append(Problem(path, code, message))
        self.broken.add(node)

    def cell(self, word: str, table: str, index: int | str, column: str) -> None:
        """Rules make one cell hidden, required or readonly."""
        self.cells.setdefault(word, set()).add(f"/{table}/{index}/{column}")

    def is_hidden(self, table: str, index: int, column: str) -> bool:
        """Whether rules hide one cell."""
        hidden = self.cells.get("hidden")
        return hidden is not None and f"/{table}/{index}/{column}" in hidden

    def row_pointer(self, table: str, index: int, column: str) -> str:
        """Where a cell stands in what was sent."""
        places = self.places.get(table)
        return "/values" + pointer(table, places[index] if places is not None else index, column)
