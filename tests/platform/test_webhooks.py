"""Webhooks: signed, stable, tried for days, and never a way into the own network."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from standardwebhooks.webhooks import Webhook as Verifier

from signoff.platform import clock, dead_letters, outgoing, webhooks
from signoff.platform.db import transaction
from signoff.platform.errors import NotFound, Refused
from signoff.platform.outgoing import Blocked, NoAnswer, check_url, is_allowed
from signoff.platform.scheduler import run_due
from signoff.platform.webhooks import DELAYS, Event, Wanted

from ..conftest import Clock, SignIn
from .receiver import Receiver, receiving


@pytest.fixture
def receiver(context: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver on this machine, which may be called."""
    ours = context.extensions["signoff"]
    monkeypatch.setattr(ours, "config", replace(ours.config, webhooks_private="127.0.0.0/8, ::1"))
    with receiving() as found:
        yield found


def _happen(number: str = "evt_1", name: str = "task.opened", form: str = "refund", **data: Any) -> None:
    with transaction() as conn:
        webhooks.publish(conn, Event(name, number, clock.now(), form, lambda: data))


@pytest.mark.parametrize(
    ("address", "private", "allowed"),
    [
        ("93.184.216.34", "", True),
        ("2606:2800:220:1:248:1893:25c8:1946", "", True),
        ("127.0.0.1", "", False),
        ("10.1.2.3", "", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("192.168.0.1", "10.0.0.0/8", False),
        ("169.254.169.254", "", False),
        ("100.64.0.1", "", False),
        ("0.0.0.0", "", False),
        ("224.0.0.1", "", False),
        ("255.255.255.255", "", False),
        ("::1", "", False),
        ("::ffff:127.0.0.1", "", False),
        ("::ffff:10.0.0.1", "10.0.0.0/8", True),
        ("64:ff9b::a00:1", "", False),
        ("2002:a00:1::", "", False),
        ("fe80::1%eth0", "", False),
        ("fd00::1", "", False),
        ("fec0::1", "", False),
        ("::127.0.0.1", "", False),
        ("64:ff9b:1::a00:1", "", False),
        ("10.1.2.3", "*", True),
    ],
)
def test_which_addresses_may_be_called(address: str, private: str, allowed: bool) -> None:
    assert is_allowed(address, private) is allowed


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/", "https://", "//example.com", "https://user:pass@example.com/", "https://exa mple.com/",
        "https://example.com:0/", "https://example.com:99999/", "https://例子.com/", "https://example.com/\r\nX: y", "",
    ],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    assert check_url(url) is not None


