"""Words between the fields: no value, never required, never stored."""

from typing import Any

from ...platform.text import msg
from ..definition import Field
from ..errors import FieldError
from ..reading import ReadContext
from ..types import FieldType, Read


class Note(FieldType):
    """A note to whoever fills in; its label is the heading, its help the text."""

    name = "note"
    label = msg("Note")
    value_kind = "none"

    def reader(self, field: Field) -> Read:
        def read(raw: Any, context: ReadContext) -> Any:  # noqa: ARG001
            raise FieldError(msg("“%(key)s” is a note and takes no value.", key=field.key), code="no_value")

        return read
