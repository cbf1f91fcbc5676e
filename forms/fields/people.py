"""Types whose value is somebody of the company, or a part of it."""

from collections.abc import Callable
from typing import Any

from ...platform.text import Message, msg
from ..definition import Field
from ..errors import FieldError
from ..kinds import DEPARTMENT, PERSON, Base, Kind
from ..reading import ReadContext
from ..types import FieldType, Read, shown

_Known = Callable[[str], str | None]


def _key(raw: Any) -> str:
    if not isinstance(raw, str) or len(raw) > 200:
        raise FieldError(msg("%(value)s is no key. Send a text.", value=shown(raw)), code="wrong_type")
    return raw.strip()


def _known(key: str, known: _Known | None, message: Message) -> str:
    found = key if known is None else known(key)
    if found is None:
        raise FieldError(message, code="not_found")
    return found


class Person(FieldType):
    """Somebody of the company, by key."""

    name = "person"
    label = msg("Person")

    def kind(self, field: Field) -> Kind:  # noqa: ARG002
        return Kind(Base.REFERENCE, target=PERSON)

    def reader(self, field: Field) -> Read:  # noqa: ARG002
        def read(raw: Any, context: ReadContext) -> str:
            key = _key(raw)
            nobody = msg("Nobody is called %(value)s. Choose somebody from the list.", value=shown(key))
            return _known(key, context.person, nobody)

        return read


class Department(FieldType):
    """A department, by key."""

    name = "department"
    label = msg("Department")

    def kind(self, field: Field) -> Kind:  # noqa: ARG002
        return Kind(Base.REFERENCE, target=DEPARTMENT)

    def reader(self, field: Field) -> Read:  # noqa: ARG002
        def read(raw: Any, context: ReadContext) -> str:
            key = _key(raw)
            none = msg("No department %(value)s. Choose one from the list.", value=shown(key))
            return _known(key, context.department, none)

        return read
