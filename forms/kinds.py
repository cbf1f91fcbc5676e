"""What conditions and formulas need to know of a field: what sort of value it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Base(StrEnum):
    """Sorts of typed values; a blank of any sort is ``None``."""

    TEXT = "text"  # str
    NUMBER = "number"  # Decimal, or int
    BOOLEAN = "boolean"  # bool
    DATE = "date"  # date
    DATETIME = "datetime"  # aware datetime in UTC
    TIME = "time"  # time
    CHOICE = "choice"  # str
    CHOICES = "choices"  # tuple of str
    REFERENCE = "reference"  # int of a record, str of a person or department
    FILES = "files"  # tuple of str
    TABLE = "table"  # tuple of dicts
    JSON = "json"  # a mapping of its own shape, such as an address
    NONE = "none"  # no value at all, such as a note


@dataclass(frozen=True, slots=True)
class Kind:
    """``choices`` are the only values there can be (``None``: any); ``target`` is what a reference points to: a form's
    key, ``person`` or ``department``; ``columns`` belong to a table, ``parts`` to a field made of others."""

    base: Base
    choices: tuple[str, ...] | None = None
    target: str | None = None
    columns: Mapping[str, "Kind"] = field(default_factory=dict)
    parts: Mapping[str, "Kind"] = field(default_factory=dict)
    whole: bool = False  # numbers without decimals
    table: bool = False  # a column seen from outside its table: a list of values

    @property
    def is_several(self) -> bool:
        """Holds several values at once, so that a test asks whether one is among them."""
        return self.base is Base.CHOICES


UNKNOWN = Kind(Base.NONE)
"""Of a field that is broken itself: nothing that is said of it can be checked."""

PERSON = "person"
DEPARTMENT = "department"

FACTS: Mapping[str, Kind] = {
    "submitter.department": Kind(Base.REFERENCE, target=DEPARTMENT),
    "submitter.role": Kind(Base.CHOICES),
    "submitter.level": Kind(Base.NUMBER, whole=True),
}
"""Facts that stand beside the fields in conditions and formulas."""
