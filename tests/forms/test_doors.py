"""Pages, API and imports are doors to one reading: they judge alike; what is drawn and sent back is the same."""

import csv
import random
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from werkzeug.datastructures import MultiDict

from signoff.forms import catalogue, importing, render, service
from signoff.forms.program import FormProgram
from signoff.forms.wire import raw_of
from signoff.platform.errors import Refused
from signoff.platform.people.current import current_zone
from signoff.platform.people.directory import Person

from .forming import choice, context, document, money, number, text
from .test_reading_properties import PRODUCTS, SUBMISSIONS, only_known, programs


class Sending(HTMLParser):
    """What a browser sends of the inputs on a page that nobody touched."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: MultiDict[str, str] = MultiDict()
        self.select: str | None = None
        self.area: str | None = None
        self.text = ""
        self.inert = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.inert += tag == "template"
        if self.inert or "disabled" in found or tag == "button":
            return
        name = found.get("name", "")
        if tag == "input" and found.get("type") != "file":
            if found.get("type") not in ("checkbox", "radio") or "checked" in found:
                self.sent.add(name, found.get("value", ""))
        elif tag == "select":
            self.select = name
            self.sent[name] = ""
        elif tag == "option" and self.select is not None and "selected" in found:
            self.sent[self.select] = found.get("value", "")
        elif tag == "textarea":
            self.area, self.text = name, ""

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        self.inert -= tag == "template"
        if tag == "select":
            self.select = None
        elif tag == "textarea" and self.area is not None:
            self.sent.add(self.area, self.text.removeprefix("\n"))
            self.area = None


def sent_by(html: str) -> MultiDict[str, str]:
    page = Sending()
    page.feed(html)
    return page.sent


ONCE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@ONCE
@given(programs(without=("file", "person")), SUBMISSIONS)
def test_what_was_drawn_and_sent_back_is_the_same_record(
    tables: Flask, compiled: FormProgram, raw: dict[str, Any]
) -> None:
    with tables.test_request_context():
        here: dict[str, Any] = {"lookups": PRODUCTS, "zone": current_zone()}
        first = compiled.read(only_known(compiled, raw), context(**here))
        html = render.fields(compiled, first.values, reading=first, links=first.links)
        sent = raw_of(compiled.form.fields, sent_by(str(html)))
        again = compiled.read(sent, context(previous=first.values, previous_links=first.links, **here))
        assert again.values == first.values
        assert again.links == first.links
        assert first.problems or not again.problems


DOORS = document(
    [
        text("name", required=True, max_length=8, unique=True),
        number("weight", min="0", max="50", decimals=1),
        {"key": "pieces", "type": "integer", "min": 1},
        money("price"),
        {"key": "day", "type": "date"},
        choice("kind", "plain", "fancy"),
        {"key": "urgent", "type": "boolean"},
        {"key": "mail", "type": "email"},
        money("sum", compute="pieces * price"),
    ],
    key="doors",
    rules=[
        {"when": {"kind": "plain"}, "hide": ["mail"]},
        {"when": {"kind": "fancy"}, "require": ["price"], "readonly": ["urgent"]},
        {"check": "weight <= 20", "at": "weight", "message": "Too heavy."},
    ],
)
TYPED: Mapping[str, tuple[str, ...]] = {
    "name": ("Lamp", "Lamp", "a much too long name", "", " 灯 "),
    "weight": ("1.5", "20.1", "-1", "1.55", "x", ""),
    "pieces": ("1", "3", "0", "2.5", ""),
    "price": ("9.99", "0.001", "1,000", ""),
    "day": ("2026-03-01", "2026-02-30", ""),
    "kind": ("plain", "fancy", "other", ""),
    "urgent": ("true", "false", "maybe", ""),
    "mail": ("li@example.com", "li", ""),
}


def test_the_page_the_api_and_an_import_judge_alike(
    tables: Flask, browser: FlaskClient, ada: Person, tmp_path: Path
) -> None:
    catalogue.publish_form(DOORS, by="ada")
    drawn = random.Random(11)
    filed: list[tuple[int, Any]] = []
    for place in range(60):
        values = {key: drawn.choice((*texts[:1] * 12, *texts)) for key, texts in TYPED.items()}
        values["name"] = values["name"].strip() and f"{values['name']}{place}"[-30:]
        judged = {door: _through(door, values, browser, ada, tmp_path) for door in ("api", "page", "import")}
        assert judged["api"][0] == judged["import"][0], (values, judged)
        assert judged["api"][0] == judged["page"][0] or judged["page"][0] == ["refused"] != judged["api"][0] != []
        assert judged["api"][1] == judged["page"][1] == judged["import"][1], (values, judged)
        filed.append((place, judged["api"][1]))
    assert 3 < sum(stored is not None for _, stored in filed) < 57


def _through(
    door: str, values: dict[str, str], browser: FlaskClient, ada: Person, folder: Path
) -> tuple[list[str], Any]:
    """What is wrong, by codes, and what would be stored; it is taken out again."""
    before = {each.id for each in service.find("doors", by=ada).items}
    wrong: list[str] = []
    if door == "api":
        try:
            service.submit("doors", values, by=ada)
        except Refused as error:
            wrong = sorted(f"{each.path}: {each.code}" for each in error.problems)
    elif door == "page":
        data = {f"f-{key}": value for key, value in values.items()}
        answer = browser.post("/forms/doors/new", data=data)
        wrong = [] if answer.status_code == 303 else ["refused"]
    else:
        path = folder / "rows.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([list(values), list(values.values())])
        result = importing.import_records("doors", path, by=ada)
        wrong = sorted(f"{each.path}: {each.code}" for _, problems in result.rejected for each in problems)
    made = [each for each in service.find("doors", by=ada).items if each.id not in before]
    for each in made:
        service.delete(each.id, by=ada)
    return wrong, [each.stored for each in made] or None