def _signature(secret: str, number: str, at: str, body: bytes) -> str:
    """A signature as the text of Standard Webhooks has it, by no library: ``v1,`` and HMAC-SHA256 of id.time.body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((number.encode(), at.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_the_signature_is_the_one_of_the_standard(receiver: Receiver, context: Flask, at: Clock) -> None:
    before = webhooks.create(Wanted("erp", receiver.url), by=None)
    _happen("evt_1", text="钱 €")
    run_due(context)
    after = webhooks.renew_secret("erp", by=None)
    _happen("evt_2")
    run_due(context)
    for (_, headers, body), secrets in zip(
        receiver.requests, ([before.secret], [after.secret, before.secret]), strict=True
    ):
        stamp = headers["webhook-timestamp"]
        assert int(stamp) == int(at.now().timestamp())
        expected = [_signature(each, headers["webhook-id"], stamp, body) for each in secrets]
        assert headers["webhook-signature"].split(" ") == expected


def test_an_event_arrives_signed(receiver: Receiver, context: Flask) -> None:
    hook = webhooks.create(Wanted("erp", receiver.url, ["task.opened"]), by=None)
    _happen("evt_1", task={"id": 7})
    _happen("evt_2", name="run.finished")
    run_due(context)
    [(path, headers, body)] = receiver.requests
    assert (path, headers["webhook-id"]) == ("/hook", "evt_1")
    assert Verifier(hook.secret).verify(body, headers)["data"] == {"task": {"id": 7}}
    assert webhooks.find("erp").last_status == 200


def test_forms_that_are_not_named_are_not_told_of(receiver: Receiver, context: Flask) -> None:
    webhooks.create(Wanted("erp", receiver.url, forms=["refund"]), by=None)
    _happen("evt_1", form="leave")
    _happen("evt_2", form="refund")
    run_due(context)
    assert [headers["webhook-id"] for _, headers, _ in receiver.requests] == ["evt_2"]


def test_what_is_rolled_back_is_told_to_nobody(receiver: Receiver, context: Flask) -> None:
    webhooks.create(Wanted("erp", receiver.url), by=None)

    def fail() -> None:
        with transaction() as conn:
            webhooks.publish(conn, Event("task.opened", "evt_1", clock.now(), None, dict))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    run_due(context)
    assert receiver.requests == []


def test_a_receiver_that_fails_is_tried_for_days_with_the_same_id(
    receiver: Receiver, context: Flask, at: Clock
) -> None:
    receiver.answers = [(500, b"broken", {})]
    webhooks.create(Wanted("erp", receiver.url), by=None)
    started = at.now()
    _happen()
    run_due(context)
    for delay in DELAYS:
        at.move(seconds=delay.total_seconds())
        run_due(context)
    assert len(receiver.requests) == len(DELAYS) + 1
    assert len({(headers["webhook-id"], body) for _, headers, body in receiver.requests}) == 1
    assert at.now() - started > timedelta(days=4)
    [dead] = webhooks.undelivered("erp")
    assert "answered 500: broken" in dead.last_error
    assert webhooks.find("erp").last_error == "answered 500: broken"
    receiver.answers = [(204, b"", {})]
    assert webhooks.send_all_again("erp") == 1
    run_due(context)
    assert webhooks.undelivered("erp") == []
    assert len(receiver.requests) == len(DELAYS) + 2


def test_a_receiver_that_asks_for_time_gets_it(receiver: Receiver, context: Flask, at: Clock) -> None:
    receiver.answers = [(503, b"", {"Retry-After": "3600"}), (200, b"", {})]
    webhooks.create(Wanted("erp", receiver.url), by=None)
    _happen()
    run_due(context)
    at.move(minutes=59)
    run_due(context)
    assert len(receiver.requests) == 1
    at.move(minutes=2)
    run_due(context)
    assert len(receiver.requests) == 2


def test_a_redirect_is_not_followed(receiver: Receiver, context: Flask) -> None:
    receiver.answers = [(302, b"", {"Location": receiver.url + "/other"})]
    webhooks.create(Wanted("erp", receiver.url), by=None)
    _happen()
    run_due(context)
    assert [path for path, _, _ in receiver.requests] == ["/hook"]


def test_who_is_gone_is_told_nothing_any_more(receiver: Receiver, context: Flask) -> None:
    receiver.answers = [(410, b"", {})]
    webhooks.create(Wanted("erp", receiver.url), by=None)
    _happen("evt_1")
    run_due(context)
    _happen("evt_2")
    run_due(context)
    assert len(receiver.requests) == 1
    assert not webhooks.find("erp").active


def test_private_addresses_are_not_called(context: Flask) -> None:
    with receiving() as inside:
        with pytest.raises(Blocked, match="SIGNOFF_WEBHOOKS_PRIVATE"):
            outgoing.post(inside.url, b"{}", {})
        assert inside.requests == []


def test_a_long_answer_is_read_in_part(receiver: Receiver) -> None:
    receiver.answers = [(200, b"x" * 1_000_000, {})]
    assert len(outgoing.post(receiver.url, b"{}", {}).body) == outgoing.MOST_READ


def test_a_receiver_that_never_ends_is_hung_up_on(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "SILENT_SECONDS", 0.2)
    receiver.answers = [(200, b"x", {"Content-Length": "10"})]
    with pytest.raises(NoAnswer):
        outgoing.post(receiver.url.replace("localhost", "127.0.0.1").replace("/hook", ""), b"", {"Content-Length": "5"})


def test_the_old_secret_signs_for_another_day(receiver: Receiver, context: Flask, at: Clock) -> None:
    before = webhooks.create(Wanted("erp", receiver.url), by=None)
    after = webhooks.renew_secret("erp", by=None)
    assert after.secret != before.secret
    assert after.secrets(at.now()) == (after.secret, before.secret)
    assert after.secrets(at.now() + timedelta(days=1)) == (after.secret,)


def test_what_cannot_be_a_webhook_is_refused_with_all_problems(context: Flask) -> None:
    with pytest.raises(Refused) as refused:
        webhooks.create(Wanted("E R P", "ftp://x", ["no.event"], ["No Form"]), by=None)
    assert [each.path for each in refused.value.problems] == ["/key", "/url", "/events/0", "/forms/0"]


def test_a_deleted_webhook_takes_what_waits_with_it(receiver: Receiver, context: Flask) -> None:
    webhooks.create(Wanted("erp", receiver.url), by=None)
    _happen()
    webhooks.delete("erp", by=None)
    assert run_due(context) == 1
    assert receiver.requests == []
    assert dead_letters.dead_letters() == []
    with pytest.raises(NotFound):
        webhooks.find("erp")


def test_the_pages(company: Flask, receiver: Receiver, sign_in: SignIn) -> None:
    company.config["WTF_CSRF_ENABLED"] = False
    try:
        with sign_in("ada") as browser:
            assert "No webhooks yet" in browser.get("/webhooks").text
            assert browser.get("/webhooks/add").status_code == 200
            wrong = browser.post("/webhooks/add", data={"key": "erp", "url": "nowhere"})
            assert wrong.status_code == 422
            made = browser.post(
                "/webhooks/add", data={"key": "erp", "url": receiver.url, "events": ["task.opened"], "active": "y"}
            )
            assert made.status_code == 303
            assert webhooks.find("erp").events == ("task.opened",)
            assert webhooks.find("erp").secret in browser.get("/webhooks/erp").text
            browser.post("/webhooks/erp/do", data={"do": "test"})
            run_due(company)
            assert b"webhook.test" in receiver.requests[0][2]
            browser.post("/webhooks/erp", data={"url": receiver.url, "forms": ["refund", "leave"]})
            assert webhooks.find("erp").forms == ("refund", "leave")
            assert 'name="forms" value="leave" id="f-form-2" checked' in browser.get("/webhooks/erp").text
            assert not webhooks.find("erp").active
            browser.post("/webhooks/erp/do", data={"do": "delete"})
            assert webhooks.everything() == []
        with sign_in("amy") as browser:
            assert browser.get("/webhooks").status_code == 403
    finally:
        company.config["WTF_CSRF_ENABLED"] = True


def test_the_api(company: Flask, receiver: Receiver, token: Any, at: Clock) -> None:
    client, headers = company.test_client(), token("ada")
    made = client.post("/api/v1/webhooks", json={"key": "erp", "url": receiver.url}, headers=headers)
    assert made.status_code == 201
    assert made.json["secret"].startswith("whsec_")
    assert "secret" not in client.get("/api/v1/webhooks", headers=headers).json["items"][0]
    changed = client.put(
        "/api/v1/webhooks/erp", json={"url": receiver.url, "events": ["run.finished"]}, headers=headers
    )
    assert changed.json["events"] == ["run.finished"]
    assert client.put("/api/v1/webhooks/erp", json={"url": "x"}, headers=headers).status_code == 422
    receiver.answers = [(410, b"", {})]
    assert client.post("/api/v1/webhooks/erp/test", headers=headers).status_code == 202
    run_due(company)
    [dead] = client.get("/api/v1/webhooks/erp/undelivered", headers=headers).json["items"]
    assert dead["event"] == "webhook.test"
    again = client.post(f"/api/v1/webhooks/erp/undelivered/{dead['number']}", headers=headers)
    assert again.status_code == 202
    assert client.post("/api/v1/webhooks/erp/secret", headers=headers).json["secret"] != made.json["secret"]
    assert client.delete("/api/v1/webhooks/erp", headers=headers).status_code == 204
    assert client.get("/api/v1/webhooks/erp", headers=headers).status_code == 404
    assert client.get("/api/v1/webhooks", headers=token("amy")).status_code == 403
