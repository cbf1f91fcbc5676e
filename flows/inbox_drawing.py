"""Rows of the inbox as HTML: drawn once per language with gaps, which each row only fills."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import current_app
from markupsafe import Markup

from ..platform.caches import cache
from ..platform.web.stencil import Stencil, escaped, slot, stencil
from .inbox_rows import Left, Row

_TEMPLATE = "signoff/flows/inbox_row.html"
_PARTS = ("row", "reason", "who", "proofs", "pool")
_LOOKS = ("", "soon", "over")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """``parts`` and what says the time left, by look, have gaps; ``marks`` and ``no_deadline`` have none."""

    parts: Mapping[str, Stencil]
    opened: Stencil
    left: Mapping[str, Stencil]
    no_deadline: str
    marks: Mapping[str, str]


def drawn(rows: Iterable[Row], address: str, opened: int | None, language: str) -> Markup:
    """The rows in order; ``address`` is theirs but for the task's id at its end, ``opened`` stands beside the list."""
    known = cache("flows.inbox_rows")
    if language not in known:
        known[language] = _draw()
    made: _Drawn = known[language]
    return Markup("\n").join([Markup(_row(each, address, each.id == opened, made)) for each in rows])  # noqa: S704 - escaped


def _draw() -> _Drawn:
    macros = current_app.jinja_env.get_template(_TEMPLATE).module
    of = vars(macros)
    return _Drawn(
        parts={name: stencil(of[name](slot)) for name in _PARTS},
        opened=stencil(of["row"](slot, True)),
        left={look: stencil(of["left"](slot, look)) for look in _LOOKS},
        no_deadline=str(of["no_deadline"]()),
        marks={name: str(of[name]()) for name in ("vip", "returned", "claimed")},
    )


def _row(row: Row, address: str, is_open: bool, made: _Drawn) -> str:
    parts, task = made.parts, str(row.id)
    return (made.opened if is_open else parts["row"]).fill(
        {
            "id": task,
            "select": escaped(row.select),
            "href": escaped(address) + task,
            "name": escaped(row.name),
            "form": escaped(row.form),
            "amount": escaped(row.amount),
            "reason": _filled(parts["reason"], row.reason) + (" · " if row.reason and row.rest else ""),
            "rest": escaped(row.rest),
            "left": _left(row.left, made),
            "who": _filled(parts["who"], row.who),
            "step": escaped(row.step),
            "proofs": _filled(parts["proofs"], row.proofs),
            "marks": _marks(row, made),
        }
    )


def _filled(part: Stencil, text: str) -> str:
    return part.fill({"text": escaped(text)}) if text else ""


def _left(left: Left, made: _Drawn) -> str:
    if not left.at:
        return made.no_deadline
    return made.left[left.look].fill({"at": left.at, "full": escaped(left.full), "text": escaped(left.words)})


def _marks(row: Row, made: _Drawn) -> str:
    found = (made.marks["vip"] if row.vip else "") + (made.marks["returned"] if row.returned else "")
    if row.claimed:
        return found + made.marks["claimed"]
    return found + _filled(made.parts["pool"], row.pool)
