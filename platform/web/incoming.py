"""What comes in by HTTP whatever it is for: numbers in addresses that no row can have, and bodies that nobody read."""

from flask import Flask, request
from flask.wrappers import Response
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wsgi import LimitedStream

from .place import is_ours

LARGEST_ID = 2**63 - 1
SWALLOWED = 64 * 1024 * 1024
_AT_ONCE = 256 * 1024


def init_app(app: Flask) -> None:
    """Watch every request of ours, of pages and of the API."""
    app.before_request(_require_possible_ids)
    app.after_request(_read_to_the_end)


def _require_possible_ids() -> None:
    """A number beyond what databases count to names nothing."""
    for value in (request.view_args or {}).values():
        if isinstance(value, int) and value > LARGEST_ID and is_ours():
            raise NotFound


def _read_to_the_end(response: Response) -> Response:
    """Swallow the rest of a body that was refused unread: a client still sending it would not see the answer."""
    length = request.content_length or 0
    if length < _AT_ONCE or not is_ours():
        return response
    stream = request.__dict__.get("stream") or LimitedStream(request.environ["wsgi.input"], length)
    left = min(length, SWALLOWED)
    try:
        while left > 0 and (part := stream.read(min(left, _AT_ONCE))):
            left -= len(part)
    except (OSError, HTTPException):
        pass  # the client went away: nobody waits for the answer
    return response
