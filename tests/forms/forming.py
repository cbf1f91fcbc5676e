"""Making forms and programs in tests of one line, and reading the golden cases."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from signoff.forms.compile import compile_form
from signoff.forms.definition import Form
from signoff.forms.program import FormProgram
from signoff.forms.reading import Found, ReadContext, Reading
from signoff.forms.schema import read_form

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
NOW = datetime(2026, 3, 5, 20, 30, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def golden(path: str) -> dict[str, Any]:
    """The golden file ``path`` below ``tests/golden``."""
    document: dict[str, Any] = json.loads((GOLDEN / path).read_text(encoding="utf-8"))
    return document


def document(fields: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """``form/1`` JSON of those fields."""
    return {"schema": "form/1", "key": "sample", "title": "Sample", "fields": fields, **more}


def form(fields: list[dict[str, Any]], **more: Any) -> Form:
    """The form, which must have no problem."""
    found, problems = read_form(document(fields, **more))
    assert found is not None, problems
    return found


def program(fields: list[dict[str, Any]], **more: Any) -> FormProgram:
    """The program, which must compile."""
    found, problems = compile_form(form(fields, **more))
    assert found is not None, problems
    return found


def context(**more: Any) -> ReadContext:
    """The evening of the 5th of March 2026, which is the 6th in Shanghai."""
    return ReadContext(**{"now": NOW, "zone": SHANGHAI, **more})


def codes(reading: Reading) -> list[tuple[str, str]]:
    """Paths and codes of the problems."""
    return [(problem.path, problem.code) for problem in reading.problems]


def text(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "text", **more}


def number(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "number", **more}


def money(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "money", "currency": "CNY", **more}


def choice(key: str, *values: str, **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "type": "choice",
        "options": [{"value": value, "label": value.title()} for value in values],
        **more,
    }


def table(key: str, *columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "table", "columns": list(columns), **more}


def lookup(key: str, other: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "lookup", "form": other, **more}


def records(*found: Found) -> Any:
    """Finds records by id or by their number."""
    by_raw = {(each.form, raw): each for each in found for raw in (each.id, each.values.get("number")) if raw}
    return lambda other, raw: by_raw.get((other, raw))
