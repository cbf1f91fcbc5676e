"""A postal address, in parts."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, ClassVar

from ...platform.text import msg
from ..definition import Field
from ..errors import FieldError
from ..reading import ReadContext
from ..types import FieldType, OptionFields, Read, shown
from .options import Flag
from .texts import clean, too_long

PARTS = ("country", "province", "city", "district", "street", "postcode")
_LONGEST = 200


class Address(FieldType):
    """Country, province, city, district, street, postcode; a text alone is the street."""

    name = "address"
    label = msg("Address")
    value_kind = "json"
    options: ClassVar[OptionFields] = {
        "country": Flag(load_default=False, metadata={"doc": "Ask for the country, too."}),
    }

    def reader(self, field: Field) -> Read:  # noqa: ARG002
        def read(raw: Any, context: ReadContext) -> Mapping[str, str] | None:  # noqa: ARG001
            parts = {"street": raw} if isinstance(raw, str) else raw
            if not isinstance(parts, Mapping):
                raise FieldError(
                    msg('%(value)s is no address. Send {"city": …, "street": …}.', value=shown(raw)), code="wrong_type"
                )
            for key in parts:
                if key not in PARTS:
                    raise FieldError(
                        msg(
                            "No part “%(key)s” of an address. Known: %(known)s.",
                            key=str(key)[:40],
                            known=", ".join(PARTS),
                        ),
                        code="unknown_part",
                    )
            return {key: text for key in PARTS if (text := _part(parts.get(key)))} or None

        return read

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        if not value:
            return ""
        if language == "zh":
            return "".join(value[key] for key in PARTS[:5] if key in value) + (
                f" {value['postcode']}" if "postcode" in value else ""
            )
        return ", ".join(
            value[key] for key in ("street", "district", "postcode", "city", "province", "country") if key in value
        )


def _part(raw: Any) -> str:
    if raw is None:
        return ""
    text = " ".join(clean(raw).split())
    if len(text) > _LONGEST:
        raise too_long(text, _LONGEST)
    return text
