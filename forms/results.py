"""Whether the result of a formula can be the value of a field."""

from ..platform.text import Message, msg
from .definition import Field
from .formulas.sorts import WORDS, Sort, Typed
from .types import find

_TAKES = {
    "text": frozenset({Sort.TEXT}),
    "choice": frozenset({Sort.TEXT}),
    "number": frozenset({Sort.NUMBER}),
    "date": frozenset({Sort.DATE}),
    "datetime": frozenset({Sort.DATETIME}),
    "time": frozenset({Sort.TIME}),
    "boolean": frozenset({Sort.BOOLEAN}),
}


def check_result(typed: Typed, target: Field | None) -> Message | None:
    """What is wrong with that result for ``target``; without one, true or false is asked for."""
    if typed.sort is Sort.ANY:
        return None
    if typed.is_list:
        return msg("The formula gives a whole column. Put it into SUM, COUNT, MIN, MAX or AVERAGE.")
    if target is None:
        if typed.sort is Sort.BOOLEAN:
            return None
        found = WORDS[typed.sort]
        return msg(
            "The formula gives %(found)s. A condition must be true or false, for example amount > 0.", found=found
        )
    field_type = find(target.type)
    takes = _TAKES.get(field_type.value_kind, frozenset())
    if typed.sort not in takes:
        return msg(
            "The formula gives %(found)s, and “%(key)s” holds %(sort)s.",
            found=WORDS[typed.sort],
            key=target.key,
            sort=WORDS[next(iter(takes))] if takes else field_type.value_kind,
        )
    return _not_among(typed, target)


def _not_among(typed: Typed, target: Field) -> Message | None:
    known = find(target.type).kind(target).choices
    if known is None or typed.choices is None:
        return None
    others = [choice for choice in typed.choices if choice not in known]
    if not others:
        return None
    return msg(
        "The formula may give “%(value)s”, which is none of the choices: %(known)s.",
        value=others[0],
        known=", ".join(known[:20]),
    )
