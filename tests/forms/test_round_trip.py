"""What was exported comes back by an import as it was, for every type that a spreadsheet can hold."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from signoff.forms import catalogue, exporting, importing, service
from signoff.forms.display import Reader
from signoff.forms.records import Record
from signoff.platform.people.directory import Person
from signoff.platform.web.language import speaking

from .forming import document
from .test_service import product

SIZES = [{"value": "s", "label": {"en": "Small", "zh": "小"}}, {"value": "l", "label": {"en": "Large", "zh": "大"}}]
LINES = [
    {"key": "what", "type": "lookup", "form": "product", "label": {"en": "Product", "zh": "商品"}},
    {"key": "count", "type": "integer", "label": {"en": "Count", "zh": "数量"}},
    {"key": "price", "type": "money", "currency": "CNY", "label": {"en": "Price", "zh": "单价"}},
    {"key": "size", "type": "choice", "options": SIZES, "label": {"en": "Size", "zh": "尺寸"}},
    {
        "key": "sum",
        "type": "money",
        "currency": "CNY",
        "compute": "count * price",
        "label": {"en": "Sum", "zh": "小计"},
    },
]
FIELDS: list[tuple[dict[str, Any], Any]] = [
    ({"type": "text"}, "=1+1"),
    ({"type": "long_text"}, 'Two "lines",\nand one; more'),
    ({"type": "number"}, "-12.75"),
    ({"type": "integer", "unit": {"en": "pieces", "zh": "件"}}, 1200),
    ({"type": "money", "currency": "CNY"}, "1234567.80"),
    ({"type": "percent"}, "12.5"),
    ({"type": "date"}, "2026-03-01"),
    ({"type": "datetime"}, "2026-03-01T08:30:00Z"),
    ({"type": "time"}, "09:30"),
    ({"type": "choice", "options": SIZES}, "l"),
    ({"type": "choices", "options": SIZES}, ["s", "l"]),
    ({"type": "boolean"}, False),
    ({"type": "email"}, "cui@example.org"),
    ({"type": "phone"}, "+86 138 0013 8000"),
    ({"type": "url"}, "https://example.org/?a=1&b=2"),
    ({"type": "lookup", "form": "product"}, 1),
    ({"type": "person"}, "bo"),
    ({"type": "department"}, "service"),
    ({"type": "address"}, {"street": "12 Long Road"}),  # a text alone is the street
    ({"type": "rating"}, 4),
    (
        {"type": "table", "columns": LINES},
        [{"what": 1, "count": 2, "price": "3.50", "size": "s"}, {"what": 1, "count": -1, "price": "10.00"}],
    ),
]  # fmt: skip


def publish() -> dict[str, Any]:
    """The form in force; the values of one record of it."""
    fields = [
        {**field, "key": f"f_{field['type']}", "label": {"en": f"A {field['type']}", "zh": f"字段 {field['type']}"}}
        for field, _ in FIELDS
    ]
    catalogue.publish_form({**document(fields), "key": "sample", "access": {"edit": ["*"]}}, by="ada")
    return {field["key"]: value for field, (_, value) in zip(fields, FIELDS, strict=True)}


def written(folder: Path, kind: str, by: Person, language: str) -> Path:
    """The records of the form in a file."""
    path = folder / f"back.{kind}"
    with speaking(language):
        parts: Iterable[Any] = exporting.KINDS[kind](
            "sample", by=by, reader=Reader(language, ZoneInfo("Asia/Shanghai"))
        )
        path.write_bytes(b"".join(part.encode() if isinstance(part, str) else part for part in parts))
    return path


def only() -> Record:
    page = service.find("sample", by=None, limit=5)
    assert len(page.items) == 1
    return page.items[0]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_is_imported_as_it_was(tables: Flask, ada: Person, tmp_path: Path, kind: str, language: str) -> None:
    product(ada)
    before = service.submit("sample", publish(), by=ada)
    path = written(tmp_path, kind, ada, language)
    service.delete(before.id, by=ada)
    with speaking(language):
        result = importing.import_records("sample", path, by=ada, group_by="#")
    assert [(line, each.path, each.message) for line, wrong in result.rejected for each in wrong] == []
    assert only().stored == before.stored


def test_every_type_but_files_travels(tables: Flask) -> None:
    from signoff.forms.types import all_types

    apart = {"file", "image", "signature", "note", "evidence"}
    assert {each.name for each in all_types()} - apart == {field["type"] for field, _ in FIELDS}
