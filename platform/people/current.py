"""Who asks: the person of this request, by session, by token, or as the host application says."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, g, has_request_context, request, session

from .. import clock, config, revisions
from ..errors import NotSignedIn
from ..text import LANGUAGES, msg
from ..web.language import COOKIE, asked_language
from ..web.place import signoff
from . import policy, service
from .directory import ADMIN, Person

_PERSON, _EPOCH, _SEEN = "signoff_person", "signoff_epoch", "seen"


def init_app(app: Flask) -> None:
    """Sessions end when idle; the host's own sign-in has rules of its own."""
    app.teardown_request(_forget)


def _forget(_error: BaseException | None) -> None:
    """Tests keep one application context over many requests; people must not stay in it."""
    g.pop("signoff_person", None)
    revisions.look_again()


def current_person() -> Person:
    """The person who asks.

    Raises:
        NotSignedIn: nobody is signed in.
    """
    found = person_or_none()
    if found is None:
        raise NotSignedIn(msg("You are not signed in. Sign in and try again."))
    return found


def current_admin() -> Person:
    """The person who asks, who must be an administrator.

    Raises:
        NotSignedIn: nobody is signed in.
        Forbidden: somebody else.
    """
    person = current_person()
    policy.require(person, ADMIN)
    return person


def person_or_none() -> Person | None:
    """The person who asks, ``None`` if nobody is signed in or outside of a request; looked up once per request."""
    if not has_request_context():
        return None
    kept = g.__dict__  # asked a dozen times for a page, and each look through the proxy costs
    if "signoff_person" not in kept:
        kept["signoff_person"] = _find()
    found: Person | None = kept["signoff_person"]
    return found


def act_as(person: Person) -> None:
    """The rest of this request is done by ``person``, who has proven it in another way: a token, a signed link."""
    g.signoff_person = person
    g.pop("signoff_language", None)


def _find() -> Person | None:
    load_person = signoff().load_person
    if load_person is not None:
        return service.directory().active(load_person())
    key = session.get(_PERSON)
    if key is None or _is_idle():
        return None
    everybody = service.everybody()
    if everybody.epochs.get(key) != session.get(_EPOCH):
        return None
    return everybody.directory.active(key)


def _is_idle() -> bool:
    idle_seconds = clock.now().timestamp() - float(session.get(_SEEN, 0))
    return idle_seconds > config.current().session_hours * 3600


def session_of(person: str) -> dict[str, Any]:
    """What the session of a signed-in person holds."""
    return {
        "_permanent": True,
        _PERSON: person,
        _EPOCH: service.everybody().epochs.get(person, 0),
        _SEEN: int(clock.now().timestamp()),
    }


def begin_session(person: str) -> None:
    """Sign ``person`` in: nothing of the session before is kept, so that nobody can have prepared it."""
    session.clear()
    session.update(session_of(person))
    g.pop("signoff_person", None)
    g.pop("signoff_language", None)
    g.pop("csrf_token", None)


def signs_in_here() -> bool:
    """Whether people sign in with us; otherwise sessions and passwords are the host application's."""
    return signoff().load_person is None


def end_session() -> None:
    """Sign out in this browser."""
    session.clear()
    g.pop("signoff_person", None)
    g.pop("signoff_language", None)
    g.pop("csrf_token", None)


def current_language() -> str:
    """``en`` or ``zh``: chosen in this browser, else the person's, else what the browser or installation prefers."""
    if not has_request_context():
        return config.current().language
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    person = person_or_none()
    return person.language if person is not None and person.language else asked_language()


def current_zone() -> ZoneInfo:
    """The time zone of the person who asks, else the installation's."""
    person = person_or_none()
    return ZoneInfo(person.zone) if person is not None and person.zone else config.current().zone
