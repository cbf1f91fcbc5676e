"""Pages of requests: one blueprint, and the entries of this floor in the menu."""

from datetime import datetime

from flask import Flask
from flask_babel import lazy_gettext as _l

from ..platform.people import service as people
from ..platform.people.current import current_language, person_or_none
from ..platform.people.directory import ADMIN
from ..platform.web import menus
from ..platform.web.menus import MenuEntry
from . import (
    asking_web,
    dashboard_web,
    follow_web,
    home_web,
    inbox,
    inbox_web,
    moves_web,
    replies_web,
    search_web,
    status_web,
    survey_web,
    task_web,
)
from .blueprint import bp
from .naming import Names

__all__ = [
    "asking_web",
    "bp",
    "dashboard_web",
    "follow_web",
    "home_web",
    "inbox_web",
    "init_app",
    "moves_web",
    "replies_web",
    "search_web",
    "status_web",
    "survey_web",
    "task_web",
]


def init_app(app: Flask) -> None:
    """Put the pages into the menu, and the words for principals into templates."""
    app.jinja_env.filters.update(principal=_principal, moment=datetime.fromisoformat)
    menus.set_search("signoff_flows.search")
    for entry in (
        MenuEntry("home", _l("Home"), "signoff_flows.home", "house", 10),
        MenuEntry(
            "inbox",
            _l("Inbox"),
            "signoff_flows.inbox",
            "inbox",
            20,
            count=_waiting,
            also=("signoff_flows.task", "signoff_flows.review"),
        ),
        MenuEntry("requests", _l("My requests"), "signoff_flows.requests", "send", 30, also=("signoff_flows.follow",)),
        MenuEntry(
            "replies",
            _l("Reply templates"),
            "signoff_flows.replies",
            "chat-square-text",
            roles=(ADMIN,),
            order=320,
            also=("signoff_flows.reply", "signoff_flows.new_reply"),
        ),
        MenuEntry(
            "dashboard", _l("Dashboard"), "signoff_flows.dashboard", "bar-chart", 60, also=("signoff_flows.behind",)
        ),
    ):
        menus.add(entry)


def _waiting() -> int | None:
    person = person_or_none()
    return inbox.count(person).value if person is not None else None


def _principal(principal: str) -> str:
    """``p:amy`` or ``r:finance@service`` as people say it."""
    return Names(people.directory(), None, current_language()).principal(principal)
