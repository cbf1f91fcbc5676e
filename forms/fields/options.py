"""Marshmallow fields for the options of field types: strict, and with sentences that say the way out."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Generic, TypeVar

import marshmallow as ma
from babel.numbers import is_currency

from ...platform.keys import KEY
from ...platform.text import LANGUAGES, LocalText, Message, msg
from ..errors import FieldError
from ..moments import read_date
from ..numerals import read_decimal
from ..patterns import PatternError, compile_pattern

T = TypeVar("T")

_SIZE = re.compile(r"([0-9]{1,6})\s*(B|KB|MB|GB)")
_UNITS = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
_MEDIA_TYPE = re.compile(r"[a-z]+/(?:\*|[a-z0-9][a-z0-9.+-]*)")


def shown(value: Any) -> str:
    """A value of a definition in a message, cut."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


class Option(ma.fields.Field[T], Generic[T]):
    """Base: one function reads the JSON of an option."""

    def read(self, value: Any) -> T:
        """The option.

        Raises:
            marshmallow.ValidationError: with a sentence that says the way out.
        """
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> T:  # noqa: ARG002
        return self.read(value)


class Flag(Option[bool]):
    """true or false, and nothing that merely looks like it."""

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ma.ValidationError(msg("%(value)s is neither true nor false.", value=shown(value)))
        return value


