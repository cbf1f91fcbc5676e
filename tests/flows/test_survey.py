"""The survey after the end: a signed link, one answer, kept on the request."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from signoff.flows import service, survey
from signoff.forms.records import Record
from signoff.platform import audit, mail
from signoff.platform.errors import Conflict, NotFound, Refused
from signoff.platform.scheduler import run_due

from ..conftest import Clock, SignIn
from . import shop as at_shop
from .test_scheduled import _publish, _run

Token = Callable[[str], dict[str, str]]


@pytest.fixture(autouse=True)
def _shop(shop: Flask, context: Flask, at: Clock) -> Iterator[Flask]:
    shop.config["WTF_CSRF_ENABLED"] = False
    yield shop
    shop.config["WTF_CSRF_ENABLED"] = True


def _settled() -> Record:
    made = at_shop.refund()
    service.decide(at_shop.task_of("bo").id, by=at_shop.person("bo"), verdict="reject", comment="Too late.")
    return made


def test_a_customer_answers_once_by_the_link(app: Flask) -> None:
    made = _settled()
    client, path = app.test_client(), f"/survey/{survey.token_of(made.id)}"
    page = client.get(path).get_data(as_text=True)
    assert str(made.number) in page
    assert 'name="score"' in page
    assert client.post(path, data={"words": "Nice"}).status_code == 422
    assert client.post(path, data={"score": "4", "words": " Quick and kind. "}).status_code == 303
    assert client.post(path, data={"score": "1", "words": "No"}).status_code == 303
    given = survey.answer_of(made.id)
    assert given is not None
    assert (given.score, given.words, given.by) == (4, "Quick and kind.", None)
    thanks = client.get(path).get_data(as_text=True)
    assert "Thank you" in thanks
    assert 'name="score"' not in thanks
    [entry] = [each for each in audit.entries(made.chain) if each.event == "survey.answered"]
    assert (entry.acting_as, entry.data["score"]) == ("customer", 4)


def test_the_page_speaks_the_language_of_the_customer(app: Flask) -> None:
    path = f"/survey/{survey.token_of(_settled().id)}"
    page = app.test_client().get(path, headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)
    assert "您对这次处理满意吗" in page


def test_the_submitters_answer_is_theirs(sign_in: SignIn) -> None:
    made = _settled()
    with sign_in("amy") as client:
        follow = client.get(f"/requests/{made.id}").get_data(as_text=True)
        [path] = re.findall(r'href="(/survey/[^"]+)"', follow)
        client.post(path, data={"score": "5"})
        follow = client.get(f"/requests/{made.id}").get_data(as_text=True)
    given = survey.answer_of(made.id)
    assert given is not None
    assert given.by == "amy"
    assert path not in follow
    assert "5 of 5" in follow


def test_the_customers_status_page_leads_to_the_survey(app: Flask) -> None:
    from signoff.forms import records
    from signoff.platform.db import reading

    made = _settled()
    with reading() as conn:
        code = records.fetch(conn, made.id).access_code
    page = app.test_client().get(f"/status?number={made.number}&code={code}").get_data(as_text=True)
    assert f"/survey/{survey.token_of(made.id)}" in page


@pytest.mark.parametrize("wrong", ["", "x", "MQ.forged"])
def test_a_link_that_was_not_made_here_opens_nothing(app: Flask, wrong: str) -> None:
    assert app.test_client().get(f"/survey/{wrong}").status_code == 404


def test_a_request_that_is_open_or_long_over_is_not_asked_about(at: Clock) -> None:
    open_one = at_shop.refund()
    with pytest.raises(NotFound):
        survey.opened(survey.token_of(open_one.id))
    service.decide(at_shop.task_of("bo").id, by=at_shop.person("bo"), verdict="reject", comment="No.")
    assert survey.opened(survey.token_of(open_one.id)).answer is None
    at.move(days=91)
    with pytest.raises(NotFound):
        survey.opened(survey.token_of(open_one.id))


def test_what_is_wrong_with_an_answer_is_said(context: Flask) -> None:
    token = survey.token_of(_settled().id)
    for score, words, paths in ((None, "", ["/score"]), (6, "", ["/score"]), (0, "x" * 2001, ["/score", "/words"])):
        with pytest.raises(Refused) as refused:
            survey.give(token, score, words, language="en")
        assert [each.path for each in refused.value.problems] == paths
    survey.give(token, 3, "", language="zh")
    with pytest.raises(Conflict):
        survey.give(token, 3, "", language="zh")


def test_a_schedule_sends_the_link(context: Flask, at: Clock) -> None:
    made = _settled()
    then = {"notify": {"to": [{"field": "customer_email"}], "template": "survey"}}
    _publish("records", form="refund", status=["rejected"], ended_for="P1D", then=then)
    at.move(days=1, hours=1)
    _run(context)
    run_due(context)
    asked = [each for each in mail.kept_mails() if each.subject == f"How did we do? {made.number}"]
    assert [f"/survey/{survey.token_of(made.id)}" in each.text for each in asked] == [True]


def test_the_submitter_answers_by_the_api(app: Flask, token: Token) -> None:
    made = _settled()
    client, path = app.test_client(), f"/api/v1/records/{made.id}/survey"
    assert client.get(path, headers=token("amy")).status_code == 404
    assert client.post(path, json={"score": 5}, headers=token("ada")).status_code == 403
    assert client.post(path, json={"score": 9}, headers=token("amy")).status_code == 422
    assert client.post(path, json={"score": 5, "words": "Fine."}, headers=token("amy")).status_code == 201
    assert client.post(path, json={"score": 5}, headers=token("amy")).status_code == 409
    found = client.get(path, headers=token("amy")).get_json()
    assert (found["score"], found["words"], found["answered_by"]) == (5, "Fine.", "amy")
