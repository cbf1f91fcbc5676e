"""Rows of line items in one piece: all that is so in every page but the values themselves is put in once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from ..platform.caches import cache
from ..platform.web.stencil import Stencil
from .program import FormProgram
from .stencils import Drawn, place_of

State = Mapping[str, str]
_VALUES = frozenset(("value", "id", "options", "files", "selected", "checked", "part"))
_MOST_LOOKS = 64
_MOST_ROWS = 50


Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowStencil:
    """``parts`` are HTML and gaps in turn; ``gaps`` names those of each column, in their order."""

    parts: tuple[str, ...]
    gaps: tuple[Names, ...]

    def fill(self, contents: Iterable[Sequence[str]]) -> str:
        """The HTML of a row: ``contents`` are HTML for each of the gaps of each column."""
        parts = list(self.parts)
        parts[1::2] = chain.from_iterable(contents)
        return "".join(parts)


def in_one(row: Stencil, cells: Sequence[Stencil]) -> RowStencil:
    """A ``row`` that is open at its cells alone, with the stencils of its ``cells`` put in."""
    before, _, after = row.parts
    parts = [before]
    for cell in cells:
        parts[-1] += cell.parts[0]
        parts += cell.parts[1:]
    parts[-1] += after
    return RowStencil(tuple(parts), tuple(cell.parts[1::2] for cell in cells))


def _only_values(cell: Stencil) -> Stencil:
    """The stencil with all gaps closed but those in which a value stands."""
    return cell.filled({name: "" for name in cell.parts[1::2] if name.partition(":")[0] not in _VALUES})


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table whose cells are in the same ``states``, column by column, whatever stands in them."""

    table: Drawn
    columns: tuple[Drawn, ...]
    states: tuple[State, ...]
    _made: dict[int, RowStencil] = field(default_factory=dict)

    def at(self, place: int) -> RowStencil:
        """The stencil of the row at ``place``; those of the first rows are kept."""
        found = self._made.get(place)
        if found is None:
            found = self._make(str(place))
            if place < _MOST_ROWS:
                self._made[place] = found
        return found

    def _make(self, place: str) -> RowStencil:
        assert self.table.edit_row is not None
        fixed = self.states[0]["fixed"] if self.states else ""
        cells = [
            each.edit.filled({**state, "row": place}) for each, state in zip(self.columns, self.states, strict=True)
        ]
        return in_one(
            self.table.edit_row.filled({"row": place, "fixed": fixed}), [_only_values(each) for each in cells]
        )


def rows_alike(
    program: FormProgram, language: str, table: Drawn, columns: Sequence[Drawn], states: Sequence[State]
) -> Rows:
    """The rows of ``table`` with these ``columns`` in these ``states``, for all pages that show them so."""
    known = cache("forms.rows")
    look = tuple((each.field.key, *state.items()) for each, state in zip(columns, states, strict=True))
    place = (*place_of(program), language, table.field.key, look)
    found: Rows | None = known.get(place)
    if found is None:
        if len(known) >= _MOST_LOOKS:
            known.clear()
        found = known[place] = Rows(table, tuple(columns), tuple(states))
    return found
