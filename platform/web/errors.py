"""Every error becomes an answer that says what to do: a page for people, a problem document for programs."""

from typing import Any
from urllib.parse import urlencode

import structlog
from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from .. import json, problem_json
from ..errors import Malformed, NotSignedIn, SignoffError
from ..text import msg
from .language import gettext_here
from .place import came_from, is_ours, signoff, wants_json

log = structlog.get_logger(__name__)

SIGN_IN = "signoff_people.sign_in"
ICONS = {
    400: "question-circle",
    401: "person-lock",
    403: "shield-lock",
    404: "compass",
    409: "people",
    413: "file-earmark-x",
    429: "hourglass-split",
    503: "plug",
}


def init_app(app: Flask) -> None:
    """Answer errors of our pages; those of a host's pages go the host's way."""
    spec = app.error_handler_spec[None][None]
    theirs = {kind: spec[kind] for kind in (HTTPException, Exception) if kind in spec}

    def http_error(error: HTTPException) -> Any:
        if not is_ours():
            return theirs[HTTPException](error) if HTTPException in theirs else error
        return answer_http(error)

    def crash(error: Exception) -> Any:
        if not is_ours():
            if Exception in theirs:
                return theirs[Exception](error)
            raise error
        return answer_crash(error)

    app.register_error_handler(SignoffError, answer)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, crash)


def answer(error: SignoffError) -> ResponseReturnValue:
    """The answer to an expected error; who is not signed in is led to the sign-in page and back."""
    if error.status >= 500:
        log.error("unavailable", code=error.code, detail=str(error), path=request.path)
    if wants_json():
        return problem_response(problem_json.document_of(error, gettext_here), _headers(error))
    if isinstance(error, NotSignedIn) and (target := _sign_in_url()) is not None:
        return redirect(target, code=303)
    return _page(problem_json.document_of(error, gettext_here), _headers(error))


def answer_http(error: HTTPException) -> ResponseReturnValue:
    """The answer to an error of Flask or werkzeug: an unknown address, a wrong method, a body too large."""
    if isinstance(error, CSRFError):
        return answer(_stale_form())
    if error.code is None or error.code < 400:
        return error.get_response()  # a redirect: a slash too few, a view that moved
    document = problem_json.document_of_http(error, gettext_here)
    headers = problem_json.headers_of_http(error)
    return problem_response(document, headers) if wants_json() else _page(document, headers)


def answer_crash(error: Exception) -> ResponseReturnValue:
    """The answer to what nobody foresaw: logged with everything, told with nothing."""
    log.exception("crash", method=request.method, path=request.path, exc_info=error)
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    document = problem_json.document_of_crash(gettext_here)
    return problem_response(document) if wants_json() else _page(document)


def problem_response(document: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """``document`` as ``application/problem+json`` with its status."""
    response = Response(json.dumps(document), status=document["status"], mimetype="application/problem+json")
    response.headers.update(headers or {})
    return response


def _page(document: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    if document["status"] >= 500:
        g.signoff_bare = True
    symbol = ICONS.get(document["status"], "exclamation-triangle")
    html = render_template(
        "signoff/platform/error.html",
        problem=document,
        symbol=symbol,
        signing_in=_sign_in_url(),
        back=came_from(),
        request_id=g.get("signoff_request_id"),
    )
    response = make_response(html, document["status"])
    response.headers.update(headers or {})
    return response


def _headers(error: SignoffError) -> dict[str, str]:
    headers = {}
    if "retry_after" in error.details:
        headers["Retry-After"] = str(error.details["retry_after"])
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def _stale_form() -> SignoffError:
    text = msg("This page is too old, or its session ended. Reload it and send the form again; nothing was changed.")
    return Malformed(text, code="csrf")


def _sign_in_url() -> str | None:
    """The sign-in page that leads back here; a form that was sent leads to the page it came from."""
    if signoff().load_person is not None or SIGN_IN not in current_app.view_functions:
        return None
    if request.method not in ("GET", "HEAD"):
        return url_for(SIGN_IN)
    query = request.query_string.decode("utf-8", "replace")
    return f"{url_for(SIGN_IN)}?{urlencode({'next': request.path + (f'?{query}' if query else '')})}"
