"""Chat channels: named by the operator, used for what people chose, tried again when they are away."""

from collections.abc import Iterator

import pytest
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
