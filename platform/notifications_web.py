"""Pages of notifications, and of the demo's mails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from . import config, mail, notifications, wishes
from . import live as streams
from .errors import NotFound, Refused
from .people import policy
from .people.current import current_person, person_or_none
from .people.directory import ADMIN
from .text import msg
from .web import menus
from .web.menus import MenuEntry

bp = Blueprint("signoff_notifications", __name__)
FOLDER = "folder:"
EVENTS = "text/event-stream"
MOST_NEWS = 5


def init_app(app: Flask) -> None:
    """Offer the page of mails where they are written to a folder."""
    menus.set_bell("signoff_notifications.index", _unread)
    if app.extensions["signoff"].config.mail_url == FOLDER:
        menus.add(
            MenuEntry(
                "mails",
                _l("Demo mails"),
                "signoff_notifications.mails",
                "envelope",
                950,
                roles=(ADMIN,),
                also=("signoff_notifications.show_mail",),
            )
        )


def _unread() -> int | None:
    person = person_or_none()
    return notifications.unread_count(person.key) if person is not None else None


@bp.get("/notifications")
def index() -> ResponseReturnValue:
    """The notifications of the person, the newest first; ``unread=1`` leaves out what was read."""
    person = current_person()
    unread = request.args.get("unread") == "1"
    page = notifications.notifications_of(person.key, unread=unread, after=request.args.get("after"))
    return render_template(
        "signoff/platform/notifications/index.html", page=page, unread=unread, has_mails=_writes_mails()
    )


@bp.get("/live")
def live() -> ResponseReturnValue:
    """The numbers of the menu and what came since: a stream of events for pages; else once, and 304 if nothing is."""
    person = current_person()
    g.signoff_unattended = True
    if request.accept_mimetypes.best == EVENTS:
        return _stream(person.key)
    newest = notifications.notifications_of(person.key, unread=True, limit=1).items
    shown = {
        "counts": menus.counts(person),
        "newest": {"id": newest[0].id, "title": newest[0].title, "url": url_for(".open_one", number=newest[0].id)}
        if newest
        else None,
    }
    response = make_response(shown)
    response.add_etag()
    return response.make_conditional(request)


def _stream(person: str) -> Response:
    """Server-sent events. A page that is drawn says what it knew (``last``); a browser that comes again, by header."""
    again, environ = request.headers.get("Last-Event-ID", ""), request.environ
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    @contextmanager
    def entered() -> Iterator[None]:
        with app.request_context(environ):
            yield

    told = again or request.args.get("last", "")
    parts = streams.stream(app, person, streams.Known(told, fresh=not again), streams.Asking(_news, entered))
    return Response(parts, mimetype=EVENTS, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


def _news(first: int | None) -> streams.News:
    """How things stand for the person; ``first``: the newest notification that their page had from the start."""
    person = current_person()
    if first is None:
        newest = notifications.notifications_of(person.key, limit=1).items
        first = newest[0].id if newest else 0
    unread = notifications.notifications_of(person.key, unread=True, limit=MOST_NEWS).items
    new = [
        {"id": each.id, "title": each.title, "url": url_for(".open_one", number=each.id)}
        for each in reversed(unread)
        if each.id > first
    ]
    return streams.News(first, {"counts": menus.counts(person), "new": new})


@bp.get("/notifications/<int:number>")
def open_one(number: int) -> ResponseReturnValue:
    """Mark a notification as read and go where it leads."""
    person = current_person()
    found = notifications.notification(person.key, number)
    if found is None:
        raise NotFound(msg("No notification %(number)s of yours.", number=number))
    if found.read_at is None:
        notifications.mark_read(person.key, number)
    return redirect(found.link or url_for(".index"), code=303)


@bp.post("/notifications/read")
def mark_all_read() -> ResponseReturnValue:
    """Mark all of them as read."""
    notifications.mark_read(current_person().key)
    return redirect(url_for(".index"), code=303)


@bp.app_context_processor
def _wishes() -> dict[str, Any]:
    """For the page of one's own settings, which stands on a lower shelf."""
    return {"wishes_of_mine": wishes_of_mine}


def wishes_of_mine() -> dict[str, Any]:
    """The events, the channels that reach the person, and what they wish."""
    person = current_person()
    mine = wishes.wishes_of([person.key]).get(person.key, wishes.NOTHING)
    return {
        "events": notifications.events(),
        "channels": notifications.channels_of(person),
        "wishes": mine,
        "quiet": wishes.quiet_json(mine.quiet),
    }


@bp.post("/me/messages")
def save_wishes() -> ResponseReturnValue:
    """Keep which events come over which channels, and the quiet hours."""
    person = current_person()
    chosen: dict[str, list[str]] = {}
    before = wishes.wishes_of([person.key]).get(person.key, wishes.NOTHING)
    reached = {each.name for each in notifications.channels_of(person)}
    for event in notifications.events():
        # what was chosen of channels that do not reach the person now is kept
        chosen[event] = [name for name in before.channels.get(event, ()) if name not in reached]
    for wish in request.form.getlist("wish"):
        event, _sep, name = wish.partition(":")
        if event in chosen and name in reached:
            chosen[event].append(name)
    try:
        quiet = wishes.read_quiet(request.form.get("quiet_from", ""), request.form.get("quiet_until", ""))
    except Refused as refused:
        for problem in refused.problems:
            flash(problem.message, "error")
        return redirect(url_for("signoff_people.me") + "#messages", code=303)
    wishes.save(person.key, chosen, quiet, by=person.key)
    flash(_("Your choice is saved."))
    return redirect(url_for("signoff_people.me") + "#messages", code=303)


@bp.get("/mails")
def mails() -> ResponseReturnValue:
    """Mails that were written to the folder: one's own, and all of them for admins."""
    found = mail.kept_mails(to=_reader())
    return render_template("signoff/platform/mails/index.html", mails=found)


@bp.get("/mails/<name>")
def show_mail(name: str) -> ResponseReturnValue:
    """One mail as text."""
    to = _reader()
    found = mail.kept_mail(name)
    if found is None or (to is not None and found.to != to):
        raise NotFound(msg("No mail %(name)s. It was removed, or is not to you.", name=repr(name)))
    return render_template("signoff/platform/mails/show.html", mail=found)


def _writes_mails() -> bool:
    return config.current().mail_url == FOLDER


def _reader() -> str | None:
    """Whose mails may be seen; ``None``: everybody's. Only a folder has mails to show."""
    if not _writes_mails():
        abort(404)
    person = current_person()
    return None if policy.is_admin(person) else (person.email or "")
