"""What happens before every call of the API: who asks, how often, and whether the body can be read."""

import math

from flask import current_app, g, request

from ..errors import NotSignedIn, TooMany
from ..limits import address, window
from ..people import current, tokens
from ..people.directory import Person
from ..text import msg
from ..web.place import is_api, signoff
from ..web.security import check_csrf
from .body import read_body


def before() -> None:
    """Refuse whoever may not ask at all; runs for calls of the API alone.

    Raises:
        NotSignedIn: no token and no session, or a token that does not hold.
        TooMany: asked too often.
    """
    if not is_api() or request.endpoint is None or request.method == "OPTIONS":
        return
    if _is_public():
        _limit(f"address:{address()}")
    else:
        _limit(f"person:{_who()}")
    read_body()


def _is_public() -> bool:
    view = current_app.view_functions[request.endpoint or ""]
    return bool(getattr(view, "signoff_public", False))


def _who() -> str:
    """The key of the person who asks; a session needs the page's token too, because browsers send cookies unasked."""
    header = request.headers.get("Authorization")
    if header is not None:
        person = _of_token(header)
        current.act_as(person)
        g.csrf_valid = True
        return person.key
    person = current.current_person()
    if request.method not in ("GET", "HEAD"):
        check_csrf()
    return person.key


def _of_token(header: str) -> Person:
    scheme, _, secret = header.partition(" ")
    person = tokens.resolve(secret.strip()) if scheme.lower() == "bearer" and secret.strip() else None
    if person is None:
        _limit(f"address:{address()}")
        raise NotSignedIn(msg("The token does not hold: unknown, expired or withdrawn. Make a new one."), code="token")
    return person


def _limit(who: str) -> None:
    config = signoff().config
    if config.testing:
        return
    wait = window(config.api_limit).hit(who)
    if wait is None:
        return
    seconds = max(1, math.ceil(wait))
    text = msg("More than %(limit)s. Try again in %(seconds)s s.", limit=config.api_limit, seconds=seconds)
    raise TooMany(text, retry_after=seconds)
