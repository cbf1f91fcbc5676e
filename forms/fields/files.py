"""Types whose value is files: kept as the ids under which they were uploaded."""

import re
from datetime import tzinfo
from typing import Any, ClassVar

from ...platform.text import msg
from ..definition import Field
from ..errors import FieldError
from ..reading import ReadContext
from ..types import FieldType, OptionFields, Read, shown
from .options import Flag, MediaTypes, Size, Whole

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
MOST_FILES = 50
DEFAULT_SIZE = 10 * 1024**2


class File(FieldType):
    """One file, or several."""

    name = "file"
    label = msg("File")
    value_kind = "files"
    options: ClassVar[OptionFields] = {
        "multiple": Flag(load_default=False, metadata={"doc": "Several files may be given."}),
        "max_files": Whole(
            least=1, most=MOST_FILES, load_default=20, metadata={"doc": "The most, where several may be given; 20."}
        ),
        "accept": MediaTypes(load_default=(), metadata={"doc": 'Media types: `["image/*", "application/pdf"]`; all.'}),
        "max_size": Size(load_default=DEFAULT_SIZE, metadata={"doc": "The most that one file may have, “10MB”."}),
    }

    def reader(self, field: Field) -> Read:
        most = self.most(field)

        def read(raw: Any, context: ReadContext) -> tuple[str, ...] | None:  # noqa: ARG001
            ids = tuple(dict.fromkeys(each for each in ([raw] if isinstance(raw, str) else _list(raw)) if each != ""))
            for each in ids:
                if not isinstance(each, str) or not _ID.fullmatch(each):
                    raise FieldError(
                        msg("%(value)s is no id of a file. Upload it first and send the id.", value=shown(each)),
                        code="not_a_file",
                    )
            if len(ids) > most:
                raise FieldError(
                    msg("%(count)s files are too many. At most %(max)s.", count=len(ids), max=most), code="too_many"
                )
            return ids or None

        return read

    def most(self, field: Field) -> int:
        """How many files there may be."""
        return field.options["max_files"] if field.options["multiple"] else 1

    def to_json(self, value: Any) -> Any:
        return None if value is None else list(value)

    def from_json(self, json: Any) -> Any:
        return tuple(json) if json else None

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        if not value:
            return ""
        return f"{len(value)} 个文件" if language == "zh" else f"{len(value)} file" + ("s" if len(value) > 1 else "")


def _list(raw: Any) -> list[Any]:
    if isinstance(raw, list | tuple):
        if all(isinstance(each, str) for each in raw):
            return list(raw)
        raise FieldError(msg("%(value)s is no list of ids of files.", value=shown(raw)), code="not_a_file")
    raise FieldError(msg("%(value)s is no file. Upload it first and send its id.", value=shown(raw)), code="wrong_type")


class Image(File):
    """Photos and pictures, shown small."""

    name = "image"
    label = msg("Image")
    options: ClassVar[OptionFields] = {
        **File.options,
        "accept": MediaTypes(load_default=("image/*",), metadata={"doc": "Media types; `image/*`."}),
    }


class Signature(File):
    """A signature, drawn with finger, pen or mouse."""

    name = "signature"
    label = msg("Signature")
    options: ClassVar[OptionFields] = {}

    def most(self, field: Field) -> int:  # noqa: ARG002
        return 1
