"""Line items: rows of columns that are fields themselves."""

from datetime import tzinfo
from typing import Any, ClassVar

from ...platform.problems import Problem
from ...platform.text import msg
from ..definition import Field
from ..errors import FieldError
from ..kinds import Base, Kind
from ..reading import ReadContext
from ..types import FieldType, OptionFields, Read, find, kind_of, shown
from .options import Whole

MOST_ROWS = 5000


class Table(FieldType):
    """Rows; a program reads them all at once, see :mod:`..rows`."""

    name = "table"
    label = msg("Table")
    value_kind = "table"
    options: ClassVar[OptionFields] = {
        "min_rows": Whole(most=MOST_ROWS, load_default=0, metadata={"doc": "The fewest rows; 0."}),
        "max_rows": Whole(least=1, most=MOST_ROWS, load_default=200, metadata={"doc": "The most rows; 200."}),
    }

    def check_options(self, field: Field) -> list[Problem]:
        least, most = field.options["min_rows"], field.options["max_rows"]
        if least <= most:
            return []
        return [
            Problem(
                "/min_rows", "min_above_max",
                msg("min_rows %(min)s is above max_rows %(max)s. Swap them.", min=least, max=most),
            )
        ]  # fmt: skip

    def kind(self, field: Field) -> Kind:
        return Kind(Base.TABLE, columns={column.key: kind_of(column) for column in field.columns})

    def reader(self, field: Field) -> Read:
        """Rows without what only the form knows: nothing is computed, filled or required."""
        columns = {column.key: (find(column.type), column) for column in field.columns}

        def read(raw: Any, context: ReadContext) -> tuple[dict[str, Any], ...]:
            if not isinstance(raw, list):
                raise FieldError(msg("%(value)s is no list of rows.", value=shown(raw)), code="wrong_type")
            return tuple(
                {
                    key: value
                    for key, (kind, column) in columns.items()
                    if (value := kind.read(row.get(key), column, context)) is not None
                }
                for row in raw
            )

        return read

    def to_json(self, value: Any) -> Any:
        return None if value is None else list(value)

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        if not value:
            return ""
        return f"{len(value)} 行" if language == "zh" else f"{len(value)} row" + ("s" if len(value) > 1 else "")
