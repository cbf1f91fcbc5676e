"""Read and validate a submission of 25 fields and 20 line items: a form program beside plain WTForms."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import DateField, DecimalField, FieldList, Form, FormField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from signoff.forms.compile import compile_form
from signoff.forms.program import FormProgram
from signoff.forms.reading import Found, ReadContext
from signoff.forms.schema import read_form

ROWS = 20
SECONDS = 0.7
TIERS = ["normal", "vip", "staff"]


def document() -> dict[str, Any]:
    """A request as real ones are: texts, money, choices, dates, rules, formulas, a lookup in every line."""
    choices = [{"value": tier, "label": tier.title()} for tier in TIERS]
    fields: list[dict[str, Any]] = [
        *({"key": f"text_{index}", "type": "text", "required": index < 4, "max_length": 80} for index in range(7)),
        *({"key": f"money_{index}", "type": "money", "currency": "CNY", "min": "0"} for index in range(4)),
        *({"key": f"number_{index}", "type": "integer", "min": 0, "max": 1000} for index in range(3)),
        *({"key": f"choice_{index}", "type": "choice", "options": choices, "required": True} for index in range(4)),
        *({"key": f"day_{index}", "type": "date"} for index in range(2)),
        {"key": "notes", "type": "long_text", "max_length": 4000},
        {"key": "urgent", "type": "boolean"},
        {
            "key": "lines",
            "type": "table",
            "min_rows": 1,
            "columns": [
                {"key": "product", "type": "lookup", "form": "product", "required": True, "fill": {"price": "price"}},
                {"key": "quantity", "type": "integer", "min": 1, "required": True},
                {"key": "price", "type": "money", "min": "0", "required": True},
                {"key": "total", "type": "money", "compute": "quantity * price"},
            ],
        },
        {"key": "subtotal", "type": "money", "compute": "SUM(lines.total)"},
        {"key": "amount", "type": "money", "compute": 'ROUND(subtotal * IF(choice_0 = "vip", 0.9, 1) + money_0, 2)'},
    ]
    rules = [
        {"when": {"choice_1": "vip"}, "show": ["text_5"], "require": ["text_5"]},
        {"when": {"any": [{"amount": {"gt": "500"}}, {"urgent": True}]}, "require": ["notes"]},
        {"when": {"number_0": {"gte": 10, "lt": 100}}, "readonly": ["money_3"]},
        {"when": {"choice_2": ["normal", "staff"]}, "hide": ["money_2"]},
        {"check": "amount > 0", "at": "lines", "message": "There is nothing to pay."},
        {"check": {"money_0": {"lte": "100000"}}, "at": "money_0", "message": "Too much."},
    ]
    return {"schema": "form/1", "key": "bench", "title": "Bench", "fields": fields, "rules": rules}


def program() -> FormProgram:
    """The form compiled."""
    form, problems = read_form(document())
    assert form is not None, problems
    found, problems = compile_form(form)
    assert found is not None, problems
    return found


def submission() -> dict[str, Any]:
    """What a page or the API sends for it."""
    return {
        **{f"text_{index}": f"Some words of field {index}" for index in range(7)},
        **{f"money_{index}": f"{100 + index}.50" for index in range(4)},
        **{f"number_{index}": str(index * 7) for index in range(3)},
        **{f"choice_{index}": TIERS[index % 3] for index in range(4)},
        **{f"day_{index}": f"2026-03-0{index + 1}" for index in range(2)},
        "notes": "Several lines\nof what was said on the telephone.",
        "urgent": "true",
        "lines": [
            {"product": 1 + index % 5, "quantity": str(1 + index % 3), "price": "12.50"} for index in range(ROWS)
        ],
    }


class Line(Form):
    product = IntegerField(validators=[InputRequired()])
    quantity = IntegerField(validators=[InputRequired(), NumberRange(min=1)])
    price = DecimalField(validators=[InputRequired(), NumberRange(min=0)])
    total = DecimalField(validators=[Optional()])


def plain_form() -> type[Form]:
    """The same fields in WTForms, without rules and formulas."""
    members: dict[str, Any] = {
        **{
            f"text_{index}": StringField(validators=[InputRequired() if index < 4 else Optional(), Length(max=80)])
            for index in range(7)
        },
        **{f"money_{index}": DecimalField(validators=[Optional(), NumberRange(min=0)]) for index in range(6)},
        **{f"number_{index}": IntegerField(validators=[Optional(), NumberRange(0, 1000)]) for index in range(3)},
        **{
            f"choice_{index}": SelectField(choices=list(zip(TIERS, TIERS, strict=True)), validators=[InputRequired()])
            for index in range(4)
        },
        **{f"day_{index}": DateField(validators=[Optional()]) for index in range(2)},
        "notes": StringField(validators=[Optional(), Length(max=4000)]),
        "urgent": StringField(validators=[Optional()]),
        "lines": FieldList(FormField(Line), min_entries=0),
    }
    return type("Plain", (Form,), members)


def flat(raw: dict[str, Any]) -> MultiDict[str, str]:
    """The submission as a browser posts it to WTForms."""
    found: MultiDict[str, str] = MultiDict()
    for key, value in raw.items():
        if isinstance(value, list):
            for index, row in enumerate(value):
                for column, cell in row.items():
                    found[f"{key}-{index}-{column}"] = str(cell)
        else:
            found[key] = value
    return found


def rate(run: Callable[[], Any]) -> float:
    """Runs per second, the best of three."""
    best = 0.0
    for _ in range(3):
        count, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < SECONDS:
            run()
            count += 1
        best = max(best, count / spent)
    return best


def main(database_url: str = "") -> None:
    """Print both rates and their ratio; no database is asked."""
    compiled, raw, plain = program(), submission(), plain_form()
    product = Found(1, "product", 1, "Product", {})
    context = ReadContext(now=datetime(2026, 3, 1, tzinfo=UTC), lookups=lambda form, wanted: product)
    posted = flat(raw)
    reading = compiled.read(raw, context)
    assert reading.ok, reading.problems
    assert plain(posted).validate()
    rows = [
        ("WTForms, no rules, no formulas", rate(lambda: plain(posted).validate())),
        ("Signoff: read, rules, formulas, checks", rate(lambda: compiled.read(raw, context))),
        ("Signoff: the same values again", rate(lambda: compiled.evaluate(reading.values, context))),
        ("Signoff: dump to JSON and load", rate(lambda: compiled.load(compiled.dump(reading.values)))),
    ]
    floor = rows[0][1]
    print(f"{'read and validate 25 fields + ' + str(ROWS) + ' line items':<48}{'per second':>12}{'× WTForms':>12}")
    for name, found in rows:
        print(f"{name:<48}{found:>12,.0f}{found / floor:>12.1f}")
