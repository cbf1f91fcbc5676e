"""``apply`` and ``export``: files in force in order of dependence, all of them or none; what is written is the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from signoff.flows import catalogue as flows
from signoff.forms import catalogue as forms
from signoff.platform import definitions
from signoff.platform.errors import NotFound, Refused
from signoff.platform.people import owners
from signoff.platform.people import service as people
from signoff.plugins import applying
from signoff.plugins.applying import Source

from ..conftest import DEFINITIONS, definition

Json = dict[str, Any]
Write = Callable[..., Path]


def form(key: str, *fields: Json, **more: Any) -> Json:
    return {"schema": "form/1", "key": key, "title": key, "fields": [*fields, NAME], **more}


NAME: Json = {"key": "name", "type": "text", "label": "Name"}
AMOUNT: Json = {"key": "amount", "type": "money", "currency": "EUR", "label": "Amount", "required": True}


def lookup(other: str) -> Json:
    return {"key": other, "type": "lookup", "label": other, "form": other, "show": ["name"]}


def flow(key: str, *steps: Json, **more: Any) -> Json:
    return {"schema": "flow/1", "key": key, "title": key, "form": key, "steps": list(steps), **more}


def approve(step: str, *who: Json) -> Json:
    return {"id": step, "kind": "approve", "title": step, "who": list(who), "due": {"in": "P1D"}}


def person(key: str, **more: Any) -> Json:
    return {"key": key, "name": key.title(), **more}


def company(*persons: Json, **more: Any) -> Json:
    return {"schema": "people/1", "people": list(persons), **more}


COMPANY = company(person("boss", roles=["admin"]), person("two", roles=["admin"]), person("amy", manager="boss"))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write(a=document, …)``: a folder with the files ``a.json`` …"""

    def files(**documents: Any) -> Path:
        for name, document in documents.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        return tmp_path

    return files


def apply(folder: Path, **options: Any) -> list[str]:
    return applying.apply(applying.read_paths([folder]), by=None, **options)


def refusal(folder: Path) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as caught:
        apply(folder)
    return [(problem.path.removeprefix(f"{folder}/"), problem.code) for problem in caught.value.problems]


def test_the_examples_come_in_force_whatever_their_names(context: Flask) -> None:
    changes = applying.apply(applying.read_paths([DEFINITIONS]), by=None)
    assert changes[-1] == "flow refund: version 1 is in force."
    assert [each.key for each in definitions.in_force("form")] == ["product", "refund", "sales_order", "stock_movement"]


@pytest.mark.parametrize(
    "documents",
    [
        pytest.param({"a": form("one", lookup("two")), "b": form("two")}, id="a form before the one it refers to"),
        pytest.param({"a": form("one", lookup("two")), "b": form("two", lookup("one"))}, id="each refers to the other"),
        pytest.param({"a": form("one", lookup("one"))}, id="itself"),
        pytest.param({"a": flow("f", approve("s", {"manager": 1}), form="one"), "b": form("one"), "c": COMPANY},
                     id="a flow before its form and people"),
        pytest.param({"a": form("one", {"key": "sums", "type": "number", "label": "Sums", "total": {
            "form": "later", "sum": "amount", "match": "one"}})}, id="a total over a form that is still to come"),
        pytest.param({"a": company(person("amy", manager="bob")), "b": company(person("bob"))},
                     id="a manager in a later file"),
        pytest.param({"a": flow("f", approve("s", {"person": "boss"}), form="one", settings={"calendar": "night"}),
                      "b": form("one"),
                      "c": COMPANY | {"calendars": [{"key": "night", "hours": {"mon": [["00:00", "08:00"]]}}]}},
                     id="a calendar that comes along"),
    ],
)  # fmt: skip
def test_the_order_of_dependence_is_found(context: Flask, write: Write, documents: Json) -> None:
    assert apply(write(**documents))
    assert not apply(write(**documents))


def test_a_second_apply_changes_nothing_and_a_change_makes_one_version(context: Flask, write: Write) -> None:
    folder = write(people=COMPANY, one=form("one", AMOUNT), two=form("two"))
    apply(folder)
    assert apply(folder) == []
    write(one=form("one", AMOUNT, title="Renamed"))
    assert apply(folder) == ["form one: version 2 is in force."]


