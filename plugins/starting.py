"""Starting from a pack: what it would bring, what of it is there, and a copy of it under a key of one's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..platform import definitions, json
from ..platform.errors import Refused
from ..platform.keys import KEY
from ..platform.problems import Problem
from ..platform.text import LocalText, msg
from .api import Pack
from .applying import read_paths


@dataclass(frozen=True, slots=True)
class Part:
    """A form or flow of a pack; ``there``: one of this key is in force, from the pack or not."""

    kind: str
    key: str
    title: LocalText
    document: Mapping[str, Any]
    there: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A pack as the page shows it. ``copies``: it is one form with its flow, and can be begun under another key."""

    pack: Pack
    parts: tuple[Part, ...]

    @property
    def there(self) -> bool:
        """Whether there is nothing left to put in force."""
        return all(part.there for part in self.parts)

    @property
    def copies(self) -> bool:
        return [part.kind for part in self.parts].count("form") == 1


def offer(pack: Pack) -> Offer:
    """What the pack holds, forms first."""
    documents = [json.parse_object(source.text) for source in read_paths([pack.folder])]
    parts = [_part(each) for each in documents if each["schema"] in ("form/1", "flow/1")]
    return Offer(pack, tuple(sorted(parts, key=lambda part: part.kind != "form")))


def _part(document: Mapping[str, Any]) -> Part:
    kind, key = document["schema"].partition("/")[0], document["key"]
    return Part(kind, key, document.get("title", key), document, definitions.current(kind, key) is not None)


def copy(offered: Offer, key: str, *, by: str) -> None:
    """Keep drafts of the pack's form and flow under ``key``; nothing is in force by that.

    Raises:
        Refused: it is no key, or there is a form, flow or draft of it.
    """
    if not KEY.fullmatch(key):
        text = msg("%(key)s is no key. Use small letters, digits and “_”, starting with a letter.", key=repr(key[:64]))
        raise Refused.because([Problem("/key", "wrong_value", text)])
    for part in offered.parts:
        if definitions.current(part.kind, key) is not None or definitions.draft(part.kind, key) is not None:
            text = msg("There is a %(kind)s “%(key)s” already. Choose another key.", kind=part.kind, key=key)
            raise Refused.because([Problem("/key", "key_taken", text)])
    for part in offered.parts:
        changes = {"key": key} if part.kind == "form" else {"key": key, "form": key}
        definitions.save_draft(part.kind, key, {**part.document, **changes}, by=by, base_version=0)
