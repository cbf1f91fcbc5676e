"""Marshmallow fields of ``flow/1``: selectors, durations, rights, deadlines; strict, with the way out in words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import marshmallow as ma

from ..forms.fields.options import DecimalText, Key, OneOf, Option, shown
from ..forms.schema_problems import StrictSchema
from ..platform.durations import Duration, parse_duration
from ..platform.text import msg
from .definition import SCHEMA, Authority, Due, Right, Selector, Selectors, Sum, Then

MAX_WHO = 50
MAX_REMINDERS = 20
SHORTEST_REPEAT = timedelta(minutes=1)
THEN = ("escalate", "approve", "reject", "transfer")


class SchemaName(Option[str]):
    """``flow/1``."""

    def read(self, value: Any) -> str:
        if value != SCHEMA:
            raise ma.ValidationError(msg("%(value)s is no schema of a flow. Write “flow/1”.", value=shown(value)))
        return SCHEMA


class Length(Option[Duration]):
    """An ISO 8601 duration; longer than ``least`` unless ``signed``, where it may be negative or zero."""

    def __init__(self, *, signed: bool = False, least: timedelta = timedelta(0), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.signed = signed
        self.least = least

    def read(self, value: Any) -> Duration:
        try:
            found = parse_duration(value)
        except ValueError as error:
            raise ma.ValidationError(error.args[0]) from error
        if not self.signed and (found <= timedelta(0) or found < self.least):
            raise ma.ValidationError(msg("%(value)s is too short. Write for example PT30M.", value=shown(value)))
        return found


class Lengths(Option[tuple[Duration, ...]]):
    """Durations, before (``-PT1H``) and after (``PT4H``)."""

    def read(self, value: Any) -> tuple[Duration, ...]:
        if not isinstance(value, list) or len(value) > MAX_REMINDERS:
            raise ma.ValidationError(
                msg('%(value)s is no list of at most %(max)s durations. Write ["-PT1H", "PT0S"].',
                    value=shown(value), max=MAX_REMINDERS)
            )  # fmt: skip
        return tuple(_each(value, Length(signed=True).deserialize))


def _each(values: Iterable[Any], read: Any) -> list[Any]:
    """What ``read`` makes of each, with all that is wrong by its place."""
    wrong: dict[int, Any] = {}
    found = []
    for index, value in enumerate(values):
        try:
            found.append(read(value))
        except ma.ValidationError as error:
            wrong[index] = error.messages
    if wrong:
        raise ma.ValidationError(wrong)
    return found


class One(Option[Selector]):
    """A selector: ``{"role": "finance", "of": "submitter.department"}``. Whether its kind exists is checked later."""

    def read(self, value: Any) -> Selector:
        if not isinstance(value, Mapping):
            raise ma.ValidationError(
                msg('%(value)s is no selector. Write {"role": "finance"} or {"manager": 1}.', value=shown(value))
            )
        kinds = [key for key in value if key != "of"]
        if len(kinds) != 1:
            raise ma.ValidationError(
                msg("A selector names one way to find people, this one %(count)s. Split it.", count=len(kinds))
            )
        of = value.get("of")
        if "of" in value and (not isinstance(of, str) or not of):
            raise ma.ValidationError({"of": [msg("%(value)s is no department. Write its key.", value=shown(of))]})
        return Selector(str(kinds[0]), value[kinds[0]], of)


class Who(Option[Selectors]):
    """Selectors; at least one."""

    def read(self, value: Any) -> Selectors:
        if not isinstance(value, list):
            raise ma.ValidationError(msg('%(value)s is no list. Write [{"role": "finance"}].', value=shown(value)))
        if not value:
            raise ma.ValidationError(msg('Nobody is named. Add a selector, for example {"manager": 1}.'))
        if len(value) > MAX_WHO:
            raise ma.ValidationError(msg("At most %(max)s selectors; make a role of these people.", max=MAX_WHO))
        return tuple(_each(value, One().deserialize))


class Nobody(Option[str | Selectors]):
    """What happens where nobody is found: a word, or others to ask."""

    WORDS = ("skip", "refuse", "admin")

    def read(self, value: Any) -> str | Selectors:
        if isinstance(value, list):
            return Who().read(value)
        if value not in self.WORDS:
            raise ma.ValidationError(
                msg(
                    "%(value)s is not known. Write %(known)s, or selectors.",
                    value=shown(value),
                    known=", ".join(self.WORDS),
                )
            )
        return str(value)


class Rights(Option[Mapping[str, Right]]):
    """Field rights by key."""

    known: Sequence[Right] = tuple(Right)

    def read(self, value: Any) -> Mapping[str, Right]:
        if not isinstance(value, Mapping):
            raise ma.ValidationError(msg('%(value)s is no object. Write {"amount": "read"}.', value=shown(value)))
        known = [right.value for right in self.known]
        wrong = {
            key: [msg("%(value)s is no right. Known: %(known)s.", value=shown(right), known=", ".join(known))]
            for key, right in value.items()
            if right not in known
        }
        if wrong:
            raise ma.ValidationError(wrong)
        return {str(key): Right(right) for key, right in value.items()}


class StartRights(Rights):
    """Whether a field is filled while the form is filed."""

    known = (Right.HIDDEN, Right.EDIT)


class Arguments(Option[Mapping[str, Any]]):
    """What an action is called with: literals, ``{"field": KEY}``, ``{"formula": TEXT}``."""

    def read(self, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise ma.ValidationError(
                msg('%(value)s is no object. Write {"amount": {"field": "amount"}}.', value=shown(value))
            )
        wrong = {str(key): [found] for key, each in value.items() if (found := _wrong_argument(each)) is not None}
        if wrong:
            raise ma.ValidationError(wrong)
        return dict(value)


def _wrong_argument(value: Any) -> str | None:
    if isinstance(value, float):
        return msg('%(value)s is a float. Write it as a text, for example "4.5".', value=shown(value))
    named = isinstance(value, Mapping) and bool({"field", "formula"} & set(value))
    if named and (len(value) > 1 or not isinstance(next(iter(value.values())), str)):
        return msg('%(value)s is no value. Write {"field": KEY} or {"formula": TEXT}.', value=shown(value))
    return None


class _ThenSchema(StrictSchema):
    do = OneOf(*THEN, required=True)
    to = Who(load_default=())


class _DueSchema(StrictSchema):
    within = Length(required=True, data_key="in")
    clock = OneOf("business", "always", load_default="business")
    remind = Lengths(load_default=())
    repeat = Length(least=SHORTEST_REPEAT)
    calendar = Key()
    then = ma.fields.Nested(_ThenSchema)


class _SumSchema(StrictSchema):
    name = Key()
    by = Key(required=True)
    within = Length()


class _AuthoritySchema(StrictSchema):
    amount = Key(required=True)
    sum_over = ma.fields.List(ma.fields.Nested(_SumSchema), load_default=[])
    two_above = DecimalText()
    second = Who(load_default=())


def authority() -> ma.fields.Field[Any]:
    """What personal limits are held against."""
    return ma.fields.Nested(_AuthoritySchema)


def made_authority(data: Mapping[str, Any]) -> Authority:
    """The authority of what could be read; a sum without a name is called by its field."""
    sums = (
        Sum(each.get("name") or each.get("by", ""), each.get("by", ""), each.get("within"))
        for each in data.get("sum_over", ())
    )
    return Authority(data.get("amount", ""), tuple(sums), data.get("two_above"), data.get("second", ()))


def made_due(data: Mapping[str, Any]) -> Due:
    """The deadline of what could be read; where its length could not, it stands for a problem that was reported."""
    then = data.get("then")
    return Due(
        within=data.get("within", timedelta(0)),
        clock=data.get("clock", "business"),
        remind=data.get("remind", ()),
        repeat=data.get("repeat"),
        then=Then(then.get("do", ""), then.get("to", ())) if then is not None else None,
        calendar=data.get("calendar"),
    )


def due() -> ma.fields.Field[Any]:
    """A deadline."""
    return ma.fields.Nested(_DueSchema)