def test_a_dry_run_says_the_same_and_leaves_nothing_behind(context: Flask, write: Write) -> None:
    folder = write(people=COMPANY, one=form("one", AMOUNT), one_flow=flow("one", approve("s", {"manager": 1})))
    said = apply(folder, dry_run=True)
    assert not people.directory().persons
    assert definitions.in_force("form") == ()
    assert apply(folder) == said
    assert forms.program("one").version == flows.flow_program("one").version == 1


def test_all_or_nothing(context: Flask, write: Write) -> None:
    folder = write(people=COMPANY, good=form("good"), bad=form("bad", {"key": "x", "type": "no_such", "label": "X"}))
    assert refusal(folder) == [("bad.json: /fields/0/type", "unknown_type")]
    assert not people.directory().persons
    assert definitions.in_force("form") == ()


def test_the_problems_of_all_files_come_at_once_each_with_its_file(context: Flask, write: Write) -> None:
    folder = write(
        a=form("a", lookup("nowhere")),
        b=form("b", AMOUNT),
        b_flow=flow("b", approve("s", {"person": "ghost"})),
        c=company(person("amy", manager="ghost"), person("Bad Key")),
    )
    found = refusal(folder)
    assert ("a.json: /fields/0/form", "unknown_form") in found
    assert {name.partition(":")[0] for name, _ in found} == {"a.json", "b_flow.json", "c.json"}


def test_what_only_the_database_shows_names_the_file_too(context: Flask, write: Write) -> None:
    apply(write(people=COMPANY, one=form("one", AMOUNT), f1=flow("f1", approve("s", {"manager": 1}), form="one")))
    (write() / "f1.json").unlink()
    folder = write(f2=flow("f2", approve("s", {"manager": 1}), form="one"))
    assert refusal(folder) == [("f2.json: /form", "form_has_flow")]


def test_a_form_that_would_break_a_flow_in_force_is_refused(context: Flask, write: Write) -> None:
    when = {"id": "big", "when": {"amount": {"gte": "10"}}, "steps": []}
    route = {"id": "r", "kind": "route", "branches": [when, {"id": "o", "otherwise": True, "steps": []}]}
    apply(write(people=COMPANY, one=form("one", AMOUNT), one_flow=flow("one", route)))
    (write() / "one_flow.json").unlink()
    folder = write(one=form("one"))
    assert refusal(folder) == [("one.json: ", "used_elsewhere")]
    folder = write(one=form("one"), one_flow=flow("one", approve("s", {"manager": 1})))
    assert apply(folder) == ["form one: version 2 is in force.", "flow one: version 2 is in force."]


@pytest.mark.parametrize("after", ["nothing", "people changed", "part applied", "a draft"])
def test_apply_of_an_export_changes_nothing(context: Flask, write: Write, tmp_path: Path, after: str) -> None:
    calendar = {"key": "night", "hours": {"mon": [["00:00", "08:00"]]}, "days_off": ["2026-12-24"]}
    rich = person(
        "zoe", email="zoe@example.com", limits={"one": "0.10"}, language="zh", zone="Europe/Berlin", active=False
    )
    apply(write(people=COMPANY | {"calendars": [calendar], "departments": [{"key": "hq", "name": {"zh": "总部"}}]},
                one=form("one", AMOUNT, title={"en": "One", "zh": "一"}), more=company(rich)))  # fmt: skip
    if after == "people changed":
        people.save_preferences("amy", language="zh", zone="Asia/Tokyo", theme="dark")
        people.set_active("two", False, by="boss")
    if after == "part applied":
        apply(write(people=company(person("amy", roles=["b", "a"], department="hq")), more=company(rich)))
    if after == "a draft":
        definitions.save_draft("form", "one", form("one"), by="boss", base_version=1)
    written = applying.export(tmp_path / "out")
    assert [path.name for path in written] == ["people.json", "one.form.json"]
    assert apply(tmp_path / "out") == []


