"""What the page's script says of a form at once is what the server says a moment later; and what it is never told."""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from signoff.forms import catalogue, filling, following, live_fill, service
from signoff.forms.definition import Field
from signoff.forms.filling import Sheet
from signoff.forms.program import FormProgram
from signoff.forms.records import Record
from signoff.forms.types import kind_of
from signoff.platform.people.directory import Person

from ..bench import bench_forms_read
from .forming import choice, document, lookup, money, number, program, table, text
from .scripts import answers

CASES = 400
SAID_AT_ONCE = ("required", "min", "max", "check")
NUMBERS = ["", "", "0", "1", "2.50", "12.345", "-3", "１２", "7%", "words", "999999", "0.1", "1,000"]


def a_form_of_everything() -> dict[str, Any]:
    """Each sort of field, and rules that hang on each other."""
    fields = [
        text("name", max_length=20),
        {"key": "story", "type": "long_text"},
        choice("tier", "normal", "vip", "staff"),
        {"key": "tags", "type": "choices", "options": [{"value": v, "label": v.upper()} for v in "abc"]},
        {"key": "urgent", "type": "boolean"},
        {"key": "day", "type": "date"},
        {"key": "until", "type": "date"},
        {"key": "moment", "type": "datetime"},
        {"key": "hour", "type": "time"},
        {"key": "stars", "type": "rating", "max": 5},
        {"key": "rate", "type": "percent", "decimals": 2},
        money("amount", min="0", max="100000"),
        number("weight", unit="kg", decimals=3),
        {"key": "count", "type": "integer", "min": -5, "max": 5000, "default": 3},
        money("discount", compute='ROUND(amount * IF(tier = "vip", rate%, 0), 2)'),
        money("sum", compute="SUM(lines.total) + amount - discount"),
        number("share", compute="sum / count", decimals=4, unit="kg"),
        text("greeting", compute='IF(tier = "", "", UPPER(tier) & " " & LEFT(name, 3) & " " & sum)', max_length=30),
        {"key": "late", "type": "date", "compute": "day + count"},
        {"key": "days", "type": "integer", "compute": "until - day"},
        {"key": "is_late", "type": "boolean", "compute": "late > until"},
        text("weekday_note", compute='"Moment " & moment & " at " & hour'),
        {"key": "work", "type": "integer", "compute": "WORKDAYS(day, until)"},
        money("fee"),
        text("secret_reason"),
        table(
            "lines",
            text("what"),
            {"key": "quantity", "type": "integer", "min": 1},
            money("price"),
            choice("kind", "in", "out"),
            money("total", compute='quantity * price * IF(tier = "vip", 0.9, 1)'),
            text("hint", compute='IF(kind = "out", "goes " & name, "")'),
            text("why", max_length=9),
            choice("shelf", "a", "b"),
        ),
    ]
    rules = [
        {"when": {"tier": ["vip", "staff"]}, "show": ["discount", "rate"], "require": ["rate"]},
        {"when": {"urgent": True}, "hide": ["until", "lines.kind"], "require": ["story"]},
        {"when": {"tags": {"contains": "a"}}, "readonly": ["count", "weight"]},
        {"when": {"lines": {"any": {"quantity": {"gt": 3}}}}, "require": ["name"], "hide": ["lines.hint"]},
        {"when": {"sum": {"gt": "500"}}, "show": ["secret_reason"], "require": ["secret_reason", "lines.what"]},
        {"when": "AND(amount > 10, NOT(ISBLANK(day)))", "set": {"fee": "amount * 0.05"}},
        {"when": {"until": {"lt": {"field": "day"}}}, "hide": ["stars"]},
        {"when": {"submitter.role": "support"}, "require": ["hour"]},
        {"when": {"name": {"starts_with": "Li"}}, "hide": ["lines"]},
        {"when": {"kind": "in"}, "hide": ["lines.why"], "set": {"lines.price": "quantity * 1.5"}},
        {"when": "quantity > count", "require": ["lines.why", "lines.shelf"]},
        {"when": {"tier": "vip", "kind": "out"}, "readonly": ["lines.shelf"], "hide": ["lines.hint"]},
        {"check": {"until": {"gte": {"field": "day"}}}, "at": "until", "message": {"en": "Too soon.", "zh": "太早。"}},
        {"when": {"tier": "vip"}, "check": "sum <= 900", "at": "amount"},
        {"when": {"kind": "out"}, "check": "quantity < count", "at": "lines.quantity", "message": "Not so many."},
        {
            "set": {"lines.shelf": 'IF(quantity > 9, "b", "a")'},
            "when": {"quantity": {"gt": 5}, "why": {"empty": False}},
        },
    ]
    return document(fields, rules=rules)


