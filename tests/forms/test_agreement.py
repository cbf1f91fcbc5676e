"""The browser's evaluators agree with Python's: on the golden cases, and on expressions drawn at random."""

import json
import os
import random
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from signoff.forms import conditions, formulas
from signoff.forms.conditions import operand_json
from signoff.forms.conditions.operands import operators_of
from signoff.forms.conditions.tree import All, AnyOf, Condition, FieldRef, Not, Op, Rows
from signoff.forms.conditions.tree import Test as FieldTest
from signoff.forms.formulas import Call, Literal, Name, Tree
from signoff.forms.kinds import FACTS, Base, Kind

from .forming import GOLDEN, NOW, SHANGHAI, golden, program
from .scripts import answers, typed

EXPRESSIONS = 20_000
CONDITIONS = 5_000
WORLDS = 300


def written(cases: Any) -> str:
    """One tree a line, so that a change of one reads as one."""
    if isinstance(cases, list):
        lines = ",\n  ".join(json.dumps(each, ensure_ascii=False) for each in cases)
        return f"[\n  {lines}\n]\n"
    parts = []
    for name, part in cases.items():
        trees = ",\n    ".join(json.dumps([*each], ensure_ascii=False) for each in part["trees"].items())
        values = json.dumps(part["values"], ensure_ascii=False)
        parts.append(f'  "{name}": {{\n   "values": {values},\n   "trees": [\n    {trees}\n   ]\n  }}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def formula_trees() -> dict[str, Any]:
    """Trees of the golden formulas, and the typed values over which they are asked."""
    found: dict[str, Any] = {}
    for name in ("values", "blanks"):
        cases = golden(f"formulas/{name}.json")
        compiled = program(cases["fields"])
        found[name] = {
            "values": typed(compiled.load(cases["values"])),
            "trees": {
                text: formulas.to_json(formulas.resolve(formulas.parse(text), compiled.kinds)[0])
                for text, *_ in cases["cases"]
            },
        }
    return found


def condition_trees() -> list[dict[str, Any]]:
    """Trees of the golden conditions, and the typed values for which they hold or fail."""
    cases = golden("conditions/operators.json")
    compiled = program(cases["fields"])
    found = []
    for case in cases["cases"]:
        tree, problems = conditions.parse(case["condition"], compiled.kinds)
        assert problems == []
        asked = {word: [_values(compiled, each) for each in case[word]] for word in ("holds", "fails")}
        found.append({"tree": conditions.to_json(tree), **asked})
    return found


def _values(compiled: Any, json_values: Mapping[str, Any]) -> dict[str, Any]:
    facts = {
        key: tuple(value) if isinstance(value, list) else value for key, value in json_values.items() if key in FACTS
    }
    return typed({**compiled.load(json_values), **facts})


@pytest.mark.parametrize(("path", "make"), [
    ("formulas/trees.json", formula_trees),
    ("conditions/trees.json", condition_trees),
])  # fmt: skip
def test_the_trees_that_vitest_reads_are_those_of_the_golden_cases(path: str, make: Callable[[], Any]) -> None:
    if os.environ.get("GOLDEN") == "write":
        (GOLDEN / path).write_text(written(make()), encoding="utf-8")
    assert (GOLDEN / path).read_text(encoding="utf-8") == written(make()), "GOLDEN=write pytest, and look at it"


def test_a_condition_comes_back_from_its_json() -> None:
    for case in condition_trees():
        assert conditions.to_json(conditions.from_json(case["tree"])) == case["tree"]


KINDS: dict[str, Kind] = {
    **dict.fromkeys(("a", "b", "c"), Kind(Base.NUMBER)),
    "n": Kind(Base.NUMBER, whole=True),
    **dict.fromkeys(("s", "t"), Kind(Base.TEXT)),
    **dict.fromkeys(("d", "e"), Kind(Base.DATE)),
    **dict.fromkeys(("m", "w"), Kind(Base.DATETIME)),
    "h": Kind(Base.TIME),
    **dict.fromkeys(("y", "z"), Kind(Base.BOOLEAN)),
    "tags": Kind(Base.CHOICES, choices=("a", "b", "c")),
    "tier": Kind(Base.CHOICE, choices=("normal", "vip")),
    "lines": Kind(
        Base.TABLE,
        columns={
            "q": Kind(Base.NUMBER, whole=True),
            "p": Kind(Base.NUMBER),
            "x": Kind(Base.TEXT),
            "on": Kind(Base.DATE),
            "ok": Kind(Base.BOOLEAN),
        },
    ),
}
WORDS = ["", "Li Na", "退款 ", "  two  spaces ", "ß", "İstanbul", "ΣΑΣ", "😀👍 ok", "a", "vip", "1.50", "ÅÄÖ", "ﬁne"]


class Draw:
    """Values and expressions of a seed, by their sort."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def number(self) -> Decimal:
        pick = self.random.randrange(6)
        if pick == 0:
            return Decimal(self.random.randint(-3, 12))
        if pick == 1:
            return Decimal(self.random.randint(-(10**17), 10**17))
        if pick == 2:
            return Decimal(self.random.randint(-(10**27), 10**27)).scaleb(-10)
        return Decimal(self.random.randint(-100_000, 100_000)).scaleb(-self.random.randrange(4))

    def date(self) -> date:
        if self.random.random() < 0.05:
            return self.random.choice((date.min, date.max, date(2024, 2, 29), date(1900, 2, 28)))
        return date(2026, 1, 1) + timedelta(days=self.random.randint(-12_000, 12_000))

    def moment(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
            minutes=self.random.randint(-20_000_000, 20_000_000), microseconds=self.random.choice((0, 0, 1, 250_000))
        )

    def value(self, kind: Kind) -> Any:
        if self.random.random() < 0.15:
            return None
        match kind.base:
            case Base.NUMBER if kind.whole:
                return self.random.randint(-50, 50)
            case Base.NUMBER:
                return self.number()
            case Base.TEXT:
                return self.random.choice(WORDS[1:])
            case Base.DATE:
                return self.date()
            case Base.DATETIME:
                return self.moment()
            case Base.TIME:
                return time(self.random.randrange(24), self.random.randrange(60), self.random.choice((0, 0, 30)))
            case Base.BOOLEAN:
                return self.random.random() < 0.5
            case Base.CHOICE:
                return self.random.choice(kind.choices or ())
            case Base.CHOICES:
                return tuple(each for each in kind.choices or () if self.random.random() < 0.5) or None
        return tuple(self.world(kind.columns) for _ in range(self.random.randrange(5))) or None

    def world(self, kinds: Mapping[str, Kind]) -> dict[str, Any]:
        found = {key: self.value(kind) for key, kind in kinds.items()}
        return {key: value for key, value in found.items() if value is not None}

    def tree(self, sort: str, depth: int) -> Tree:
        """An expression that gives ``sort``: ``number``, ``text``, ``boolean``, ``date`` or ``datetime``."""
        made: Tree = getattr(self, f"_{sort}")(depth)
        return made

    def call(self, name: str, depth: int, *sorts: str) -> Call:
        return Call(name, tuple(self.tree(sort, depth - 1) for sort in sorts))

    def _number(self, depth: int) -> Tree:
        pick = self.random.randrange(20 if depth > 0 else 3)
        if pick < 2:
            return Name(self.random.choice(("a", "b", "c", "n")))
        if pick == 2:
            return Literal(abs(self.number()))
        if pick < 10:
            return self.call(self.random.choice("+-*/"), depth, "number", "number")
        if pick == 10:
            return self.call(self.random.choice(("mod", "MOD")), depth, "number", "number")
        if pick == 11:
            return self.call(self.random.choice(("neg", "pos", "percent", "ABS")), depth, "number")
        if pick < 14:
            name = self.random.choice(("ROUND", "ROUNDUP", "ROUNDDOWN"))
            places = Literal(Decimal(self.random.randint(0, 30)))
            by = (places if self.random.random() < 0.8 else Call("neg", (places,)),)
            return Call(name, (self.tree("number", depth - 1), *(by if self.random.random() < 0.8 else ())))
        if pick == 14:
            name = self.random.choice(("SUM", "MIN", "MAX", "AVERAGE", "COUNT"))
            column = Name(self.random.choice(("lines.q", "lines.p")))
            return Call(name, (column, *(self.tree("number", depth - 1) for _ in range(self.random.randrange(3)))))
        if pick == 15:
            return Call("COUNT", (Name(self.random.choice(("lines", "lines.x", "tags", "d", "s"))),))
        if pick == 16:
            return self.call("LEN", depth, "text")
        if pick == 17:
            return self.call(self.random.choice(("YEAR", "MONTH", "DAY")), depth, self.day())
        if pick == 18:
            return self.call(self.random.choice(("DAYS", "WORKDAYS")), depth, self.day(), self.day())
        return self.either("number", depth)

    def day(self) -> str:
        return self.random.choice(("date", "datetime"))

    def either(self, sort: str, depth: int) -> Tree:
        if self.random.random() < 0.3:
            return self.call("COALESCE", depth, sort, sort)
        return self.call("IF", depth, *("boolean", sort, sort)[: self.random.choice((2, 3, 3))])

    def _text(self, depth: int) -> Tree:
        pick = self.random.randrange(9 if depth > 0 else 3)
        if pick < 2:
            return Name(self.random.choice(("s", "t")))
        if pick == 2:
            return Literal(self.random.choice(WORDS))
        if pick < 5:
            sorts = [self.random.choice(("text", "number", "date", "datetime")) for _ in range(2)]
            return self.call("&", depth, *sorts)
        if pick == 5:
            return self.call(self.random.choice(("UPPER", "LOWER", "TRIM")), depth, "text")
        if pick < 8:
            return self.call(
                self.random.choice(("LEFT", "RIGHT")), depth, *("text", "number")[: self.random.choice((1, 2))]
            )
        return self.either("text", depth)

    def _boolean(self, depth: int) -> Tree:
        pick = self.random.randrange(12 if depth > 0 else 3)
        if pick < 2:
            return Name(self.random.choice(("y", "z")))
        if pick == 2:
            return Literal(self.random.random() < 0.5)
        if pick < 6:
            sort = self.random.choice(("number", "number", "date", "datetime"))
            return self.call(self.random.choice(("<", "<=", ">", ">=", "=", "<>")), depth, sort, sort)
        if pick == 6:
            sort = self.random.choice(("text", "boolean"))
            return self.call(self.random.choice(("=", "<>")), depth, sort, sort)
        if pick == 7:
            return Call(self.random.choice(("AND", "OR")), (Name("lines.ok"), self.tree("boolean", depth - 1)))
        if pick == 8:
            return self.call(self.random.choice(("AND", "OR")), depth, "boolean", "boolean", "boolean")
        if pick == 9:
            return self.call("NOT", depth, "boolean")
        if pick == 10:
            whole = self.random.choice((Name("tags"), Name("lines.x"), self.tree("text", depth - 1)))
            return Call("CONTAINS", (whole, self.tree("text", depth - 1)))
        return Call("ISBLANK", (Name(self.random.choice(("a", "s", "tags", "lines", "lines.p", "d"))),))

    def _date(self, depth: int) -> Tree:
        pick = self.random.randrange(8 if depth > 0 else 3)
        if pick < 2:
            return Name(self.random.choice(("d", "e")))
        if pick == 2:
            return Call("TODAY", ())
        if pick < 5:
            return self.call(self.random.choice(("+", "-")), depth, "date", "number")
        if pick == 5:
            return self.call("DATE", depth, "number", "number", "number")
        if pick == 6:
            return Call(self.random.choice(("MIN", "MAX")), (Name("lines.on"), self.tree("date", depth - 1)))
        return self.either("date", depth)

    def _datetime(self, depth: int) -> Tree:
        pick = self.random.randrange(4 if depth > 0 else 3)
        if pick < 2:
            return Name(self.random.choice(("m", "w")))
        return Call("NOW", ()) if pick == 2 else self.either("datetime", depth)

    def condition(self, kinds: Mapping[str, Kind], depth: int) -> Condition:
        pick = self.random.randrange(10 if depth > 0 else 6)
        if pick < 6:
            return self.test(kinds)
        if pick < 8:
            parts = tuple(self.condition(kinds, depth - 1) for _ in range(self.random.randrange(4)))
            return All(parts) if pick == 6 else AnyOf(parts)
        if pick == 8 or "lines" not in kinds:
            return Not(self.condition(kinds, depth - 1))
        return Rows("lines", self.random.random() < 0.5, self.condition(kinds["lines"].columns, depth - 1))

    def test(self, kinds: Mapping[str, Kind]) -> FieldTest:
        key = self.random.choice(list(kinds))
        kind = kinds[key]
        known = sorted(operators_of(kind))
        op = self.random.choice(known)
        if op is Op.EMPTY:
            return FieldTest(key, op, self.random.random() < 0.5)
        alike = [other for other, its in kinds.items() if its.base is kind.base and other != key]
        if alike and op not in (Op.IN, Op.NOT_IN) and self.random.random() < 0.3:
            return FieldTest(key, op, FieldRef(self.random.choice(alike)))
        if op in (Op.IN, Op.NOT_IN):
            return FieldTest(key, op, tuple(self.operand(kind) for _ in range(self.random.randint(1, 3))))
        return FieldTest(key, op, self.operand(kind))

    def operand(self, kind: Kind) -> Any:
        if kind.base is Base.CHOICES:
            return self.random.choice(kind.choices or ())
        value = None
        while value is None:
            value = self.value(kind)
        return Decimal(value) if kind.base is Base.NUMBER else value


def test_values_of_expressions_drawn_at_random_are_the_same_in_the_browser(tmp_path: Path) -> None:
    draw = Draw(20260305)
    worlds = [draw.world(KINDS) for _ in range(WORLDS)]
    asked, expected, texts = [], [], []
    while len(asked) < EXPRESSIONS:
        sort = draw.random.choice(("number", "number", "number", "text", "boolean", "date", "datetime"))
        tree, _ = formulas.resolve(draw.tree(sort, draw.random.randint(1, 5)), KINDS)
        world = draw.random.randrange(WORLDS)
        asked.append([world, formulas.to_json(tree)])
        expected.append(_plain(operand_json(formulas.evaluate(tree, worlds[world], now=NOW, zone=SHANGHAI))))
        texts.append(tree)
    questions, holding = [], []
    for _ in range(CONDITIONS):
        condition = draw.condition(KINDS, 3)
        world = draw.random.randrange(WORLDS)
        questions.append([world, conditions.to_json(condition)])
        holding.append(conditions.evaluate(condition, worlds[world]))
    document = {
        "now": NOW.isoformat().replace("+00:00", "Z"),
        "zone": "Asia/Shanghai",
        "worlds": [typed(world) for world in worlds],
        "formulas": asked,
        "conditions": questions,
        "forms": [],
    }
    found = answers(tmp_path, document)
    assert len(found["formulas"]) == EXPRESSIONS
    wrong = [
        (tree, typed(worlds[world]), mine, theirs)
        for tree, (world, _), mine, theirs in zip(texts, asked, expected, found["formulas"], strict=True)
        if mine != _plain(theirs)
    ]
    assert wrong[:3] == []
    assert [q for q, mine, theirs in zip(questions, holding, found["conditions"], strict=True) if mine != theirs] == []
    blank = sum(each is None for each in expected)
    assert blank < EXPRESSIONS / 3, "too many blanks prove nothing"


def _plain(value: Any) -> Any:
    """Digits without zeros at their end: 1.50 and 1.5 are one number."""
    if isinstance(value, dict) and "number" in value:
        number = Decimal(value["number"])
        return {"number": format(number.normalize(), "f") if number else "0"}
    if isinstance(value, dict) and "datetime" in value:
        return {"datetime": datetime.fromisoformat(value["datetime"]).isoformat()}
    return value
