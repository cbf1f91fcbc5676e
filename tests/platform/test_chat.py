"""Chat channels: named by the operator, used for what people chose, tried again when they are away."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

import pytest
import requests
from flask import Flask

from signoff.platform import chat, config, notifications
from signoff.platform.background import GiveUp
from signoff.platform.channel_names import read_channels
from signoff.platform.errors import Refused
from signoff.platform.notifications import Delivery
from signoff.platform.people.directory import Person

from .receiver import Receiver, receiving

pytest.importorskip("apprise")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def _delivery(address: str) -> Delivery:
    return Delivery(
        "k", "t", "task.opened", "Look", "¥30", "en", link="http://x/tasks/1", person="amy", address=address
    )


def test_channels_are_read() -> None:
    assert read_channels("") == {}
    assert read_channels("a=x://1 \n b=y://2?z=3") == {"a": "x://1", "b": "y://2?z=3"}
    for wrong in ("a", "a=1", "A=x://1", "email=x://1"):
        with pytest.raises(ValueError, match="Example"):
            read_channels(wrong)
    with pytest.raises(Refused) as refused:
        config.load({"SIGNOFF_CHANNELS": "nothing"})
    assert [each.path for each in refused.value.problems] == ["/SIGNOFF_CHANNELS"]


def test_the_operators_channels_are_offered_and_none_is_used_unasked(
    company: Flask, context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "_channels", {})
    monkeypatch.setattr(chat, "read_channels", lambda text: {"feishu": "feishu://T", "sms": "x://{key}/{email}"})
    chat.init_app(company)
    found = notifications.channels_of(Person("amy", "Amy", email="amy@x.org"))
    assert [(each.name, each.asked) for each in found] == [("feishu", True), ("sms", True)]
    assert found[1].reaches(Person("amy", "Amy", email="amy@x.org")) == "x://amy/amy%40x.org"
    assert [each.name for each in notifications.channels_of(Person("bo", "Bo"))] == ["feishu"]


def test_a_message_arrives(company: Flask, context: Flask, receiver: Receiver) -> None:
    chat._deliver(_delivery(receiver.url.replace("http", "json").replace("localhost", "127.0.0.1")))
    [(_, _, body)] = receiver.requests
    assert "Amy Chen: Look" in body.decode("unicode_escape")
    assert b"http://x/tasks/1" in body


def test_who_does_not_take_it_is_asked_again_and_an_unknown_service_is_not(
    company: Flask, context: Flask, receiver: Receiver
) -> None:
    receiver.answers = [(500, b"", {})]
    with pytest.raises(chat.NotTaken):
        chat._deliver(_delivery(receiver.url.replace("http", "json").replace("localhost", "127.0.0.1")))
    with pytest.raises(GiveUp, match="SIGNOFF_CHANNELS"):
        chat._deliver(_delivery("nosuchservice://x"))


class Recorded:
    """What the services were sent, in their place; ``answer`` is what they say."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
        self.sent: list[Any] = []
        self._answer = answer
        monkeypatch.setattr("requests.adapters.HTTPAdapter.send", self._send)
        monkeypatch.setattr("apprise.plugins.base.NotifyBase.request_rate_per_sec", 0)

    def _send(self, request: Any, **_: Any) -> Any:
        self.sent.append(request)
        answer = requests.Response()
        answer.status_code, answer._content, answer.url, answer.request = 200, self._answer, request.url, request
        return answer

    def text(self) -> str:
        """The body of the only message."""
        (request,) = self.sent
        body = request.body if isinstance(request.body, str) else request.body.decode()
        return unquote_plus(body) if "json" not in request.headers["Content-Type"] else str(json.loads(body))


ROBOTS = [
    ("dingtalk://" + "a" * 40, "https://oapi.dingtalk.com/robot/send?access_token=" + "a" * 40),
    ("feishu://12345678-1234-1234-1234-123456789012", "https://open.feishu.cn/open-apis/bot/v2/hook/12345678-"),
    ("wecombot://12345678-1234-1234-1234-123456789012", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1234"),
    ("twilio://AC" + "b" * 32 + ":" + "c" * 32 + "@15551230000/15551239876", "https://api.twilio.com/2010-04-01/"),
]


@pytest.mark.parametrize(("address", "called"), ROBOTS, ids=[each[0].partition(":")[0] for each in ROBOTS])
def test_each_service_gets_the_message_as_it_wants_it(
    company: Flask, context: Flask, monkeypatch: pytest.MonkeyPatch, address: str, called: str
) -> None:
    recorded = Recorded(monkeypatch, b'{"errcode": 0, "code": 0, "errmsg": "ok"}')
    chat._deliver(replace(_delivery(address), title="请处理 RF-1", language="zh"))
    assert recorded.sent[0].url.startswith(called)
    assert "Amy Chen: 请处理 RF-1" in recorded.text()
    assert "¥30" in recorded.text()
    assert "http://x/tasks/1" in recorded.text()


@pytest.mark.parametrize(
    ("address", "answer", "why"),
    [
        (ROBOTS[0][0], b'{"errcode": 310000, "errmsg": "keywords not in content"}', "310000: keywords not in content"),
        (ROBOTS[1][0], b'{"code": 19024, "msg": "Key Words Not Found"}', "19024: Key Words Not Found"),
        (ROBOTS[2][0], b'{"errcode": 93000, "errmsg": "invalid webhook url"}', "93000: invalid webhook url"),
    ],
)
def test_a_robot_that_refuses_with_status_200_did_not_take_it(
    company: Flask, context: Flask, monkeypatch: pytest.MonkeyPatch, address: str, answer: bytes, why: str
) -> None:
    Recorded(monkeypatch, answer)
    with pytest.raises(chat.NotTaken, match=why):
        chat._deliver(_delivery(address))


@pytest.mark.parametrize("body", [b"", b"ok", b"[]", b'{"errcode": "x"}', b'{"errcode": 0}'])
def test_answers_that_refuse_nothing(body: bytes) -> None:
    assert chat.refusal(body) == ""
