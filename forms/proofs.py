"""How much of the evidence that a form asks for is there: files, and checklists that hold files (D6)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from .conditions import is_blank
from .formulas import Env
from .parts import PartsPlan
from .plans import FieldPlan
from .program import FormProgram
from .types import kind_of


@dataclass(frozen=True, slots=True)
class Proofs:
    """``there`` of ``asked``; what rules hide is not asked for."""

    there: int
    asked: int


def count(
    program: FormProgram, values: Mapping[str, Any], now: datetime, zone: tzinfo, hidden: Collection[str] = ()
) -> Proofs:
    """The evidence among typed ``values``, without the fields and parts (``evidence.photos``) that are ``hidden``."""
    plans = _plans(program)
    if not plans:
        return Proofs(0, 0)
    env = Env(values, now=now, zone=zone)
    found = [
        not is_blank(value)
        for name, value in _asked(plans, values, env)
        if name not in hidden and name.partition(".")[0] not in hidden
    ]
    return Proofs(sum(found), len(found))


@lru_cache(maxsize=256)
def _plans(program: FormProgram) -> tuple[FieldPlan, ...]:
    return tuple(
        plan
        for plan in program.plans
        if _holds_files(plan) or (isinstance(plan, PartsPlan) and any(map(_holds_files, plan.parts)))
    )


def _holds_files(plan: FieldPlan) -> bool:
    return kind_of(plan.field).base == "files"


def _asked(plans: tuple[FieldPlan, ...], values: Mapping[str, Any], env: Env) -> Iterator[tuple[str, Any]]:
    for plan in plans:
        if plan.rules.hides(env):
            continue
        value = values.get(plan.name)
        if not isinstance(plan, PartsPlan):
            yield plan.name, value
            continue
        for part in plan.parts:
            if not part.rules.hides(env):
                yield part.name, (value or {}).get(part.field.key)
