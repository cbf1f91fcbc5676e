"""Types whose value is a text: short, long, e-mail, phone, web address."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from ...platform.problems import Problem
from ...platform.text import msg
from ..definition import Field
from ..errors import FieldError
from ..patterns import compile_pattern
from ..reading import ReadContext
from ..types import FieldType, OptionFields, Read, shown
from .options import Pattern, Whole

# characters that no database or page carries through: controls but tab and newline, halves of surrogate pairs
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_EMAIL = re.compile(r"[^\s@,;<>\"()\[\]\\:]+@[^\s@,;<>\"()\[\]\\:.]+(?:\.[^\s@,;<>\"()\[\]\\:.]+)+")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]*[0-9](?: ?(?:x|ext\.?|转) ?[0-9]{1,6})?")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９＋－（）", "0123456789+-()")


def clean(raw: Any) -> str:
    """The text without space around it.

    Raises:
        FieldError: no text, or characters that cannot be kept.
    """
    if raw.__class__ is not str:
        raise FieldError(msg("%(value)s is no text. Send it in quotes.", value=shown(raw)), code="wrong_type")
    text: str = raw.strip()
    if not text.isprintable() and _UNFIT.search(text):
        raise FieldError(msg("The text holds control characters. Type it anew."), code="unfit")
    return text


def too_long(text: str, most: int) -> FieldError:
    """Says by how much."""
    return FieldError(
        msg("%(length)s characters are too many. At most %(max)s.", length=len(text), max=most), code="too_long"
    )


class Text(FieldType):
    """A line of text. ``pattern`` is a regular expression for the whole of it."""

    name = "text"
    label = msg("Short text")
    options: ClassVar[OptionFields] = {
        "min_length": Whole(most=10_000, metadata={"doc": "The fewest characters."}),
        "max_length": Whole(least=1, most=1000, load_default=500, metadata={"doc": "The most characters; 500."}),
        "pattern": Pattern(metadata={"doc": "A regular expression that the whole text must match."}),
    }

    def check_options(self, field: Field) -> list[Problem]:
        least, most = field.options.get("min_length"), field.options["max_length"]
        if least is None or least <= most:
            return []
        return [
            Problem(
                "/min_length", "min_above_max",
                msg("min_length %(min)s is above max_length %(max)s. Swap them.", min=least, max=most),
            )
        ]  # fmt: skip

    def reader(self, field: Field) -> Read:
        least, most = field.options.get("min_length", 0), field.options["max_length"]
        text = field.options.get("pattern")
        pattern = compile_pattern(text) if text else None

        def read(raw: Any, context: ReadContext) -> str | None:  # noqa: ARG001
            value = self.normal(clean(raw))
            if not value:
                return None
            if len(value) > most:
                raise too_long(value, most)
            if len(value) < least:
                raise FieldError(
                    msg("%(length)s characters are too few. At least %(min)s.", length=len(value), min=least),
                    code="too_short",
                )
            if pattern is not None and not pattern.matches(value):
                raise FieldError(
                    msg("%(value)s does not have the form asked for: %(pattern)s.", value=shown(value), pattern=text),
                    code="pattern",
                )
            return value

        return read

    def normal(self, text: str) -> str:
        """The one way in which a text is kept."""
        return text if text.isprintable() else " ".join(text.split())

    def fit(self, value: Any, field: Field) -> Any:
        """A computed text, cut to what the field holds."""
        return str(value)[: field.options["max_length"]]


class LongText(Text):
    """Text of several lines."""

    name = "long_text"
    label = msg("Long text")
    options: ClassVar[OptionFields] = {
        "min_length": Whole(most=10_000, metadata={"doc": "The fewest characters."}),
        "max_length": Whole(
            least=1, most=100_000, load_default=20_000, metadata={"doc": "The most characters; 20,000."}
        ),
    }

    def normal(self, text: str) -> str:
        return text if text.isprintable() else text.replace("\r\n", "\n").replace("\r", "\n")


class Email(FieldType):
    """An e-mail address."""

    name = "email"
    label = msg("E-mail")

    def parse(self, raw: str, options: Mapping[str, Any]) -> str:  # noqa: ARG002
        text = clean(raw)
        if len(text) > 254 or not _EMAIL.fullmatch(text):
            raise FieldError(
                msg("%(value)s is no e-mail address. Write for example li.na@example.com.", value=shown(text))
            )
        return text


class Phone(FieldType):
    """A telephone number, as people write it."""

    name = "phone"
    label = msg("Phone")

    def parse(self, raw: str, options: Mapping[str, Any]) -> str:  # noqa: ARG002
        text = " ".join(clean(raw).translate(_FULL_WIDTH).split())
        if not 5 <= sum(map(str.isdigit, text)) <= 20 or not _PHONE.fullmatch(
            text.replace("(", "", 1) if text[0] == "(" else text
        ):
            raise FieldError(
                msg("%(value)s is no telephone number. Write for example +86 138 0000 0000.", value=shown(text))
            )
        return text


class Url(FieldType):
    """A web address; only ``http`` and ``https`` are ever linked."""

    name = "url"
    label = msg("Web address")

    def parse(self, raw: str, options: Mapping[str, Any]) -> str:  # noqa: ARG002
        text = clean(raw)
        if len(text) > 2000:
            raise too_long(text, 2000)
        try:
            parts = urlsplit(text)
            fits = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
        except ValueError:
            fits = False
        if not fits or "\n" in text:
            raise FieldError(
                msg("%(value)s is no web address. Write for example https://example.com/page.", value=shown(text))
            )
        return text
