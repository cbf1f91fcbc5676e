"""A small application of the shell alone, with pages and calls that do what a test needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Blueprint as PageBlueprint
from flask import Flask, jsonify, render_template_string, request, session
from marshmallow import Schema, fields, validate
from werkzeug.exceptions import ServiceUnavailable

import signoff.app
import signoff.flows.models  # the schema is that of the whole product
import signoff.forms.models
from signoff import create_app
from signoff.platform import api, db, sequences
from signoff.platform.api import Blueprint
from signoff.platform.api.definitions import definition_routes
from signoff.platform.errors import Conflict, Forbidden, NotFound, Refused, TooMany
from signoff.platform.people.current import begin_session, current_person
from signoff.platform.problems import Problem
from signoff.platform.text import msg
from signoff.platform.web.place import signoff as mounted

MODULES = ("platform.logging", "platform.web", "platform.api", "platform.people.current", "platform.limits")

ERRORS = {
    "refused": Refused.because([Problem("/values/amount", "wrong", msg("The amount %(a)s is wrong.", a="x"))]),
    "forbidden": Forbidden("No.", right="auditor"),
    "missing": NotFound("Nothing."),
    "late": Conflict("Li Na approved it 20 s ago.", by="lina"),
    "often": TooMany("Slower.", retry_after=7),
    "away": ServiceUnavailable(),
}


class OrderSchema(Schema):
    amount = fields.Decimal(required=True, as_string=True)
    rows = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 5))


def build(database_url: str, folder: Path, **overrides: Any) -> Flask:
    """The shell, its schema made, and the probes below."""
    settings = {"secret_key": "a secret for the tests", "testing": True, **overrides}
    with only_the_shell():
        app = create_app(database_url=database_url, data_dir=folder, **settings)
    return furnish(app)


@contextmanager
def only_the_shell() -> Iterator[None]:
    """Applications made in the block have no floors above the shell."""
    whole = signoff.app.MODULES
    signoff.app.MODULES = MODULES
    try:
        yield
    finally:
        signoff.app.MODULES = whole


def furnish(app: Flask) -> Flask:
    """Give ``app`` the probes and its tables."""
    app.register_blueprint(_pages(), url_prefix=mounted(app).url_prefix)
    api.register(app, _calls())
    with app.app_context():
        from signoff.platform.migrating import upgrade

        upgrade()
    return app


def _pages() -> PageBlueprint:
    pages = PageBlueprint("probe", __name__)

    @pages.get("/fail/<how>")
    def fail(how: str) -> str:
        raise ERRORS[how] if how in ERRORS else RuntimeError("the secret of the crash")

    @pages.post("/change")
    def change() -> str:
        return "changed"

    @pages.get("/still")
    def still() -> str:
        return "nothing of the session is touched"

    @pages.get("/enter/<person>")
    def enter(person: str) -> str:
        begin_session(person)
        return str(session.permanent)

    @pages.get("/page")
    def page() -> str:
        return render_template_string(
            '{% extends "signoff/platform/base.html" %}{% block title %}Probe{% endblock %}'
            "{% block heading %}Probe{% endblock %}{% block content %}<p>content</p>{% endblock %}"
            '{% block aside %}{{ request.args.get("aside", "") }}{% endblock %}'
        )

    return pages


def _calls() -> Blueprint:
    calls = Blueprint("api_probe", __name__)

    @calls.post("/orders")
    @calls.arguments(OrderSchema)
    @calls.response(201)
    def order(body: dict[str, Any]) -> dict[str, Any]:
        with db.transaction() as conn:
            number = sequences.next_value(conn, "probe")
        if body["amount"] == 13:
            raise Refused.because([Problem("/amount", "unlucky", msg("13 brings bad luck."))])
        return {"number": number, "amount": str(body["amount"]), "by": current_person().key}

    @calls.post("/echo")
    def echo() -> Any:
        return jsonify({"kind": type(request.get_json()["amount"]).__name__})

    @calls.get("/fail/<how>")
    def fail(how: str) -> str:
        raise ERRORS[how] if how in ERRORS else RuntimeError("the secret of the crash")

    @calls.get("/open")
    @api.public
    def for_all() -> dict[str, Any]:
        return {"open": True}

    definition_routes(
        calls,
        "form",
        check=_check,
        publish=_publish,
        subject=lambda document: str(document["key"]),
        changes=lambda _before, _after, _language: None,
    )
    return calls


def _check(document: dict[str, Any]) -> list[Problem]:
    return [] if "title" in document else [Problem("/title", "required", msg("A title is missing. Add one."))]


def _publish(document: dict[str, Any], *, by: str, note: str, base_version: int | None) -> Any:
    from signoff.platform import definitions

    if problems := _check(document):
        raise Refused.because(problems)
    return definitions.publish("form", document["key"], document, by=by, note=note, base_version=base_version)