def test_owners_and_replies_come_back_with_an_export(context: Flask, write: Write, tmp_path: Path) -> None:
    reply = {"schema": "reply/1", "key": "late", "title": {"en": "Late", "zh": "延迟"},
             "text": {"en": "Sorry.", "zh": "抱歉。"}, "on": ["comment"], "forms": [], "active": True}  # fmt: skip
    named = {"schema": "owners/1", "owners": {"one": ["amy", "two"]}}
    before = apply(write(people=COMPANY, one=form("one", AMOUNT), two=form("two"), late=reply, owners=named))
    assert "Form one is owned by: amy, two." in before
    assert owners.owners("one") == ("amy", "two")
    applying.export(tmp_path / "out")
    assert json.loads((tmp_path / "out" / "owners.json").read_text()) == named
    assert (tmp_path / "out" / "late.reply.json").exists()
    assert apply(tmp_path / "out") == []
    people.set_active("two", False, by="boss")
    assert apply(tmp_path / "out") == []
    owners.set_owners("one", ["boss"], by="boss")
    owners.set_owners("two", ["amy"], by="boss")
    (tmp_path / "out" / "owners.json").unlink()
    assert apply(tmp_path / "out") == []
    assert owners.owners("one") == ("boss",)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "owners.json").write_text(json.dumps({"schema": "owners/1", "owners": {"one": []}}))
    assert apply(tmp_path / "other") == ["Form one is owned by: –."]
    assert owners.owners("two") == ("amy",)


@pytest.mark.parametrize(
    ("owned", "place"),
    [
        ({"nothing": ["amy"]}, ("owners.json: /owners/nothing", "unknown_form")),
        ({"one": ["nemo"]}, ("owners.json: /owners/one/0", "unknown_person")),
        ({"one": "amy"}, ("owners.json: /owners/one", "wrong_type")),
        (["one"], ("owners.json: /owners", "wrong_type")),
    ],
)
def test_owners_that_cannot_be_are_refused(context: Flask, write: Write, owned: Any, place: tuple[str, str]) -> None:
    folder = write(people=COMPANY, one=form("one", AMOUNT), owners={"schema": "owners/1", "owners": owned})
    assert refusal(folder) == [place]


def test_the_export_replaces_an_earlier_one(context: Flask, write: Write, tmp_path: Path) -> None:
    apply(write(people=COMPANY, one=form("one", AMOUNT)))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "one.form.json").write_text("old")
    applying.export(tmp_path / "out")
    assert json.loads((tmp_path / "out" / "one.form.json").read_text()) == form("one", AMOUNT)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "malformed"),
        (b"\xff\xfe{\x00", "malformed"),
        (b"[]", "not_an_object"),
        (b"[" * 1000, "malformed"),
        (b'{"schema": "form/1", "schema": "form/1"}', "malformed"),
        (b'{"schema": "form/1", "key": NaN}', "malformed"),
        (b" " * (10 * 1024 * 1024), "too_large"),
        (b'{"schema": "form/2"}', "unknown_schema"),
        (b"{}", "missing"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_file_that_cannot_be_read_is_a_problem_among_the_others(
    context: Flask, write: Write, content: bytes, code: str
) -> None:
    folder = write(other=form("other", lookup("nowhere")))
    (folder / "bad.json").write_bytes(content)
    assert {path.partition(" ")[0]: code for path, code in refusal(folder)} == {
        "bad.json:": code,
        "other.json:": "unknown_form",
    }


def test_a_byte_order_mark_and_windows_lines_are_read(context: Flask, tmp_path: Path) -> None:
    text = json.dumps(COMPANY, indent=2).replace("\n", "\r\n")
    (tmp_path / "people.json").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(apply(tmp_path)) == 3


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(NotFound, match=r"loop\.json"):
        applying.read_paths([tmp_path / "loop.json"])
    with pytest.raises(NotFound, match="holds no"):
        applying.read_paths([tmp_path])


def test_missing_paths_and_empty_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        applying.read_paths([tmp_path / "nowhere"])
    with pytest.raises(NotFound, match=str(tmp_path)):
        applying.read_paths([tmp_path])


def test_a_pack_is_installed_once_and_left_as_admins_made_it(company: Flask) -> None:
    from signoff.plugins import registry

    with company.app_context():
        pack = registry.pack("inventory")
        assert applying.install(pack, by="ada")
        changed = {**forms.program("product").form.document, "title": "Goods"}
        forms.publish_form(changed, by="ada")
        assert applying.install(pack, by="ada") == []
        assert forms.program("product").form.title == "Goods"


def test_one_source_given_twice_is_refused(context: Flask) -> None:
    text = json.dumps(form("one"))
    with pytest.raises(Refused, match="defines this already"):
        applying.apply([Source("a", text), Source("b", text)], by=None)
    assert definition("people")["schema"] == "people/1"
