"""Flask without what it works out anew in every request, although it never changes."""

import time
from collections.abc import Callable
from functools import lru_cache
from inspect import iscoroutinefunction
from json import JSONEncoder
from typing import Any, NamedTuple

from flask import Flask, Request
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.wrappers import Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

_is_coroutine = lru_cache(maxsize=4096)(iscoroutinefunction)
_MOST_OPENED = 5_000
_ENCODER = JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=DefaultJSONProvider.default)


class _Opened(NamedTuple):
    """A cookie whose signature is good: who says so, when it was signed in seconds, and its JSON."""

    by: URLSafeTimedSerializer
    signed_at: int
    text: str


class Sessions(SecureCookieSessionInterface):
    """Sessions in signed cookies, as Flask has them; a signer is made once, the signature of a cookie checked once."""

    def __init__(self) -> None:
        self._signer: tuple[Any, URLSafeTimedSerializer | None] = (None, None)
        self._opened: dict[str, _Opened] = {}

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        signer = self.get_signing_serializer(app)
        sent = request.cookies.get(self.get_cookie_name(app))
        if signer is None or not sent:
            return super().open_session(app, request)
        opened = self._opened.get(sent)
        if opened is None or opened.by is not signer:
            opened = self._open(signer, sent)
        lasts = app.permanent_session_lifetime.total_seconds()
        if opened is None or not 0 <= time.time() - opened.signed_at <= lasts:
            return self.session_class()
        return self.session_class(self.serializer.loads(opened.text))

    def _open(self, signer: URLSafeTimedSerializer, sent: str) -> "_Opened | None":
        """Check the signature of a cookie, and remember what it holds as text, so that nobody changes it."""
        try:
            held, signed_at = signer.loads(sent, return_timestamp=True)
        except BadSignature:
            return None
        if len(self._opened) >= _MOST_OPENED:
            self._opened.clear()
        opened = self._opened[sent] = _Opened(signer, int(signed_at.timestamp()), self.serializer.dumps(held))
        return opened

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        keys = (app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ()))
        known, signer = self._signer
        if signer is None or known != keys:
            signer = super().get_signing_serializer(app)
            self._signer = keys, signer
        return signer


class Json(DefaultJSONProvider):
    """Answers in the order in which they were made, without spaces, by an encoder that is made once."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return super().dumps(obj, **kwargs) if kwargs else _ENCODER.encode(obj)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        text = self.dumps(self._prepare_response_obj(args, kwargs))
        return Response(text + "\n", mimetype=self.mimetype)


class Application(Flask):
    """The application of :func:`signoff.create_app`; mounted into a host, Signoff runs in the host's own."""

    json_provider_class = Json

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session_interface = Sessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return self.async_to_sync(func) if _is_coroutine(func) else func