class Typist:
    """Types into a page at random, as browsers send it."""

    def __init__(self, seed: int, found: Mapping[str, Record]) -> None:
        self.random = random.Random(seed)
        self.found = found

    def page(self, program: FormProgram) -> MultiDict[str, str]:
        sent: MultiDict[str, str] = MultiDict()
        for field in program.form.fields:
            if field.columns:
                for row in self.random.sample(range(9), self.random.randrange(5)):
                    for column in field.columns:
                        self._type(column, f"f-{field.key}-{row}-{column.key}", sent)
                    sent.add(f"f-{field.key}-{row}", "1")
                sent.add(f"f-{field.key}", "")
            else:
                self._type(field, f"f-{field.key}", sent)
        return sent

    def _type(self, field: Field, name: str, sent: MultiDict[str, str]) -> None:
        if field.compute or field.total or field.type == "note":
            return
        if field.type == "choices":
            sent.add(name, "")
            for each in field.options["options"]:
                if self.random.random() < 0.3:
                    sent.add(name, each["value"])
        elif field.type == "lookup":
            record = self.found.get(field.options["form"])
            chosen = (record.title, str(record.id), record.title) if record else ("", "", "")
            known = self.random.choice((("", "", ""), chosen, ("typed", "", "")))
            for part, each in zip(("", "-id", "-shown"), known, strict=True):
                sent.add(name + part, each)
        else:
            sent.add(name, self.random.choice(self._texts(field)))

    def _texts(self, field: Field) -> list[str]:
        match field.type:
            case "choice":
                return ["", *(each["value"] for each in field.options["options"])]
            case "boolean":
                return ["", "true", "false"]
            case "date":
                return ["", "2026-03-01", "2026-12-31", "2024-02-29", "2026-02-30"]
            case "datetime":
                return ["", "2026-03-01T23:30", "2026-07-01T00:05"]
            case "time":
                return ["", "09:30", "23:59"]
            case "rating":
                return ["", "1", "5"]
            case "text" | "long_text":
                return ["", " ", "Li Na", " 退款\u3000 note ", "a\u00a0b", "😀😀 words", "x" * 25]
        return NUMBERS if kind_of(field).base == "number" else [""]


def compiled(name: str) -> FormProgram:
    if name == "everything":
        made = a_form_of_everything()
        return program(made["fields"], rules=made["rules"])
    return bench_forms_read.program() if name == "bench" else catalogue.program(name)


def put(sent: MultiDict[str, str], inputs: dict[str, Any]) -> None:
    """What the page does with inputs that the server filled."""
    for name, wire in inputs.items():
        if isinstance(wire, dict):
            for part, word in (("", "text"), ("-id", "id"), ("-shown", "text")):
                sent.setlist(name + part, [wire[word]])
        else:
            sent.setlist(name, wire if isinstance(wire, list) else [wire])


