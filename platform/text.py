"""Text shown to people: sentences of ours in their language, and texts that admins wrote in several."""

from collections.abc import Callable, Mapping
from typing import Any

LANGUAGES = ("en", "zh")

LocalText = str | Mapping[str, str]
"""Text of a definition: one string for all languages, or ``{"en": …, "zh": …}``."""


class Message(str):
    """A sentence in English that still knows its template, so that the edge can say it in another language.

    ``template`` is the msgid of the catalogues; ``params`` fill it with ``%(name)s``. Params that are
    messages themselves are translated with it.
    """

    template: str
    params: Mapping[str, Any]

    def __new__(cls, template: str, params: Mapping[str, Any]) -> "Message":
        self = super().__new__(cls, template % params if params else template)
        self.template = template
        self.params = params
        return self


def msg(template: str, /, **params: Any) -> Message:
    """A sentence for people, made where Flask is not known; with params a percent sign is written ``%%``."""
    return Message(template, params)


def translate(text: str, gettext: Callable[[str], str]) -> str:
    """``text`` in the language of ``gettext``; strings that are no :class:`Message` stay as they are."""
    if not isinstance(text, Message):
        return text
    template = gettext(text.template)
    if not text.params:
        return template
    return template % {
        name: translate(value, gettext) if isinstance(value, str) else value for name, value in text.params.items()
    }


def local(text: LocalText | None, language: str) -> str:
    """The text in ``language`` (``en``, ``zh``), else in English, else in any; ``None`` is empty."""
    if text is None:
        return ""
    if isinstance(text, str):
        return text
    return text.get(language) or text.get("en") or next(iter(text.values()), "")
