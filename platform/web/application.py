"""Flask without what it works out anew in every request, although it never changes."""

from collections.abc import Callable
from functools import lru_cache
from inspect import iscoroutinefunction
from json import JSONEncoder
from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSessionInterface
from flask.wrappers import Response
from itsdangerous import URLSafeTimedSerializer

_is_coroutine = lru_cache(maxsize=4096)(iscoroutinefunction)
_ENCODER = JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=DefaultJSONProvider.default)


class Sessions(SecureCookieSessionInterface):
    """Sessions in signed cookies, as Flask has them; their signer is made once for each set of keys."""

    def __init__(self) -> None:
        self._signer: tuple[Any, URLSafeTimedSerializer | None] = (None, None)

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