@pytest.mark.parametrize("name", ["everything", "bench", "refund", "sales_order", "stock_movement", "product"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_script_says_at_once_what_the_server_says_then(
    tables: Flask, ada: Person, tmp_path: Path, name: str, language: str
) -> None:
    product = service.submit("product", {"sku": "A1", "name": "Lantern", "price": "3.39"}, by=ada)
    lines = [{"product": product.id, "quantity": 6, "unit_price": "2.55"}]
    bought = {"shop_number": "536365", "customer_name": "李娜", "ordered_on": "2026-03-01", "lines": lines}
    found = {"product": product, "sales_order": service.submit("sales_order", bought, by=ada)}
    typist = Typist(7, found)
    with tables.test_request_context(headers={"Cookie": f"signoff_language={language}"}):
        sheet = Sheet(compiled(name), ada)
        asked, expected = [], []
        opened = filling.opened(sheet)
        script = json.loads(filling.script(sheet, opened))
        for _ in range(CASES if name == "everything" else CASES // 8):
            sent = typist.page(sheet.program)
            put(sent, live_fill.live(sheet, sent)["inputs"])
            asked.append({**script, "sent": [[key, sent.getlist(key)] for key in sent]})
            expected.append(live_fill.live(sheet, sent))
        names = frozenset(sheet.program.names)
    blank = {"now": "2026-03-01T00:00:00Z", "zone": "UTC", "worlds": [], "formulas": [], "conditions": []}
    said = answers(tmp_path, {**blank, "forms": asked})["forms"]
    known = 0
    for case, server, browser in zip(asked, expected, said, strict=True):
        for word in ("visible", "required", "readonly"):
            theirs = {key: key in server[word] for key in browser[word]}
            if word != "visible":  # nobody sees whether what is hidden may be edited
                theirs = {key: held for key, held in theirs.items() if key in server["visible"]}
            assert {key: browser[word][key] for key in theirs} == theirs, (word, case["sent"])
            known += len(theirs)
        for ident, cell in browser["cells"].items():
            assert ident[2:].split("-")[0] + "." + ident.split("-")[3] in server["cells"]["columns"]
            for word, holds in cell.items():
                if word != "hidden" and ident in server["cells"]["hidden"]:
                    continue
                assert (ident in server["cells"][word]) is holds, (ident, word, case["sent"])
                known += 1
        for ident, message in browser["problems"].items():
            theirs = [each for each in server["problems"] if each["id"] == ident]
            if message is None:
                assert [each["code"] for each in theirs if each["code"] in SAID_AT_ONCE] == [], (ident, case["sent"])
            else:
                assert message in [each["message"] for each in theirs], (ident, message, theirs, case["sent"])
                known += 1
        shared = browser["outputs"].keys() & server["outputs"].keys()
        assert {key: browser["outputs"][key] for key in shared} == {key: server["outputs"][key] for key in shared}, (
            case["sent"]
        )
        for key in browser["inputs"].keys() & server["inputs"].keys():
            assert browser["inputs"][key] == server["inputs"][key], (key, case["sent"])
    assert known > len(asked) * len(names), "the script leaves nearly everything to the server"


def concealing() -> FormProgram:
    return program(
        [
            text("name"),
            text("other"),
            money("salary"),
            money("bonus", compute="salary * 0.1"),
            text("grade", compute='IF(salary > 1000, "A", "B")'),
            lookup("order", "sales_order"),
            table("lines", text("what"), money("cost"), money("margin", compute="cost * 2"), money("sold")),
            money("costs", compute="SUM(lines.cost)"),
        ],
        rules=[
            {"when": {"salary": {"gt": "5000"}}, "show": ["name"]},
            {"when": "salary > 4711", "require": ["name"]},
            {"when": {"lines": {"any": {"cost": {"gt": "42"}}}}, "hide": ["grade"]},
            {"when": {"other": "Li"}, "hide": ["salary"], "set": {"salary": "8888"}},
        ],
    )


def test_what_is_hidden_by_right_is_not_told_to_the_script() -> None:
    rights = {"name": "edit", "salary": "hidden", "lines": "edit", "lines.cost": "hidden", "grade": "read"}
    told = following.public(concealing(), rights, "en")
    written = json.dumps(told)
    for word in ("salary", 'cost"', "5000", "4711", "42", "8888", "lines.cost"):
        assert word not in written
    assert told["computed"] == {"bonus": None, "grade": None, "lines.margin": None, "costs": None}
    assert told["rules"]["show"] == {"name": [None]}
    assert told["rules"]["require"] == {"name": [None]}
    assert told["rules"]["hide"] == {"grade": [None]}
    assert told["rules"]["set"] == {}


def test_a_hidden_table_hides_its_columns() -> None:
    told = following.public(concealing(), {"name": "edit", "lines": "hidden"}, "en")
    assert [name for name in told["fields"] if name.startswith("lines")] == []
    assert told["computed"]["costs"] is None


def test_values_of_hidden_fields_are_not_in_the_page(tables: Flask, amy: Person) -> None:
    made = concealing()
    rights = dict.fromkeys(("salary", "lines.cost", "costs"), "hidden") | {"name": "edit", "lines": "read"}
    values = made.load({"salary": "31337.00", "grade": "A", "lines": [{"what": "x", "cost": "77.70", "sold": "99.00"}]})
    with tables.test_request_context():
        context = service.context_of(amy, None, rights=rights)
        reading = made.evaluate(values, context)
        script = str(following.script(made, reading, context, rights=rights, zone=context.zone))
    assert "31337" not in script
    assert "77.7" not in script
    assert "99.00" in script
