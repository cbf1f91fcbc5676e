"""The home page and the list of my requests."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from ..platform import clock
from ..platform.paging import read_limit
from ..platform.people.current import current_language, current_person
from . import inbox, listing, mine
from .blueprint import bp

RECENT = 8
FIRST = 3


@bp.get("/")
def home() -> ResponseReturnValue:
    """What I can ask for, what I asked for, what I have not sent yet, and how much waits for me."""
    person = current_person()
    due = inbox.find(person, inbox.Filter(), limit=FIRST).items
    q = request.args.get("q", "").strip()
    return render_template(
        "signoff/flows/home.html",
        offers=mine.offers(person, q),
        q=q,
        recent=mine.requests(person, limit=RECENT).items,
        drafts=mine.requests(person, mine.DRAFTS, limit=RECENT).items,
        first=[each.view(current_language()) for each in listing.of_inbox(due)],
        waiting=inbox.count(person),
        overdue=inbox.count(person, inbox.Filter(overdue=True)),
        now=clock.now(),
    )


@bp.get("/requests")
def requests() -> ResponseReturnValue:
    """My requests, the newest first, of one state or all."""
    status = request.args.get("status", "")
    statuses = (status,) if status in (*mine.OF_FLOWS, *mine.DRAFTS) else mine.OF_FLOWS
    after = request.args.get("after") or None
    page = mine.requests(current_person(), statuses, after=after, limit=read_limit(request.args.get("limit")))
    return render_template("signoff/flows/requests.html", page=page, status=status, after=after)
