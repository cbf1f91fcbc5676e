"""The page of a form's rights: who may do what, said in words; who may not change it is refused by the server."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from signoff.forms import catalogue as forms
from signoff.platform import definitions
from signoff.platform.people import owners
from signoff.platform.people import service as people

from ..conftest import Clock, SignIn

PAGE = "/definitions/form/refund/rights"


@pytest.fixture
def app(shop: Flask, context: Flask, at: Clock) -> Iterator[Flask]:
    shop.config["WTF_CSRF_ENABLED"] = False
    yield shop
    shop.config["WTF_CSRF_ENABLED"] = True


def _rights(**changed: list[str]) -> dict[str, Any]:
    access = forms.program("refund").form.access
    now = {name: list(getattr(access, name)) for name in ("create", "read", "edit", "delete")}
    return {**now, **changed, "base_version": definitions.current("form", "refund").version}  # type: ignore[union-attr]


def test_it_says_who_that_is_today(app: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as browser:
        page = browser.get(PAGE).text
    assert "See all records" in page
    assert people.person("amy").name in page
    assert "Everybody who signs in" in page


def test_rights_are_another_version_of_the_form(app: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as browser:
        assert browser.post(PAGE, data=_rights(read=["finance"], create=["*", "staff"])).status_code == 303
        stored = definitions.current("form", "refund")
        assert stored is not None
        assert stored.version == 2
        assert stored.document["access"]["read"] == ["finance"]
        assert forms.program("refund").form.access.create == ("*",)
        assert browser.post(PAGE, data=_rights()).status_code == 303
        assert definitions.current("form", "refund").version == 2  # type: ignore[union-attr]


def test_two_who_change_it_at_once_do_not_undo_each_other(app: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as browser:
        late = _rights(read=["service"])
        browser.post(PAGE, data=_rights(read=["finance"]))
        assert browser.post(PAGE, data=late).status_code == 409
    assert forms.program("refund").form.access.read == ("finance",)


@pytest.mark.parametrize(
    ("who", "looks", "changes", "names"),
    [("ada", 200, 303, 303), ("owner", 200, 303, 403), ("auditor", 200, 403, 403), ("amy", 403, 403, 403)],
)
def test_the_server_holds_who_may(app: Flask, sign_in: SignIn, who: str, looks: int, changes: int, names: int) -> None:
    if who == "owner":
        owners.set_owners("refund", ["bo"], by="ada")
    if who == "auditor":
        people.save_person(replace(people.person("bo"), roles=frozenset({"auditor"})), by="ada")
    with sign_in(who if who in ("ada", "amy") else "bo") as browser:
        shown = browser.get(PAGE)
        assert shown.status_code == looks
        assert ("Save the rights" in shown.text) is (changes == 303)
        assert ("Save the owners" in shown.text) is (names == 303)
        assert browser.post(PAGE, data=_rights(read=["finance"])).status_code == changes
        named = browser.post("/definitions/form/refund/owners", data={"owner": ["bo"], "add": "amy"})
        assert named.status_code == names
    assert ("amy" in owners.owners("refund")) is (names == 303)


def test_an_owner_who_is_not_there_is_refused(app: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as browser:
        answer = browser.post("/definitions/form/refund/owners", data={"add": "nemo"})
        assert answer.status_code == 422
        assert "nemo" in answer.text
        assert browser.get("/definitions/form/nothing/rights").status_code == 404
