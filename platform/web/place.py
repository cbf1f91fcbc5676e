"""Where Signoff is mounted, and whether a request is ours: a host application has pages of its own."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, request

API = "/api/v1"


def signoff(app: Flask | None = None) -> Any:
    """The ``Signoff`` object of the application; its class stands on the roof."""
    return (app or current_app).extensions["signoff"]


def is_ours() -> bool:
    """Whether the current request is for Signoff and not for a page of the host."""
    prefix: str = signoff().url_prefix
    return not prefix or request.path == prefix or request.path.startswith(prefix + "/")


def is_api() -> bool:
    """Whether the current request is for the HTTP API, which is answered in JSON whatever happens."""
    path, base = request.path, signoff().url_prefix + API
    return path.startswith(base + "/") or path in (base, base.rpartition("/")[0])


def wants_json() -> bool:
    """Whether the answer is read by a program: the API, or a script of a page that asked for JSON."""
    if is_api():
        return True
    accepted = request.accept_mimetypes
    best = accepted.best_match(["text/html", "application/json", "application/problem+json"])
    return best in ("application/json", "application/problem+json") and accepted[best] > accepted["text/html"]


def came_from() -> str:
    """The page of this site that led here, else the start page."""
    page = urlsplit(request.referrer or "")
    if page.netloc == request.host and page.path.startswith("/") and not page.path.startswith("//"):
        return page.path + (f"?{page.query}" if page.query else "")
    return f"{signoff().url_prefix}/"
