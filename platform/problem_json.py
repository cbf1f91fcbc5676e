"""Errors as RFC 9457 problem documents in the reader's language, the form in which the API and scripts get them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, TooManyRequests

from .errors import Refused, SignoffError
from .problems import Problem, Severity
from .schema_problems import schema_problems
from .text import Message, msg, translate

Say = Callable[[str], str]

TITLES: Mapping[int, Message] = {
    400: msg("Cannot be read"),
    401: msg("Not signed in"),
    403: msg("Not allowed"),
    404: msg("Not found"),
    405: msg("Method not allowed"),
    409: msg("Somebody was first"),
    413: msg("Too large"),
    415: msg("Unsupported kind of content"),
    422: msg("Not accepted"),
    429: msg("Too many requests"),
    500: msg("Something went wrong here"),
    503: msg("Not available now"),
}

_DETAILS: Mapping[int, Message] = {
    400: msg("The request cannot be read. Check its form and send it again."),
    401: msg("Sign in, or send a valid token as “Authorization: Bearer …”."),
    403: msg("You lack the right for this."),
    404: msg("There is nothing here, or nothing that you may see. Check the address."),
    405: msg("This address does not answer that method. The header Allow names those it does."),
    413: msg("More was sent than is accepted. Send less at once."),
    415: msg("Send application/json."),
    429: msg("Too many requests in a short time. Wait a moment and try again."),
    500: msg("This was not your fault. Nothing was changed; try again, and tell an administrator if it stays."),
    503: msg("Signoff does not reach something it needs. Nothing was changed; try again in a moment."),
}

_CODES: Mapping[int, str] = {
    400: "malformed",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "refused",
    429: "too_many",
    500: "error",
    503: "unavailable",
}


def problem_of(problem: Problem, gettext: Say) -> dict[str, Any]:
    """One problem as JSON; ``severity`` and ``example`` only where they say something."""
    found: dict[str, Any] = {
        "path": problem.path,
        "code": problem.code,
        "message": translate(problem.message, gettext),
    }
    if problem.severity is not Severity.ERROR:
        found["severity"] = str(problem.severity)
    if problem.example is not None:
        found["example"] = dict(problem.example)
    return found


def document_of(error: SignoffError, gettext: Say) -> dict[str, Any]:
    """The problem document of an expected error; its details are further members."""
    found = _document(error.status, error.code, translate(error.message, gettext), error.problems, gettext)
    return {**_plain(error.details), **found}


def document_of_http(error: HTTPException, gettext: Say) -> dict[str, Any]:
    """The problem document of an error of Flask, werkzeug or webargs."""
    status = error.code or 500
    messages = getattr(error, "data", {}).get("messages") if isinstance(getattr(error, "data", None), dict) else None
    if messages:
        problems = schema_problems(messages)
        summary = Refused.because(problems).message
        return _document(status, "refused", translate(summary, gettext), problems, gettext)
    detail = _DETAILS.get(status)
    said = translate(detail, gettext) if detail else (error.description or error.name)
    return _document(status, _CODES.get(status, "error"), said, (), gettext)


def document_of_crash(gettext: Say) -> dict[str, Any]:
    """What strangers may know of an unexpected exception: nothing of it."""
    return _document(500, "error", translate(_DETAILS[500], gettext), (), gettext)


def headers_of_http(error: HTTPException) -> dict[str, str]:
    """Headers that belong to the error: ``Allow`` with 405, ``Retry-After`` with 429."""
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        return {"Allow": ", ".join(sorted(error.valid_methods))}
    if isinstance(error, TooManyRequests) and error.retry_after is not None:
        return {"Retry-After": str(error.retry_after)}
    return {}


def _document(status: int, code: str, detail: str, problems: Iterable[Problem], gettext: Say) -> dict[str, Any]:
    return {
        "type": f"urn:signoff:problem:{code}",
        "title": translate(TITLES.get(status, TITLES[500]), gettext),
        "status": status,
        "detail": detail,
        "code": code,
        "problems": [problem_of(problem, gettext) for problem in problems],
    }


def _plain(details: Mapping[str, Any]) -> dict[str, Any]:
    """Details as JSON can carry them."""
    from .db import utc_text

    return {key: utc_text(value) if hasattr(value, "astimezone") else value for key, value in details.items()}
