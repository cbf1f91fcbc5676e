"""Types whose value is one or several of few: choice, choices, yes or no."""

import re
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, ClassVar

from ...platform.problems import Problem
from ...platform.text import Message, local, msg
from ..definition import Field
from ..errors import FieldError
from ..kinds import Base, Kind
from ..reading import ReadContext
from ..types import FieldType, OptionFields, Read, shown
from .options import Choices as ChoicesOption
from .options import Whole

_OPTIONS = ChoicesOption(required=True, metadata={"doc": 'What can be chosen: `[{"value", "label"}]`.'})
_SEPARATORS = re.compile(r"[;；,，、|\n]")


def values_of(field: Field) -> tuple[str, ...]:
    """The values that can be chosen, in order."""
    return tuple(each["value"] for each in field.options["options"])


def known_of(field: Field) -> dict[str, str]:
    """Value by what people may send for it: itself, or one of its labels where no other choice is called so."""
    known: dict[str, str] = {}
    doubtful: set[str] = set()
    for each in field.options["options"]:
        label = each["label"]
        for text in {label} if isinstance(label, str) else set(label.values()):
            if known.setdefault(text, each["value"]) != each["value"]:
                doubtful.add(text)
    for text in doubtful:
        del known[text]
    return {**known, **{value: value for value in values_of(field)}}


def label_of(value: str, field: Field, language: str) -> str:
    """What the choice is called; a value that is no longer offered is shown as it is."""
    for each in field.options["options"]:
        if each["value"] == value:
            return local(each["label"], language)
    return value


def _none_of(raw: Any, field: Field) -> Message:
    known = values_of(field)
    few = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
    return msg("%(value)s is none of the choices: %(known)s.", value=shown(raw), known=few)


class Choice(FieldType):
    """One of several choices."""

    name = "choice"
    label = msg("Choice")
    value_kind = "choice"
    options: ClassVar[OptionFields] = {"options": _OPTIONS}

    def kind(self, field: Field) -> Kind:
        return Kind(Base.CHOICE, choices=values_of(field))

    def reader(self, field: Field) -> Read:
        known = known_of(field)

        def read(raw: Any, context: ReadContext) -> str:  # noqa: ARG001
            if raw.__class__ is str:
                value = known.get(raw) or known.get(raw.strip())
                if value is not None:
                    return value
            raise FieldError(_none_of(raw, field), code="not_a_choice")

        return read

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        return "" if value is None else label_of(value, field, language)


class Choices(FieldType):
    """Some of several choices, kept in their order."""

    name = "choices"
    label = msg("Choices")
    value_kind = "choices"
    options: ClassVar[OptionFields] = {
        "options": _OPTIONS,
        "min_choices": Whole(least=1, most=1000, metadata={"doc": "The fewest that must be chosen, where any is."}),
        "max_choices": Whole(least=1, most=1000, metadata={"doc": "The most that can be chosen."}),
    }

    def check_options(self, field: Field) -> list[Problem]:
        least, most = field.options.get("min_choices"), field.options.get("max_choices")
        problems: list[Problem] = []
        if least is not None and most is not None and least > most:
            problems.append(
                Problem(
                    "/min_choices", "min_above_max",
                    msg("min_choices %(min)s is above max_choices %(max)s. Swap them.", min=least, max=most),
                )
            )  # fmt: skip
        if least is not None and least > len(field.options["options"]):
            problems.append(
                Problem(
                    "/min_choices", "too_many",
                    msg("min_choices %(min)s is above the %(count)s choices.", min=least, count=len(values_of(field))),
                )
            )  # fmt: skip
        return problems

    def kind(self, field: Field) -> Kind:
        return Kind(Base.CHOICES, choices=values_of(field))

    def reader(self, field: Field) -> Read:
        known = known_of(field)
        order = {value: place for place, value in enumerate(values_of(field))}
        least, most = field.options.get("min_choices", 0), field.options.get("max_choices", len(order))

        def read(raw: Any, context: ReadContext) -> tuple[str, ...] | None:  # noqa: ARG001
            chosen = {self._one(each, known, field) for each in _several(raw, known) if each != ""}
            if chosen and not least <= len(chosen) <= most:
                raise FieldError(
                    msg(
                        "%(count)s are chosen. Choose %(min)s to %(max)s.", count=len(chosen), min=least or 1, max=most
                    ),
                    code="wrong_count",
                )
            return tuple(sorted(chosen, key=order.__getitem__)) or None

        return read

    def _one(self, raw: Any, known: Mapping[str, str], field: Field) -> str:
        value = known.get(raw.strip()) if isinstance(raw, str) else None
        if value is None:
            raise FieldError(_none_of(raw, field), code="not_a_choice")
        return value

    def to_json(self, value: Any) -> Any:
        return None if value is None else list(value)

    def from_json(self, json: Any) -> Any:
        return tuple(json) if json else None

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        return ("、" if language == "zh" else ", ").join(label_of(each, field, language) for each in value or ())


def _several(raw: Any, known: Mapping[str, str]) -> list[Any]:
    """A list as it is; a text of one choice, or of several with separators between them (a cell of a spreadsheet)."""
    if isinstance(raw, list | tuple):
        return list(raw)
    if isinstance(raw, str):
        return [raw] if raw.strip() in known else [each.strip() for each in _SEPARATORS.split(raw)]
    raise FieldError(msg('%(value)s is no list. Send ["a", "b"].', value=shown(raw)), code="wrong_type")


_YES = frozenset(("true", "yes", "on", "1", "y", "是", "有", "对"))
_NO = frozenset(("false", "no", "off", "0", "n", "否", "无", "不"))


class Boolean(FieldType):
    """Yes or no; “required” means that it must be answered, either way."""

    name = "boolean"
    label = msg("Yes or no")
    value_kind = "boolean"

    def reader(self, field: Field) -> Read:  # noqa: ARG002
        def read(raw: Any, context: ReadContext) -> bool:  # noqa: ARG001
            if raw is True or raw is False:
                return bool(raw)
            word = raw.strip().lower() if isinstance(raw, str) else None
            if word in _YES:
                return True
            if word in _NO:
                return False
            raise FieldError(msg("%(value)s is neither yes nor no. Send true or false.", value=shown(raw)))

        return read

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        if value is None:
            return ""
        return ("是" if value else "否") if language == "zh" else ("Yes" if value else "No")
