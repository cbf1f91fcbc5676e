"""A record of another form: found as people type, filling other fields from what it holds."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, ClassVar

import marshmallow as ma

from ...platform.text import msg
from ..definition import Balance, Field
from ..errors import FieldError
from ..kinds import Base, Kind
from ..reading import Found, ReadContext
from ..schema_problems import StrictSchema
from ..types import FieldType, OptionFields, Read, shown
from .options import AnyJson, Key, KeyMap, Names, Text

ID_LIMIT = 2**63


class _BalanceSchema(StrictSchema):
    take = Text(required=True)
    of = Text(required=True)
    per = KeyMap(load_default={})

    @ma.post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Balance:
        return Balance(**data)


class Lookup(FieldType):
    """A record of another form, kept as its id."""

    name = "lookup"
    label = msg("Lookup")
    value_kind = "reference"
    options: ClassVar[OptionFields] = {
        "form": Key(required=True, metadata={"doc": "The key of the other form."}),
        "show": Names(load_default=(), metadata={"doc": "Its fields that are shown to choose by; its summary."}),
        "filter": AnyJson(metadata={"doc": 'A condition on its fields; `{"field": …}` is a field of this form.'}),
        "fill": KeyMap(
            load_default={}, metadata={"doc": "Fields here, line items too, that are filled from fields there."}
        ),
        "balance": ma.fields.List(
            ma.fields.Nested(_BalanceSchema),
            load_default=(),
            metadata={"doc": 'What may be taken of it in all: `[{"take", "of", "per"}]`, see [balances](#balances).'},
        ),
    }

    def kind(self, field: Field) -> Kind:
        return Kind(Base.REFERENCE, target=field.options["form"])

    def reader(self, field: Field) -> Read:
        form = field.options["form"]
        return lambda raw, context: found(form, raw, context).id

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        return "" if value is None else f"#{value}"


def found(form: str, raw: Any, context: ReadContext) -> Found:
    """The record of ``form`` that ``raw`` names: an id, ``"#17"``, ``{"id": 17}``, or a number or unique value.

    Raises:
        FieldError: nothing that names a record, or the person may not know of one.
    """
    wanted = _wanted(raw)
    record = context.lookups(form, wanted)
    if record is None:
        raise FieldError(
            msg("No record %(value)s of “%(form)s”. Search for it and choose one.", value=shown(raw), form=form),
            code="not_found",
        )
    return record


def _wanted(raw: Any) -> int | str:
    value = raw.get("id") if isinstance(raw, Mapping) and "id" in raw else raw
    if isinstance(value, str):
        value = value.strip()
        if value.startswith("#") and value[1:].isascii() and value[1:].isdigit():
            value = int(value[1:20])
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise FieldError(msg("%(value)s is no record. Send its id or its number.", value=shown(raw)), code="wrong_type")
    if isinstance(value, int) and not 0 < value < ID_LIMIT:
        raise FieldError(msg("%(value)s is no id of a record.", value=shown(raw)), code="not_found")
    return value[:500] if isinstance(value, str) else value
