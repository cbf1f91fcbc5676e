"""Against misuse: CSP with a nonce, safe headers, CSRF, and a session cookie that only changes when it must."""

import secrets
from datetime import timedelta

from flask import Flask, current_app, g, request, session
from flask.wrappers import Response
from flask_wtf.csrf import CSRFProtect, generate_csrf, same_origin
from werkzeug.middleware.proxy_fix import ProxyFix

from .. import clock
from ..caches import cache
from .place import is_api, is_ours, signoff

REFRESH = timedelta(minutes=10)
_SEEN = "seen"
_MOST_SIGNED = 5_000


def init_app(app: Flask) -> None:
    """Set cookies, proxies, CSRF and headers up; the host's own pages are left as they are."""
    config = signoff(app).config
    if config.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=config.proxies, x_proto=config.proxies, x_host=config.proxies
        )
    if signoff(app).load_person is None:  # else the session is the host's
        app.config["SESSION_REFRESH_EACH_REQUEST"] = False
        app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(hours=config.session_hours)
    if "csrf" not in app.extensions:
        app.config.setdefault("WTF_CSRF_CHECK_DEFAULT", False)  # checked by _check_csrf, for our pages alone
        app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)  # as long as the session
        _Protection(app)
    app.before_request(_check_csrf)
    app.after_request(_keep_session)
    app.after_request(_add_headers)


class _Protection(CSRFProtect):  # type: ignore[misc]
    """Flask-WTF's check of a page's token; a token that was good for a session is not unsigned again for it."""

    def protect(self, apply_exemptions: bool = False) -> None:
        if request.method not in current_app.config["WTF_CSRF_METHODS"]:
            return
        sent, own = self._get_csrf_token(), session.get(current_app.config["WTF_CSRF_FIELD_NAME"])
        held = cache("web.csrf_held")
        if sent and own and secrets.compare_digest(held.get(sent, ""), own) and _came_from_here():
            g.csrf_valid = True
            return
        super().protect(apply_exemptions)
        if g.get("csrf_valid", False):
            if len(held) >= _MOST_SIGNED:
                held.clear()
            held[sent] = own

    def _get_csrf_token(self) -> str | None:
        if request.is_json:  # has no inputs to look through
            return request.headers.get("X-CSRFToken") or request.headers.get("X-CSRF-Token")
        return super()._get_csrf_token()  # type: ignore[no-any-return]


def _came_from_here() -> bool:
    """Over HTTPS, a page of another host may not send ours; Flask-WTF has the words for whoever tries."""
    return not request.is_secure or same_origin(request.referrer or "", f"https://{request.host}/")


def csp_nonce() -> str:
    """The nonce of this answer, for scripts and styles that a page must hold itself."""
    kept = g.__dict__
    if "signoff_nonce" not in kept:
        kept["signoff_nonce"] = secrets.token_urlsafe(16)
    nonce: str = kept["signoff_nonce"]
    return nonce


def csrf_token() -> str:
    """The token of this request; a session's token is signed once a minute, however many pages and forms it opens."""
    name = current_app.config["WTF_CSRF_FIELD_NAME"]
    kept = g.__dict__
    found: str | None = kept.get(name)
    if found is None:
        found = kept[name] = _signed(session[name]) if name in session else generate_csrf()
    return found


def _signed(own: str) -> str:
    minute = int(clock.now().timestamp()) // 60
    known = cache("web.csrf")
    age, found = known.get(own, (0, ""))
    if age != minute:
        found = generate_csrf()
        if len(known) >= _MOST_SIGNED:
            known.clear()
        known[own] = (minute, found)
    return str(found)


def check_csrf() -> None:
    """Refuse the request if it changes something and lacks the session's token.

    Raises:
        CSRFError: with 400.
    """
    if current_app.config["WTF_CSRF_ENABLED"] and not g.get("csrf_valid", False):
        protection: CSRFProtect = current_app.extensions["csrf"]
        protection.protect()


def _check_csrf() -> None:
    """Pages; the API checks for itself, because a bearer token needs none."""
    if is_ours() and not is_api() and request.endpoint is not None:
        check_csrf()


def _keep_session(response: Response) -> Response:
    """An active person stays signed in: the cookie is renewed at most every ten minutes.

    What a page asks by itself (``g.signoff_unattended``) is no sign of a person.
    """
    if not is_ours() or signoff().load_person is not None or not session.permanent or g.get("signoff_unattended"):
        return response
    now = int(clock.now().timestamp())
    if now - int(session.get(_SEEN, 0)) >= REFRESH.total_seconds():
        session[_SEEN] = now
    return response


def _add_headers(response: Response) -> Response:
    if not is_ours():
        return response
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("X-Frame-Options", "SAMEORIGIN" if _may_be_framed() else "DENY")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
    if "Content-Security-Policy" not in headers:
        headers["Content-Security-Policy"] = _policy()
    if signoff().config.secure_cookies:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if response.mimetype in ("text/html", "application/json", "application/problem+json"):
        headers.setdefault("Cache-Control", "no-store" if response.status_code >= 400 else "private, no-cache")
    return response


def _policy() -> str:
    nonce = f" 'nonce-{g.signoff_nonce}'" if "signoff_nonce" in g else ""
    framed = "'self'" if _may_be_framed() else "'none'"
    return (
        f"default-src 'self'; script-src 'self'{nonce}; style-src 'self'{nonce}; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; "
        f"frame-ancestors {framed}; form-action 'self'"
    )


def let_be_framed() -> None:
    """This answer may stand in a frame of our own pages: a preview."""
    g.signoff_framed = True


def _may_be_framed() -> bool:
    return bool(g.get("signoff_framed", False))
