"""A found region in the pieces that people think in: one stretch of amounts, some choices, or blank."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .domains import LineDomain
from .routes import Box
from .space import bits
from .variables import Variables


@dataclass(frozen=True, slots=True)
class Piece:
    """As :class:`~.routes.Box`; the masks of lines are runs of neighbouring cells."""

    masks: Mapping[int, int]
    rest: Mapping[int, int]


def pieces_of(box: Box, variables: Variables) -> list[Piece]:
    """``box`` split along one of its variables: stretch by stretch, blank apart."""
    for variable, mask in box.masks.items():
        parts = list(_parts(variables, variable, mask))
        if len(parts) > 1 and mask != variables.space.cells(variable):
            return [Piece({**box.masks, variable: part}, box.rest) for part in parts]
    return [Piece(box.masks, box.rest)]


def _parts(variables: Variables, variable: int, mask: int) -> Iterator[int]:
    domain = variables.domains[variable]
    blank = mask & domain.blank
    filled = mask & ~domain.blank
    if isinstance(domain, LineDomain):
        yield from _runs(filled)
    elif filled:
        yield filled
    if blank:
        yield blank


def _runs(mask: int) -> Iterator[int]:
    """Neighbouring bits together."""
    run = 0
    for bit in bits(mask):
        if run and not run >> (bit - 1) & 1:
            yield run
            run = 0
        run |= 1 << bit
    if run:
        yield run
