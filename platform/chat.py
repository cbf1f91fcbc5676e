"""Chat channels: DingTalk, Feishu, WeCom, SMS and whatever else apprise reaches, as ``SIGNOFF_CHANNELS`` names them.

A channel is ``name=address``, the address as apprise writes it. ``{key}`` and ``{email}`` in it stand for the person;
without them it is a group. Messages begin with the person's name.
"""

import json
import re
import sys
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Flask

from .background import GiveUp
from .channel_names import read_channels
from .notifications import Delivery, channel
from .people import service as people
from .people.directory import Person
from .text import LocalText

_OF_PERSON = re.compile(r"\{(key|email)\}")

LABELS: Mapping[str, LocalText] = {
    "dingtalk": {"en": "DingTalk", "zh": "钉钉"},
    "feishu": {"en": "Feishu", "zh": "飞书"},
    "wecom": {"en": "WeCom", "zh": "企业微信"},
    "sms": {"en": "SMS", "zh": "短信"},
}


class NotTaken(Exception):
    """The service did not take the message; it is tried again."""


def init_app(app: Flask) -> None:
    """Register the channels that the operator named."""
    for name, address in read_channels(app.extensions["signoff"].config.channels).items():
        label, private = LABELS.get(name, name), _OF_PERSON.search(address) is not None
        channel(name, reaches=_reaching(address), asked=True, label=label, private=private)(_deliver)


def _reaching(address: str) -> Callable[[Person], str | None]:
    def reaches(person: Person) -> str | None:
        if "{email}" in address and not person.email:
            return None
        values = {"key": person.key, "email": person.email or ""}
        return _OF_PERSON.sub(lambda match: quote(values[match[1]], safe=""), address)

    return reaches


def _deliver(delivery: Delivery) -> None:
    """Hand a message to apprise.

    Raises:
        GiveUp: apprise is not installed, or does not know the address.
        NotTaken: the service did not take it.
    """
    try:
        import apprise
    except ModuleNotFoundError as error:
        raise GiveUp("apprise is not installed: pip install 'signoff[notify]'") from error
    service = apprise.Apprise()
    if not service.add(str(delivery.address)):
        raise GiveUp("apprise does not know this address; see SIGNOFF_CHANNELS")
    for each in service:
        _listen(each)
    person = people.directory().person(delivery.person)
    title = f"{person.name}: {delivery.title}" if person is not None else delivery.title
    own = [f"{label}: {url}" for label, url in delivery.buttons]
    body = "\n".join(filter(None, (delivery.body, delivery.link, *own))) or delivery.title
    _refused.why = ""
    if not all(each.notify(title=title, body=body) for each in service):  # in this thread, unlike service.notify()
        raise NotTaken(f"the service did not take the message {_refused.why}".rstrip())


# --- what robots say


class _Refused(threading.local):
    """Why a robot did not take the last message of this thread."""

    why = ""


_refused = _Refused()


class _Listening:
    """``requests`` as a plugin of apprise uses it, which looks at the answer.

    DingTalk, WeCom and Feishu refuse with status 200 and a code in the body, which apprise takes for success: a robot
    that wants a keyword, or whose token is over, would swallow messages.
    """

    def __init__(self, plain: Any) -> None:
        self._plain = plain

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def post(self, *arguments: Any, **more: Any) -> Any:
        answer = self._plain.post(*arguments, **more)
        why = refusal(answer.content)
        if answer.status_code == HTTPStatus.OK and why:
            _refused.why = why
            answer.status_code = HTTPStatus.BAD_GATEWAY
        return answer


def refusal(body: bytes) -> str:
    """What a robot's answer says against the message; empty: nothing."""
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(said, dict):
        return ""
    code = said.get("errcode", said.get("code", said.get("StatusCode")))
    if not isinstance(code, int) or code == 0:
        return ""
    return f"({code}: {said.get('errmsg', said.get('msg', said.get('StatusMessage', '')))})"


ROBOTS = frozenset({"dingtalk", "feishu", "lark", "wecombot"})


def _listen(service: Any) -> None:
    module = sys.modules[type(service).__module__]
    known = getattr(module, "requests", None)
    if module.__name__.rpartition(".")[2] in ROBOTS and known is not None and not isinstance(known, _Listening):
        module.requests = _Listening(known)  # type: ignore[attr-defined]
