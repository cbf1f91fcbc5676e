"""Selectors: whom they find, with which reason, and those that plugins add."""

from decimal import Decimal

import pytest

from signoff.flows.definition import Selector
from signoff.flows.effects import Reason
from signoff.flows.run import World
from signoff.flows.selectors import (
    Asking,
    Found,
    Scope,
    SelectorKind,
    check,
    known,
    register,
    resolve,
    unregister,
)

from .playing import CALENDAR, DIRECTORY, NOW, approve, play

VALUES = {
    "amount": Decimal("3000"),
    "owner": "cay",
    "people": ("bob", "gone", "dan"),
    "mail": "c@example.org",
    "dept": "shop",
}


def ask(selector: Selector, submitter: str | None = "ann") -> Found:
    world = World(DIRECTORY, CALENDAR, NOW, VALUES, "claim")
    return resolve(selector, Asking(submitter, world, lambda step: ("dan", "gone") if step == "lead" else ()))


FINDS = [
    (Selector("person", "bob"), ("bob",)),
    (Selector("person", "gone"), ()),
    (Selector("person", "unknown"), ()),
    (Selector("role", "finance"), ("cay", "dan")),
    (Selector("role", "lonely"), ()),
    (Selector("role", "finance", "shop"), ("cay",)),
    (Selector("role", "finance", "company"), ("cay", "dan")),
    (Selector("role", "staff", "submitter.department"), ("ann", "bob", "cay")),
    (Selector("manager", 1), ("bob",)),
    (Selector("manager", 3), ("boss",)),
    (Selector("manager", 4), ()),
    (Selector("manager_with_limit", "amount"), ("dan",)),
    (Selector("manager_with_limit", "owner"), ()),
    (Selector("manager_with_limit", "nothing"), ()),
    (Selector("head_of", "shop"), ("bob",)),
    (Selector("head_of", "empty"), ()),
    (Selector("head_of", {"field": "dept"}), ("bob",)),
    (Selector("head_of", "submitter.department"), ("bob",)),
    (Selector("field", "owner"), ("cay",)),
    (Selector("field", "people"), ("bob", "dan")),
    (Selector("field", "nothing"), ()),
    (Selector("approver_of", "lead"), ("dan",)),
    (Selector("approver_of", "other"), ()),
    (Selector("submitter", True), ("ann",)),
    (Selector("no_such_plugin", 1), ()),
]


@pytest.mark.parametrize(("selector", "people"), FINDS)
def test_finds(selector, people):
    assert ask(selector).people == people


@pytest.mark.parametrize("kind", ["manager", "manager_with_limit", "submitter"])
def test_of_a_customer_nobody_is_known(kind):
    assert (
        ask(Selector(kind, {"manager": 1, "manager_with_limit": "amount", "submitter": True}[kind]), None).people == ()
    )


def test_addresses_of_people_without_account():
    assert ask(Selector("field", "mail")).addresses == ("c@example.org",)


def test_a_role_is_a_pool():
    assert ask(Selector("role", "finance")).pool == "r:finance"
    assert ask(Selector("role", "staff", "submitter.department")).pool == "r:staff@shop"


def test_the_reason_shows_amount_and_limit():
    assert ask(Selector("manager_with_limit", "amount")).reason == Reason(
        "limit", {"field": "amount", "of": "ann", "amount": "3000", "limit": "5000"}
    )


def test_a_plugin_adds_a_kind():
    kind = SelectorKind("buyer", lambda selector, _: Found(Reason("buyer"), ("dan",)), lambda *_: None, '{"buyer": 1}')
    register(kind)
    try:
        assert "buyer" in known()
        assert play([approve("lead", {"buyer": 1})]).waiting() == ["lead p:dan"]
        with pytest.raises(ValueError, match="buyer"):
            register(SelectorKind("buyer", kind.resolve, kind.check, ""))
    finally:
        unregister("buyer")
    assert check(Selector("buyer", 1), Scope(None, None))[0] == "unknown_selector"


def test_every_kind_shows_an_example():
    assert all(kind.example.startswith("{") for kind in known().values())
