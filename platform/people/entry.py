"""One object of a ``people/1`` document: each question gives a value, and notes what is wrong with it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from ..keys import KEY
from ..problems import Problem, pointer
from ..text import LANGUAGES, LocalText, msg

AMOUNT = re.compile(r"\d{1,15}(\.\d{1,6})?")
EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")


def read_amount(text: str) -> Decimal | None:
    """The amount that ``text`` writes in plain digits (full-width ones count as digits), ``None`` if it is none."""
    text = text.strip()
    return Decimal(text) if AMOUNT.fullmatch(text) else None


class Entry:
    """The object at ``path``. Problems of an entry and of those inside it gather in one list.

    What is wrong reads as if it were not there, so that the reading goes on and finds the rest.
    """

    def __init__(self, document: Mapping[str, Any], path: str, problems: list[Problem] | None = None) -> None:
        self.document = document
        self.path = path
        self.problems: list[Problem] = [] if problems is None else problems

    def problem(self, name: str | int, code: str, message: str, *deeper: str | int) -> None:
        self.problems.append(Problem(self.path + pointer(name, *deeper), code, message))

    def only(self, known: Sequence[str]) -> None:
        """Note every key that is not ``known``."""
        for name in self.document:
            if name not in known:
                self.problem(
                    name,
                    "unknown_key",
                    msg("No key %(key)s. Known: %(known)s.", key=repr(name), known=", ".join(known)),
                )

    def entries(self, name: str) -> Iterator["Entry"]:
        """The objects of a list, nothing if it is missing."""
        for index, each in enumerate(self._list(name)):
            if isinstance(each, Mapping):
                yield Entry(each, self.path + pointer(name, index), self.problems)
            else:
                self.problem(name, "not_an_object", msg("%(value)s is no object in braces.", value=_say(each)), index)

    def key(self, name: str) -> str:
        value = self._present(name)
        if value is None:
            return ""
        if not isinstance(value, str) or not KEY.fullmatch(value):
            self._wrong_key(name, value)
            return ""
        return value

    def reference(self, name: str) -> str | None:
        """A key that must lead somewhere, which is looked at later."""
        value = self.document.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not KEY.fullmatch(value):
            self._wrong_key(name, value)
            return None
        return value

    def keys(self, name: str) -> Iterator[str]:
        for index, each in enumerate(self._list(name)):
            if isinstance(each, str) and KEY.fullmatch(each):
                yield each
            else:
                self._wrong_key(name, each, index)

    def text(self, name: str, *, longest: int) -> str:
        value = self._present(name)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.problem(name, "wrong_type", msg("%(value)s is no text. Write it in quotes.", value=_say(value)))
            return ""
        if len(value) > longest:
            self.problem(
                name,
                "too_long",
                msg("The text has %(count)s characters; at most %(max)s.", count=len(value), max=longest),
            )
        return value.strip()

    def local_text(self, name: str) -> LocalText:
        value = self._present(name)
        if value is None:
            return ""
        texts = value if isinstance(value, Mapping) else {"": value}
        if not texts or not all(isinstance(each, str) and each.strip() for each in texts.values()):
            self.problem(
                name,
                "wrong_type",
                msg('%(value)s is no text. Write "…" or {"en": "…", "zh": "…"}.', value=_say(value)),
            )
            return ""
        for language in texts if isinstance(value, Mapping) else ():
            self._known_one(name, language, LANGUAGES, language)
        return value if isinstance(value, str) else dict(texts)

    def email(self, name: str) -> str | None:
        value = self.document.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str) or len(value) > 254 or not EMAIL.fullmatch(value):
            message = msg("%(value)s is no e-mail address. Example: amy@example.com.", value=_say(value))
            self.problem(name, "wrong_email", message)
            return None
        return value

    def one_of(self, name: str, known: Sequence[str]) -> str | None:
        value = self.document.get(name)
        return value if value is not None and self._known_one(name, value, known) else None

    def zone(self, name: str) -> str | None:
        value = self.document.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or value not in available_timezones():
            message = msg("No time zone %(value)s. Example: Asia/Shanghai.", value=_say(value))
            self.problem(name, "unknown_zone", message)
            return None
        return value

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self.document.get(name, default)
        if not isinstance(value, bool):
            self.problem(name, "wrong_type", msg("%(value)s is neither true nor false.", value=_say(value)))
            return default
        return value

    def amounts(self, name: str) -> dict[str, Decimal]:
        """Amounts by key: strings of digits, or whole numbers; never a number with a fraction, which is not exact."""
        value = self.document.get(name, {})
        if not isinstance(value, Mapping):
            self.problem(name, "wrong_type", msg('Limits are by form: {"refund": "200"}.'))
            return {}
        found: dict[str, Decimal] = {}
        for form, written in value.items():
            if not KEY.fullmatch(form):
                self._wrong_key(name, form, form)
                continue
            amount = self._amount(name, form, written)
            if amount is not None:
                found[form] = amount
        return found

    def _amount(self, name: str, form: str, written: object) -> Decimal | None:
        if isinstance(written, int) and not isinstance(written, bool):
            written = str(written)
        if isinstance(written, (float, Decimal)):
            message = msg('%(value)s is not exact as a number. Write "%(value)s" in quotes.', value=str(written))
            self.problem(name, "not_exact", message, form)
            return None
        amount = read_amount(written) if isinstance(written, str) else None
        if amount is None:
            message = msg('%(value)s is no amount. Write digits and a point, as in "5000.00".', value=_say(written))
            self.problem(name, "wrong_amount", message, form)
        return amount

    def _present(self, name: str) -> Any:
        value = self.document.get(name)
        if value is None:
            self.problem(name, "missing", msg("%(key)s is missing. Add it.", key=repr(name)))
        return value

    def _list(self, name: str) -> Iterable[Any]:
        value = self.document.get(name, [])
        if not isinstance(value, list):
            self.problem(name, "wrong_type", msg("%(value)s is no list in brackets.", value=_say(value)))
            return []
        return value

    def _known_one(self, name: str, value: object, known: Sequence[str], *deeper: str | int) -> bool:
        if value in known:
            return True
        message = msg("%(value)s is not known. Known: %(known)s.", value=_say(value), known=", ".join(known))
        self.problem(name, "wrong_value", message, *deeper)
        return False

    def _wrong_key(self, name: str, value: object, *deeper: str | int) -> None:
        message = msg("%(value)s is no key. Use small letters, digits and _, as in amy_chen.", value=_say(value))
        self.problem(name, "wrong_key", message, *deeper)


def _say(value: object) -> str:
    """A value inside a sentence, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
