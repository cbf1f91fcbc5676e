"""Reading the JSON body of a call with our own strict reader, once, for every way in which a view may ask for it."""

from typing import Any

from flask import Request, request
from webargs import core
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from .. import json
from ..errors import TooLarge
from ..text import msg

_FORMS = ("multipart/form-data", "application/octet-stream")


class JsonParser(FlaskParser):
    """The parser of our blueprints: what :func:`read_body` read."""

    def _raw_load_json(self, req: Request) -> Any:
        return req.get_json() if core.is_json(req.mimetype) else core.missing


def read_body() -> None:
    """Parse the JSON of the current request, so that ``request.get_json()`` and schemas see the same exact values.

    Raises:
        TooLarge: beyond what is read.
        Malformed: no JSON, a key twice, nested too deep.
        UnsupportedMediaType: a body of another kind.
    """
    if request.method not in ("POST", "PUT", "PATCH", "DELETE") or not (request.content_length or _is_chunked()):
        return
    if request.mimetype in _FORMS:
        return
    if not core.is_json(request.mimetype):
        raise UnsupportedMediaType
    if request.content_length is not None and request.content_length > json.MAX_BYTES:
        text = msg(
            "The JSON is %(size)s bytes long; at most %(max)s are read.",
            size=request.content_length,
            max=json.MAX_BYTES,
        )
        raise TooLarge(text)
    value = json.parse(request.get_data(cache=True))
    request._cached_json = (value, value)


def _is_chunked() -> bool:
    return "chunked" in request.headers.get("Transfer-Encoding", "").lower()
