"""Chat channels: DingTalk, Feishu, WeCom, SMS and whatever else apprise reaches, as ``SIGNOFF_CHANNELS`` names them.

A channel is ``name=address``, the address as apprise writes it. ``{key}`` and ``{email}`` in it stand for the person;
without them it is a group. Messages begin with the person's name.
"""

import re
from collections.abc import Callable, Mapping
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
    person = people.directory().person(delivery.person)
    title = f"{person.name}: {delivery.title}" if person is not None else delivery.title
    own = [f"{label}: {url}" for label, url in delivery.buttons]
    body = "\n".join(filter(None, (delivery.body, delivery.link, *own))) or delivery.title
    if not service.notify(title=title, body=body):
        raise NotTaken("the service did not take the message")
