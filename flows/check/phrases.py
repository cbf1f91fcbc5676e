"""Regions of values in words: ``amount from 200.00 to 249.99, path return``."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from ...platform.text import Message, msg
from ..values import plain
from .domains import Cell, Domain, LineDomain
from .facts import SUBMITTER
from .pieces import Piece
from .space import bits
from .variables import Variables

MAX_VALUES = 4


def region(piece: Piece, variables: Variables) -> Message:
    """What the piece holds, in words; variables that may be anything are left out."""
    parts = [
        _part(variables.names[variable], variables.domains[variable], mask)
        for variable, mask in piece.masks.items()
        if mask != variables.space.cells(variable) and variable not in variables.opaque
    ]
    if not parts:
        return msg("some requests") if piece.rest or piece.masks else msg("any request")
    return reduce(lambda one, other: msg("%(one)s, %(other)s", one=one, other=other), parts)


def listed(names: Sequence[str]) -> str:
    """Names side by side."""
    return ", ".join(names)


def _part(name: str, domain: Domain, mask: int) -> Message:
    cells = [domain.cells[cell] for cell in bits(mask)]
    if name == SUBMITTER:
        return _submitters(cells)
    filled = [cell for cell in cells if cell.value is not None]
    if not filled:
        return msg("a blank %(field)s", field=name)
    if isinstance(domain, LineDomain):
        return _stretch(name, filled)
    shown = listed([text_of(cell.value) for cell in filled[:MAX_VALUES]])
    if len(filled) > MAX_VALUES:
        return msg("%(field)s %(values)s …", field=name, values=shown)
    return msg("%(field)s %(values)s", field=name, values=shown)


def _submitters(cells: Sequence[Cell]) -> Message:
    facts = cells[0].value
    shown = listed([f"{key} {text_of(value)}" for key, value in facts.items() if value is not None])
    return msg("a request of somebody with %(facts)s", facts=shown) if shown else msg("a request of a customer")


def _stretch(name: str, cells: Sequence[Cell]) -> Message:
    first, last = cells[0].stretch, cells[-1].stretch
    assert first is not None
    assert last is not None
    low, high = text_of(first.low), text_of(last.high)
    match (first.low is None, last.high is None):
        case (True, True):
            return msg("any %(field)s", field=name)
        case (True, False):
            return _below(name, high, open_=last.open)
        case (False, True):
            return _above(name, low, open_=first.open)
        case _ if low == high:
            return msg("%(field)s %(values)s", field=name, values=low)
        case _ if first.open and last.open:
            return msg("%(field)s between %(low)s and %(high)s", field=name, low=low, high=high)
        case _ if first.open:
            return msg("%(field)s above %(low)s up to %(high)s", field=name, low=low, high=high)
        case _ if last.open:
            return msg("%(field)s from %(low)s to below %(high)s", field=name, low=low, high=high)
        case _:
            return msg("%(field)s from %(low)s to %(high)s", field=name, low=low, high=high)


def _below(name: str, high: str, *, open_: bool) -> Message:
    if open_:
        return msg("%(field)s below %(high)s", field=name, high=high)
    return msg("%(field)s up to %(high)s", field=name, high=high)


def _above(name: str, low: str, *, open_: bool) -> Message:
    if open_:
        return msg("%(field)s above %(low)s", field=name, low=low)
    return msg("%(field)s from %(low)s", field=name, low=low)


def text_of(value: Any) -> str:
    """A value as in JSON, without its quotes."""
    shown = plain(value)
    if isinstance(shown, bool):
        return "true" if shown else "false"
    return listed([str(each) for each in shown]) if isinstance(shown, list) else str(shown)
