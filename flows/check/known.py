"""A condition that is known to hold, with what is asked of it again and again worked out once."""

from collections.abc import Iterable
from dataclasses import dataclass

from ...forms.conditions import fields_of
from ...forms.conditions.tree import Condition
from .testing import is_exact

FACT = "submitter."


@dataclass(frozen=True, eq=False, slots=True)
class Known:
    """Told apart by identity: conditions of two hundred branches are too large to compare each time.

    ``keys`` are the fields and facts that the condition reads, of a column its table; ``exact``: cells answer it.
    ``loose``: it says of some of them only whether they are filled.
    """

    condition: Condition
    keys: frozenset[str]
    exact: bool
    loose: bool = False


def known(condition: Condition, *, loose: bool = False) -> Known:
    """``condition`` as something known."""
    return Known(condition, read_by(condition), is_exact(condition), loose)


def both(condition: Condition, parts: Iterable[Known]) -> Known:
    """``condition``, which is put together of ``parts``."""
    kept = list(parts)
    keys = frozenset().union(*(part.keys for part in kept)) if kept else frozenset()
    return Known(condition, keys, all(part.exact for part in kept))


def read_by(condition: Condition) -> frozenset[str]:
    """The fields and facts that ``condition`` asks; of a column its table."""
    return frozenset(key if key.startswith(FACT) else key.split(".")[0] for key in fields_of(condition))
