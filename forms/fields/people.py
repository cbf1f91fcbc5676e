"""Types whose value is somebody of the company, or a part of it."""

from collections.abc import Callable
from typing import Any

from ...platform.text import msg
from ..definition import Field
from ..errors import FieldError
from ..kinds import DEPARTMENT, PERSON, Base, Kind
from ..reading import ReadContext
from ..types import FieldType, Read, shown

_Resolve = Callable[[ReadContext], Callable[[str], str | None] | None]


def _reader(resolve: _Resolve, what: str) -> Read:
    def read(raw: Any, context: ReadContext) -> str:
        if not isinstance(raw, str) or len(raw) > 200:
            raise FieldError(msg("%(value)s is no key. Send a text.", value=shown(raw)), code="wrong_type")
        key = raw.strip()
        known = resolve(context)
        found = key if known is None else known(key)
        if found is None:
            raise FieldError(msg(what, value=shown(key)), code="not_found")
        return found

    return read


class Person(FieldType):
    """Somebody of the company, by key."""

    name = "person"
    label = msg("Person")

    def kind(self, field: Field) -> Kind:  # noqa: ARG002
        return Kind(Base.REFERENCE, target=PERSON)

    def reader(self, field: Field) -> Read:  # noqa: ARG002
        return _reader(lambda context: context.person, "Nobody is called %(value)s. Choose somebody from the list.")


class Department(FieldType):
    """A department, by key."""

    name = "department"
    label = msg("Department")

    def kind(self, field: Field) -> Kind:  # noqa: ARG002
        return Kind(Base.REFERENCE, target=DEPARTMENT)

    def reader(self, field: Field) -> Read:  # noqa: ARG002
        return _reader(lambda context: context.department, "No department %(value)s. Choose one from the list.")
