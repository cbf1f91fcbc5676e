"""A form as it was published: frozen values read from ``form/1`` JSON by :mod:`.schema`, not yet compiled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..platform.text import LocalText

SCHEMA = "form/1"


@dataclass(frozen=True, slots=True)
class Total:
    """A field that shows the sum of ``sum`` over the records of ``form`` whose lookup ``match`` points here."""

    form: str
    sum: str
    match: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What records here may take of the one that a lookup points to: the sum of ``take`` over all of them never
    exceeds the sum of ``of`` there. ``per``: separately for each value of these columns ``{here: there}``."""

    take: str
    of: str
    per: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Field:
    """One field, or one column of a table. ``options`` are the type's own keys, checked by it, defaults filled."""

    key: str
    type: str
    label: LocalText
    help: LocalText | None = None
    required: bool = False
    default: Any = None  # JSON, as the definition has it
    compute: str | None = None  # a formula's text
    unique: bool = False
    indexed: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple["Field", ...] = ()  # of a table
    parts: tuple["Field", ...] = ()  # of a field whose type is made of others, as its options say
    total: Total | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """``rows`` hold field keys side by side; ``title`` may be empty; ``widths`` are in twelfths, where given."""

    title: LocalText | None
    rows: tuple[tuple[str, ...], ...]
    widths: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another record that holds the same in all of ``fields``; ``do``: warn (it must be confirmed) or refuse."""

    fields: tuple[str, ...]
    do: str = "warn"


@dataclass(frozen=True, slots=True)
class Rule:
    """An effect under a condition, a check or a duplicate; ``when`` and ``check``: conditions (JSON) or formulas."""

    when: Any = None
    show: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    readonly: tuple[str, ...] = ()
    set: Mapping[str, str] = field(default_factory=dict)
    check: Any = None
    duplicate: Duplicate | None = None
    message: LocalText | None = None
    at: str | None = None


EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Access:
    """Roles that may do each thing; ``*`` is everybody who is signed in; the role ``admin`` may do all.

    ``read`` is for records of others: submitters see their own, approvers what came to them.
    """

    create: tuple[str, ...] = (EVERYBODY,)
    read: tuple[str, ...] = ()
    edit: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Public:
    """What customers may do without signing in; ``status``: the fields on their page (``number`` is the record's)."""

    fill: bool = False
    status: tuple[str, ...] = ()
    later: tuple[str, ...] = ()  # fields that customers may still fill on their page, such as missing evidence


@dataclass(frozen=True, slots=True)
class Form:
    key: str
    title: LocalText
    description: LocalText | None
    number: str | None
    fields: tuple[Field, ...]
    layout: tuple[Section, ...]  # empty: the fields in order
    rules: tuple[Rule, ...]
    summary: tuple[str, ...]
    access: Access
    public: Public
    document: Mapping[str, Any] = field(repr=False, default_factory=dict)  # the JSON it was read from

    def field(self, key: str) -> Field | None:
        """The field of that key, ``None`` if there is none; columns are asked of their table."""
        return next((each for each in self.fields if each.key == key), None)
