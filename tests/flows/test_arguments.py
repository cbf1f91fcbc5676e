"""What an action is given: literals, fields and formulas, which know the kinds of the form's fields."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from signoff.flows.compile import compile_flow
from signoff.flows.run import World
from signoff.flows.schema import read_flow
from signoff.forms.compile import compile_form
from signoff.forms.schema import read_form
from signoff.platform.calendars import standard
from signoff.platform.people.directory import Directory

FORM = {
    "schema": "form/1",
    "key": "claim",
    "title": "Claim",
    "fields": [
        {"key": "bought_on", "type": "date", "label": "Bought on"},
        {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount"},
        {"key": "name", "type": "text", "label": "Name"},
    ],
}
VALUES = {"bought_on": date(2026, 2, 27), "amount": Decimal("10.00"), "name": "Lamp"}


@pytest.mark.parametrize(
    ("argument", "given"),
    [
        ("plain", "plain"),
        ({"field": "amount"}, Decimal("10.00")),
        ({"formula": "ROUND(amount / 3, 2)"}, Decimal("3.33")),
        ({"formula": "bought_on + 7"}, date(2026, 3, 6)),
        ({"formula": 'name & "!"'}, "Lamp!"),
        ({"formula": "amount / 0"}, None),
    ],
)
def test_an_argument_is_what_it_says(argument: Any, given: Any) -> None:
    form, _ = read_form(FORM)
    assert form is not None
    program, _ = compile_form(form)
    step = {"id": "go", "kind": "action", "do": "shop.note", "with": {"value": argument}}
    flow, problems = read_flow({"schema": "flow/1", "key": "f", "title": "F", "form": "claim", "steps": [step]}, form)
    assert flow is not None, problems
    compiled, _ = compile_flow(flow, program)
    assert compiled is not None
    calendar = standard(ZoneInfo("Asia/Shanghai"), "CN")
    world = World(Directory({}), calendar, datetime(2026, 3, 2, tzinfo=UTC), VALUES, "claim")
    assert compiled.arguments["go"]["value"](VALUES, world) == given
