"""Keys: the short names that admins give to what they define, stable for ever."""

import re
from collections.abc import Container

KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_OTHER = re.compile(r"[^a-z0-9]+")


def key_of(words: str, taken: Container[str] = (), instead: str = "new") -> str:
    """A key made of ``words``, or of ``instead`` where they have no letters of ours; with a number if it is taken."""
    made = _OTHER.sub("_", words.casefold()).lstrip("0123456789_")[:48].rstrip("_") or instead
    found, number = made, 1
    while found in taken:
        number += 1
        found = f"{made}_{number}"
    return found