class Whole(Option[int]):
    """A whole number between ``least`` and ``most``."""

    def __init__(self, *, least: int = 0, most: int = 1_000_000_000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least = least
        self.most = most

    def read(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ma.ValidationError(msg("%(value)s is no whole number, for example 3.", value=shown(value)))
        if not self.least <= value <= self.most:
            raise ma.ValidationError(
                msg("%(value)s is not between %(least)s and %(most)s.", value=value, least=self.least, most=self.most)
            )
        return value


class DecimalText(Option[Decimal]):
    """A decimal as a text, ``"4999.99"``, or a whole number; never a float."""

    def read(self, value: Any) -> Decimal:
        try:
            return read_decimal(value)
        except FieldError as error:
            raise ma.ValidationError(error.message) from error


class Text(Option[str]):
    """A text that is not empty."""

    def __init__(self, *, most: int = 200, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ma.ValidationError(msg("%(value)s is no text. Write it in quotes.", value=shown(value)))
        if len(value) > self.most:
            raise ma.ValidationError(msg("The text is longer than %(most)s characters.", most=self.most))
        return value


class Local(Option[LocalText]):
    """Text for people: one string, or one for each language."""

    def __init__(self, *, most: int = 2000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def read(self, value: Any) -> LocalText:
        if isinstance(value, str):
            self._check(value)
            return value
        if not isinstance(value, Mapping) or not value:
            raise ma.ValidationError(
                msg('%(value)s is no text. Write "…" or {"en": "…", "zh": "…"}.', value=shown(value))
            )
        wrong: dict[Any, list[str]] = {}
        for language, text in value.items():
            if language not in LANGUAGES:
                wrong[language] = [msg("No language “%(name)s”. Known: en, zh.", name=str(language)[:20])]
            elif not isinstance(text, str):
                wrong[language] = [msg("%(value)s is no text. Write it in quotes.", value=shown(text))]
            else:
                self._check(text)
        if wrong:
            raise ma.ValidationError(wrong)
        return dict(value)

    def _check(self, text: str) -> None:
        if len(text) > self.most:
            raise ma.ValidationError(msg("The text is longer than %(most)s characters.", most=self.most))


class OneOf(Option[str]):
    """One of some words."""

    def __init__(self, *words: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = words

    def read(self, value: Any) -> str:
        if value not in self.words:
            raise ma.ValidationError(
                msg("%(value)s is not known. Known: %(known)s.", value=shown(value), known=", ".join(self.words))
            )
        return str(value)


class Key(Option[str]):
    """A stable name: small letters, digits and ``_``, a letter first."""

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not KEY.fullmatch(value):
            raise ma.ValidationError(bad_key(value))
        return value


def bad_key(value: Any) -> Message:
    """Says what a key is made of."""
    return msg(
        "%(value)s is no key. Use small letters, digits and “_”, starting with a letter, at most 63 characters.",
        value=shown(value),
    )


class Names(Option[tuple[str, ...]]):
    """A list of texts without doubles; what they name is checked where it is known."""

    def __init__(self, *, most: int = 500, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def read(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise ma.ValidationError(msg('%(value)s is no list. Write ["…", "…"].', value=shown(value)))
        if len(value) > self.most:
            raise ma.ValidationError(msg("At most %(most)s stand in this list.", most=self.most))
        wrong: dict[int, list[str]] = {}
        for index, each in enumerate(value):
            if not isinstance(each, str) or not each:
                wrong[index] = [msg("%(value)s is no text. Write it in quotes.", value=shown(each))]
            elif each in value[:index]:
                wrong[index] = [msg("“%(value)s” stands twice. Remove one.", value=each[:60])]
        if wrong:
            raise ma.ValidationError(wrong)
        return tuple(value)


class KeyMap(Option[Mapping[str, str]]):
    """Texts by key: ``{"here": "there"}``."""

    def read(self, value: Any) -> Mapping[str, str]:
        if not isinstance(value, Mapping):
            raise ma.ValidationError(msg('%(value)s is no object. Write {"key": "…"}.', value=shown(value)))
        wrong: dict[str, list[str]] = {
            key: [msg("%(value)s is no text. Write it in quotes.", value=shown(each))]
            for key, each in value.items()
            if not isinstance(each, str) or not each.strip()
        }
        if wrong:
            raise ma.ValidationError(wrong)
        return dict(value)


class Choices(Option[tuple[Mapping[str, Any], ...]]):
    """What can be chosen: ``[{"value": "web", "label": "Web shop"}]``."""

    MOST = 1000

    def read(self, value: Any) -> tuple[Mapping[str, Any], ...]:
        if not isinstance(value, list) or not value:
            raise ma.ValidationError(
                msg('%(value)s is no list of choices. Write [{"value": "a", "label": "…"}].', value=shown(value))
            )
        if len(value) > self.MOST:
            raise ma.ValidationError(msg("At most %(most)s choices; look them up in a form instead.", most=self.MOST))
        wrong: dict[int, Any] = {}
        found: list[Mapping[str, Any]] = []
        seen: set[str] = set()
        for index, each in enumerate(value):
            try:
                choice = self._choice(each)
                if choice["value"] in seen:
                    raise ma.ValidationError(
                        {"value": [msg("The value “%(value)s” stands twice. Remove one.", value=choice["value"])]}
                    )
                seen.add(choice["value"])
                found.append(choice)
            except ma.ValidationError as error:
                wrong[index] = error.messages
        if wrong:
            raise ma.ValidationError(wrong)
        return tuple(found)

    def _choice(self, each: Any) -> Mapping[str, Any]:
        if not isinstance(each, Mapping):
            raise ma.ValidationError(msg('%(value)s is no choice. Write {"value": …, "label": …}.', value=shown(each)))
        unknown: dict[str, Any] = {
            key: [msg("No key “%(key)s” in a choice. Known: label, value.", key=str(key)[:40])]
            for key in each
            if key not in ("value", "label")
        }
        if unknown:
            raise ma.ValidationError(unknown)
        value = each.get("value")
        if not isinstance(value, str) or not value.strip() or value != value.strip() or len(value) > 100:
            raise ma.ValidationError(
                {"value": [msg("%(value)s is no value. Write a short text in quotes.", value=shown(value))]}
            )
        try:
            return {"value": value, "label": Local().deserialize(each.get("label", value))}
        except ma.ValidationError as error:
            raise ma.ValidationError({"label": error.messages}) from error


class Size(Option[int]):
    """A size of files: ``"10MB"``, ``"500KB"``; in bytes after reading."""

    def read(self, value: Any) -> int:
        found = _SIZE.fullmatch(value.strip().upper()) if isinstance(value, str) else None
        if not found or not int(found[1]):
            raise ma.ValidationError(msg('%(value)s is no size. Write for example "10MB".', value=shown(value)))
        return int(found[1]) * _UNITS[found[2]]


class MediaTypes(Names):
    """Media types that are accepted: ``["image/*", "application/pdf"]``."""

    def read(self, value: Any) -> tuple[str, ...]:
        names = super().read(value)
        wrong: dict[int, list[str]] = {
            index: [
                msg('“%(value)s” is no media type. Write for example "image/*" or "application/pdf".', value=name[:60])
            ]
            for index, name in enumerate(names)
            if not _MEDIA_TYPE.fullmatch(name)
        }
        if wrong:
            raise ma.ValidationError(wrong)
        return names


class Pattern(Option[str]):
    """A regular expression that the whole value must match."""

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise ma.ValidationError(msg("%(value)s is no pattern. Write it in quotes.", value=shown(value)))
        try:
            compile_pattern(value)
        except PatternError as error:
            raise ma.ValidationError(error.message) from error
        return value


class Currency(Option[str]):
    """A currency of ISO 4217."""

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not is_currency(value):
            raise ma.ValidationError(
                msg('%(value)s is no currency. Write its three letters, for example "CNY".', value=shown(value))
            )
        return value


class Day(Option[date | str]):
    """A date, or the word ``today``."""

    def read(self, value: Any) -> date | str:
        if value == "today":
            return "today"
        try:
            return read_date(value)
        except FieldError as error:
            raise ma.ValidationError(error.message) from error


class AnyJson(Option[Any]):
    """Any JSON; checked later by what knows it, such as a condition."""

    def read(self, value: Any) -> Any:
        return value
