"""The demo's refund requests: filed, answered, returned, withdrawn, late and paid, each by whose task it is."""

import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import current_app
from PIL import Image, ImageDraw

from ...flows import inbox, survey
from ...flows import service as flows
from ...forms import service as forms
from ...platform import clock, config, files, scheduler
from ...platform.errors import NotFound
from ...platform.people import service as people
from ...platform.people.directory import Person
from .shop import Order


@dataclass(frozen=True, slots=True)
class Story:
    """A request: ``age`` when it was filed, on the order with that index, and the ``acts`` that followed.

    An act is ``person:verdict`` or ``person:verdict:comment``; with ``field=value`` for what is filled in.
    """

    order: int
    age: timedelta
    path: str
    reason: str
    words: str
    by: str = "amy"
    acts: tuple[str, ...] = ()
    fill: tuple[tuple[str, str], ...] = ()


def _days(days: float) -> timedelta:
    return timedelta(days=days)


STORIES = (
    Story(2, _days(24), "refund_only", "late", "Parcel arrived after the holiday; customer keeps it.",
          acts=("bo:approve", "li:approve")),
    Story(5, _days(21), "return", "changed_mind", "Colour does not match the room.",
          acts=("bo:approve", "ma:complete:inspection=ok", "li:approve:As agreed", "zhou:approve", "fang:approve",
                "gao:approve")),
    Story(9, _days(18), "refund_only", "damaged", "Handle broken on arrival, photo attached.",
          acts=("bo:approve", "li:approve", "zhou:approve", "fang:approve", "gao:approve")),
    Story(13, _days(15), "return", "wrong_item", "Received another size.",
          acts=("bo:approve", "ma:complete:inspection=worn", "li:reject:The item shows clear signs of use.")),
    Story(17, _days(12), "unshipped", "changed_mind", "Ordered twice by mistake.",
          acts=("bo:approve", "ma:complete:intercepted=true", "li:approve")),
    Story(20, _days(10), "in_transit", "late", "No movement for six days.",
          acts=("bo:approve", "ma:complete:recall_promised=lost", "li:approve", "zhou:approve", "fei:approve",
                "gao:approve")),
    Story(23, _days(9), "refund_only", "other", "Customer found it cheaper elsewhere.",
          acts=("bo:reject:Price matching ended when the parcel was delivered; we offered a coupon instead.",)),
    Story(26, _days(8), "refund_only", "changed_mind", "Called back: keeps everything.", acts=("amy:withdraw",)),
    Story(30, _days(6), "return", "damaged", "Scratches on the surface.", by="bo",
          acts=("amy:approve", "ma:complete:inspection=damaged")),
    Story(34, _days(5), "refund_only", "late", "Two weeks late; wants half back.",
          acts=("bo:return:Please attach the chat where the date was promised.",)),
    Story(38, _days(4), "unshipped", "changed_mind", "Wrong address, ordered again.", by="bo",
          acts=("amy:approve",)),
    Story(41, _days(3), "in_transit", "late", "Carrier lost track.", acts=("bo:approve",)),
    Story(44, _days(2), "refund_only", "damaged", "Two of four mugs broken.", acts=("bo:approve",)),
    Story(47, _days(1.4), "return", "wrong_item", "Blue instead of grey.", by="bo",
          acts=("amy:approve", "ma:complete:inspection=ok")),
    Story(50, timedelta(hours=5), "refund_only", "late", "Gift came after the birthday.", acts=("bo:approve",)),
    Story(53, timedelta(hours=2), "return", "damaged", "Lamp does not switch on.", by="bo",
          acts=("amy:approve",)),
    Story(56, timedelta(minutes=25), "unshipped", "changed_mind", "Wants another colour.", acts=()),
    Story(58, timedelta(minutes=6), "refund_only", "damaged", "Vase cracked, customer is still in the chat.", acts=()),
)  # fmt: skip
COUNT = len(STORIES) + 1
OPINIONS = (
    (0, 5, "Answered while I was still in the chat, money back the next day."),
    (1, 4, "Sending it back was easy."),
    (2, 5, "很快就处理好了，谢谢！"),
    (3, 2, "I still think it was not worn."),
    (4, 4, ""),
    (6, 3, "A coupon is not what I wanted, but you explained why."),
)
"""What customers said once it was over: the story, a score of 5, words."""

