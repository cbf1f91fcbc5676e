"""The field type ``evidence``: a checklist (D6 to D9) of files, texts and ticks, each asked for where it matters."""

from datetime import tzinfo
from typing import Any, ClassVar

import marshmallow as ma

from ...forms.definition import Field
from ...forms.fields.options import Flag, Key, Local, MediaTypes, OneOf, Size
from ...forms.schema_problems import StrictSchema
from ...forms.types import FieldType, OptionFields, part_of
from ...platform.problems import Problem, pointer
from ...platform.text import local, msg

FILES, TEXT, TICK = "files", "text", "tick"


class _Item(StrictSchema):
    key = Key(required=True)
    label = Local(required=True)
    kind = OneOf(
        FILES,
        TEXT,
        TICK,
        load_default=FILES,
        metadata={
            "label": {"en": "What it holds", "zh": "内容"},
            "words": {
                FILES: {"en": "Files", "zh": "文件"},
                TEXT: {"en": "A text", "zh": "文字"},
                TICK: {"en": "A tick", "zh": "勾选"},
            },
        },
    )
    required = Flag(load_default=False)
    accept = MediaTypes(load_default=("image/*", "application/pdf"))
    max_size = Size(load_default=10 * 1024**2)


class Evidence(FieldType):
    """A checklist of evidence: each item holds files, a text or a tick.

    An item is required always (``required``), by rules (``{"when": {"reason": "damaged"}, "require":
    ["evidence.photos"]}``) or at a step of the flow (``"fields": {"evidence.inspection": "required"}``).
    """

    name = "evidence"
    label = msg("Evidence checklist")
    value_kind = "json"
    options: ClassVar[OptionFields] = {
        "items": ma.fields.List(
            ma.fields.Nested(_Item),
            required=True,
            validate=ma.validate.Length(min=1, max=50, error=msg("A checklist has 1 to 50 items.")),
            metadata={
                "doc": 'What is asked for: `[{"key", "label", "kind": "files" · "text" · "tick"}]`.',
                "label": {"en": "What is asked for", "zh": "要求的证据"},
            },
        ),
    }

    def check_options(self, field: Field) -> list[Problem]:
        keys = [item["key"] for item in field.options["items"]]
        return [
            Problem(
                pointer("items", place, "key"), "duplicate_key", msg("“%(key)s” stands twice. Rename one.", key=key)
            )
            for place, key in enumerate(keys)
            if key in keys[:place]
        ]

    def parts(self, field: Field) -> tuple[Field, ...]:
        return tuple(_part(item) for item in field.options["items"])

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        """What is there, for lists and exports."""
        there = [local(part.label, language) for part in field.parts if (value or {}).get(part.key) is not None]
        return ("、" if language == "zh" else ", ").join(there)


def _part(item: dict[str, Any]) -> Field:
    asked: dict[str, Any] = {"required": item["required"]}
    match item["kind"]:
        case "text":
            return part_of(item["key"], "long_text", item["label"], max_length=2000, **asked)
        case "tick":
            return part_of(item["key"], "boolean", item["label"], **asked)
        case _:
            limits = {"multiple": True, "accept": item["accept"], "max_size": item["max_size"]}
            return part_of(item["key"], "file", item["label"], **asked, **limits)
