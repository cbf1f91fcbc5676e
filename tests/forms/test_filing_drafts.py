"""What a draft holds when it is sent: what may not be changed has its default, what was cleared stays clear."""

import pytest
from flask import Flask

from signoff.forms import catalogue, service
from signoff.platform.people.directory import Person

from .forming import choice, document, text

LOCKED = document(
    [
        choice("kind", "plain", "fancy"),
        text("grade", default="B"),
        text("note", default="none"),
    ],
    key="locked",
    rules=[{"when": {"kind": "plain"}, "readonly": ["grade"]}],
)


@pytest.fixture
def locked(tables: Flask) -> Flask:
    catalogue.publish_form(LOCKED, by="ada")
    return tables


def test_a_locked_field_of_a_draft_has_its_default_when_it_is_sent(locked: Flask, amy: Person) -> None:
    draft = service.submit("locked", {"kind": "plain", "grade": "forged"}, by=amy, draft=True)
    assert draft.values["grade"] == "B"
    kept = service.update(draft.id, {"kind": "plain", "note": ""}, by=amy)
    assert kept.values["grade"] == "B"
    sent = service.send(draft.id, by=amy, raw={"kind": "plain", "grade": "forged", "note": ""})
    assert sent.values["grade"] == "B"
    assert "note" not in sent.values


def test_a_draft_that_was_saved_before_the_lock_is_sent_with_the_default(locked: Flask, amy: Person) -> None:
    draft = service.submit("locked", {"kind": "fancy", "grade": "A"}, by=amy, draft=True)
    assert draft.values["grade"] == "A"
    sent = service.send(draft.id, by=amy, raw={"kind": "plain"})
    assert sent.values["grade"] == "B"