MORNING = time(9, 40)
FIRST_ANSWER = timedelta(minutes=12)
PACE = timedelta(minutes=70)
"""Between what one does and the next: in time for everybody but who stops a parcel (30 minutes)."""


def file_all(orders: Sequence[Order], now: datetime) -> None:
    """File every story at its time, let its people act, and let reminders fire in between as they would have."""
    filed: list[int] = []
    for story in STORIES:
        at = _filed_at(now, story.age)
        with clock.fixed(at):
            record = _submit(orders[story.order], story)
        filed.append(record)
        for number, act in enumerate(story.acts):
            with clock.fixed(min(at + FIRST_ANSWER + PACE * number, now)):
                scheduler.run_due(current_app)
                _act(record, act)
                scheduler.run_due(current_app)
    with clock.fixed(now - timedelta(minutes=5)):
        for number, score, words in OPINIONS:
            _say(filed[number], score, words)
    with clock.fixed(now - timedelta(minutes=3)):
        _draft(orders[59])
        scheduler.run_due(current_app)


def _filed_at(now: datetime, age: timedelta) -> datetime:
    """That long ago; what is older than a day came in the morning: at whatever hour it starts, the same is late."""
    if age < timedelta(days=1):
        return now - age
    zone = config.current().zone
    day = (now - age).astimezone(zone).date()
    return datetime.combine(day, MORNING, zone).astimezone(UTC)


def _person(key: str) -> Person:
    return people.directory().persons[key]


def _values(order: Order, story: Story) -> dict[str, Any]:
    person = story.by
    return {
        "channel": "web",
        "order": order.id,
        "path": story.path,
        "reason": story.reason,
        "lines": [
            {key: str(line[key]) if key == "unit_price" else line[key] for key in ("product", "quantity", "unit_price")}
            for line in order.lines
        ],
        "conversation": story.words,
        "payment_proof": [_picture("payment-proof.png", "Payment proof", person)],
        "photos": [_picture("photo.png", "Photo", person)] if story.reason in ("damaged", "wrong_item") else [],
    }


def _submit(order: Order, story: Story) -> int:
    return forms.submit("refund", _values(order, story), by=_person(story.by)).id


def _draft(order: Order) -> None:
    forms.submit("refund", {"order": order.id, "path": "return"}, by=_person("amy"), draft=True)


def _say(record: int, score: int, words: str) -> None:
    """A customer's answer; nothing where the request went another way and is not over."""
    with suppress(NotFound):
        survey.give(survey.token_of(record), score, words, language="en" if words.isascii() else "zh")


def _picture(name: str, words: str, by: str) -> str:
    """A small picture that stands for evidence."""
    picture = Image.new("RGB", (640, 400), "#eef2f1")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((24, 24, 616, 376), outline="#8aa39b", width=3)
    draw.text((48, 48), words, fill="#33524a")
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    stream.seek(0)
    return files.store(stream, name, by=by).id


def _act(record: int, act: str) -> None:
    who, verdict, *rest = act.split(":", 2)
    person, words = _person(who), rest[0] if rest else ""
    if verdict == "withdraw":
        flows.withdraw(record, by=person)
        return
    task = _task_of(record, person)
    if task is None:
        return
    values = dict([words.split("=", 1)]) if "=" in words else {}
    flows.decide(task, by=person, verdict=verdict, comment="" if values else words, values=values or None)


def _task_of(record: int, person: Person) -> int | None:
    """The open task of the record that stands in this person's inbox, ``None`` if the flow went another way."""
    page = inbox.find(person, inbox.Filter(), limit=200)
    return next((each.task.id for each in page.items if each.task.record_id == record), None)
