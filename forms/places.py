"""Where fields stand in the JSON of their form, for the paths of problems."""

from collections.abc import Mapping
from typing import Any

from ..platform.problems import pointer
from .definition import Field, Form


class Places:
    """Paths of fields and columns; a form made without JSON counts its fields."""

    def __init__(self, form: Form) -> None:
        documents = form.document.get("fields") if isinstance(form.document, Mapping) else None
        self._fields = _indexes(documents, form.fields)
        self._columns: dict[str, Mapping[str, int]] = {}
        for each in form.fields:
            if each.columns:
                document = _at(documents, self._fields.get(each.key))
                self._columns[each.key] = _indexes(document.get("columns"), each.columns)

    def of(self, each: Field, table: Field | None = None) -> str:
        """``/fields/3``, or ``/fields/3/columns/1``."""
        if table is None:
            return pointer("fields", self._fields.get(each.key, 0))
        return self.of(table) + pointer("columns", self._columns[table.key].get(each.key, 0))

    def of_name(self, name: str) -> str:
        """The same for a key, or ``lines.total``."""
        table, dot, column = name.partition(".")
        path = pointer("fields", self._fields.get(table, 0))
        return path + pointer("columns", self._columns.get(table, {}).get(column, 0)) if dot else path


def _indexes(documents: Any, fields: tuple[Field, ...]) -> dict[str, int]:
    if not isinstance(documents, list):
        return {each.key: index for index, each in enumerate(fields)}
    found: dict[str, int] = {}
    for index, document in enumerate(documents):
        if isinstance(document, Mapping) and isinstance(document.get("key"), str):
            found.setdefault(document["key"], index)
    return found


def _at(documents: Any, index: int | None) -> Mapping[str, Any]:
    if isinstance(documents, list) and index is not None and isinstance(documents[index], Mapping):
        found: Mapping[str, Any] = documents[index]
        return found
    return {}
