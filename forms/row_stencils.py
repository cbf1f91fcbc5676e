"""Rows of line items in one piece: all that is so in every page but the values themselves is put in once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..platform.caches import cache
from .program import FormProgram
from .stencils import Drawn, Stencil, place_of

State = Mapping[str, str]
_MOST_LOOKS = 64
_MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class RowStencil:
    """``parts`` are HTML and gaps in turn; ``gaps`` name the column that a gap is of, by its place, and the gap."""

    parts: tuple[str, ...]
    gaps: tuple[tuple[int, str], ...]

    def fill(self, contents: Sequence[Mapping[str, str]]) -> str:
        """The HTML of a row with the ``contents`` of its columns, in their order; they are HTML already."""
        parts = list(self.parts)
        parts[1::2] = [contents[column].get(name, "") for column, name in self.gaps]
        return "".join(parts)


def in_one(row: Stencil, cells: Sequence[Stencil]) -> RowStencil:
    """A ``row`` that is open at its cells alone, with the stencils of its ``cells`` put in."""
    before, _, after = row.parts
    parts, gaps = [before], []
    for column, cell in enumerate(cells):
        parts[-1] += cell.parts[0]
        parts += cell.parts[1:]
        gaps += [(column, name) for name in cell.parts[1::2]]
    parts[-1] += after
    return RowStencil(tuple(parts), tuple(gaps))


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
        return in_one(self.table.edit_row.filled({"row": place, "fixed": fixed}), cells)


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
