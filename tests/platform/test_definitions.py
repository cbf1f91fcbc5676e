"""Versions are published once and never changed; two authors are told of each other."""

from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

from signoff.platform import audit, caches, db, definitions
from signoff.platform.errors import Conflict

FORM = {"schema": "form/1", "key": "refund", "fields": [{"key": "amount", "share": Decimal("0.5")}]}


def form(title: str) -> dict[str, Any]:
    return FORM | {"title": title}


def test_nothing_is_in_force_at_first(context: Flask) -> None:
    assert definitions.current("form", "refund") is None
    assert definitions.get("form", "refund", 1) is None
    assert definitions.in_force("form") == ()
    assert definitions.versions("form", "refund") == []


def test_each_publish_is_the_next_version(context: Flask, at: Any) -> None:
    first = definitions.publish("form", "refund", form("Refund"), by="ada", note="First")
    second = definitions.publish("form", "refund", form("Refunds"), by="ada", base_version=1)
    assert (first.version, second.version) == (1, 2)
    assert definitions.current("form", "refund") == second
    assert definitions.get("form", "refund", 1) == first
    assert [each.version for each in definitions.versions("form", "refund")] == [2, 1]
    assert (first.published_by, first.published_at, first.note) == ("ada", at.now(), "First")


def test_a_document_comes_back_as_it_was(context: Flask) -> None:
    definitions.publish("form", "refund", form("退款"), by="ada")
    caches.forget()
    stored = definitions.current("form", "refund")
    assert stored is not None
    assert stored.document == form("退款")
    assert list(stored.document) == ["schema", "key", "fields", "title"]
    assert stored.document["fields"][0]["share"] == Decimal("0.5")


def test_the_same_document_again_changes_nothing(context: Flask) -> None:
    first = definitions.publish("form", "refund", form("Refund"), by="ada")
    caches.forget()
    backwards = dict(reversed(form("Refund").items()))
    assert definitions.publish("form", "refund", backwards, by="bo", note="Again") == first
    assert len(audit.entries("definitions")) == 1


def test_kinds_and_keys_do_not_mix(context: Flask) -> None:
    definitions.publish("form", "refund", form("Form"), by=None)
    definitions.publish("flow", "refund", form("Flow"), by=None)
    definitions.publish("form", "order", form("Order"), by=None)
    definitions.publish("form", "order", form("Orders"), by=None)
    assert [(each.key, each.version) for each in definitions.in_force("form")] == [("order", 2), ("refund", 1)]
    assert [each.document["title"] for each in definitions.in_force("flow")] == ["Flow"]


def test_who_started_from_an_old_version_is_told(context: Flask, at: Any) -> None:
    definitions.publish("form", "refund", form("One"), by="ada", base_version=0)
    with pytest.raises(Conflict) as conflict:
        definitions.publish("form", "refund", form("Two"), by="bo", base_version=0)
    assert conflict.value.details == {"by": "ada", "at": db.utc_text(at.now()), "version": 1}
    assert "ada published version 1" in conflict.value.message
    with pytest.raises(Conflict):
        definitions.publish("form", "order", form("Order"), by="bo", base_version=3)


def test_two_publish_at_once_and_both_get_a_version(context: Flask) -> None:
    ready = Barrier(2)

    def work(title: str) -> None:
        with context.app_context():
            ready.wait()
            definitions.publish("form", "refund", form(title), by="ada")

    threads = [Thread(target=work, args=(title,)) for title in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.version for each in definitions.versions("form", "refund")] == [2, 1]


def test_what_a_rolled_back_transaction_published_is_not_remembered(context: Flask) -> None:
    class PowerCut(Exception): ...

    def fails() -> None:
        with db.transaction():
            definitions.publish("form", "refund", form("Never"), by="ada")
            assert definitions.current("form", "refund") is not None
            raise PowerCut

    with pytest.raises(PowerCut):
        fails()
    assert definitions.current("form", "refund") is None
    definitions.publish("form", "refund", form("Truly"), by="ada")
    stored = definitions.current("form", "refund")
    assert stored is not None
    assert stored.document["title"] == "Truly"


def test_publishing_stands_in_the_history(context: Flask) -> None:
    stored = definitions.publish("form", "refund", form("Refund"), by="ada", note="First")
    (entry,) = audit.entries("definitions")
    assert (entry.event, entry.actor, entry.acting_as) == ("definition.published", "ada", "person")
    assert entry.data == {"kind": "form", "key": "refund", "version": 1, "note": "First", "digest": stored.digest}


def test_a_draft_is_kept_right_or_wrong(context: Flask) -> None:
    kept = definitions.save_draft("form", "refund", {"fields": 7}, by="ada", base_version=0)
    assert definitions.draft("form", "refund") == kept
    assert kept.revision == 1
    again = definitions.save_draft("form", "refund", form("Better"), by="ada", base_version=0, revision=1)
    assert (again.revision, again.document["title"]) == (2, "Better")


def test_two_who_save_one_draft_are_told(context: Flask, at: Any) -> None:
    definitions.save_draft("form", "refund", form("One"), by="ada", base_version=0)
    with pytest.raises(Conflict) as conflict:
        definitions.save_draft("form", "refund", form("Two"), by="bo", base_version=0, revision=0)
    assert conflict.value.details == {"by": "ada", "at": db.utc_text(at.now()), "revision": 1}
    definitions.discard_draft("form", "refund")
    assert definitions.draft("form", "refund") is None
    with pytest.raises(Conflict):
        definitions.save_draft("form", "refund", form("Two"), by="bo", base_version=0, revision=1)


def test_a_draft_ends_when_it_is_published(context: Flask) -> None:
    definitions.save_draft("form", "refund", form("Refund"), by="ada", base_version=0)
    definitions.publish("form", "refund", form("Other"), by="bo")
    assert definitions.draft("form", "refund") is not None
    definitions.publish("form", "refund", form("Refund"), by="ada")
    assert definitions.draft("form", "refund") is None
