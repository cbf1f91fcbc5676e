"""For machines that watch this one: ``/healthz``, ``/readyz``, ``/metrics``; and the page of work that failed."""

import os

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess

from . import clock, dead_letters, health, metrics, timers
from .people import policy, tokens
from .people.current import current_person
from .people.directory import ADMIN, AUDITOR
from .web import menus
from .web.menus import MenuEntry

bp = Blueprint("signoff_health", __name__)

menus.add(MenuEntry("background", _l("Background work"), "signoff_health.work", "gear", 940, roles=(ADMIN,)))


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers; it asks nothing of the database."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Whether this node can serve people: 200, or 503 with what is wrong."""
    found = health.ready()
    ok = all(each.ok for each in found)
    checks = [{"name": each.name, "ok": each.ok, "message": str(each.message)} for each in found]
    return jsonify(status="ok" if ok else "unavailable", checks=checks), 200 if ok else 503


@bp.get("/metrics")
def numbers() -> ResponseReturnValue:
    """Prometheus text, for this machine itself, and for admins and auditors by token or session."""
    if not _is_this_machine():
        _require_reader()
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # several processes on one address (granian, gunicorn workers)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    text = generate_latest(registry) + generate_latest(metrics.backlog(clock.now()))
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _is_this_machine() -> bool:
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"))
    return request.remote_addr in ("127.0.0.1", "::1") and not forwarded


def _require_reader() -> None:
    scheme, _sep, secret = request.headers.get("Authorization", "").partition(" ")
    person = tokens.resolve(secret.strip()) if scheme.lower() == "bearer" else None
    policy.require(person or current_person(), ADMIN, AUDITOR)


@bp.get("/background")
def work() -> ResponseReturnValue:
    """What could not be delivered, timers that fail, and whether this installation is well."""
    policy.require(current_person(), ADMIN)
    before = request.args.get("before", type=int)
    dead = dead_letters.dead_letters(before=before, limit=51)
    return render_template(
        "signoff/platform/operations/background.html",
        dead=dead[:50],
        more=dead[49].id if len(dead) > 50 else None,
        failing=timers.failing(),
        checks=health.checks() if before is None else [],
    )


@bp.post("/background/<int:job_id>")
def settle(job_id: int) -> ResponseReturnValue:
    """Send a message that was given up again, or throw it away."""
    policy.require(current_person(), ADMIN)
    if request.form.get("do") == "discard":
        dead_letters.discard(job_id)
        flash(_("The message is discarded."))
    else:
        dead_letters.send_again(job_id)
        flash(_("The message is sent again."))
    return redirect(url_for(".work"), code=303)
