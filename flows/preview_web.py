"""The page in the builder's frame: a draft of a form, drawn by the server, that one can fill but not send."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from ..forms import filling, live_fill, plain_fill
from ..forms.filling import Drawn, Sent
from ..forms.web import offers
from ..platform import json
from ..platform.errors import Refused
from ..platform.people import owners, policy
from ..platform.people.current import current_language, current_person
from ..platform.people.directory import Person
from ..platform.text import LANGUAGES
from ..platform.web import security
from ..platform.web.language import language, speaking
from . import predicting, preview
from .predict import Prediction
from .preview import Preview
from .run import START

bp = Blueprint("signoff_previews", __name__)


@bp.post("/definitions/preview")
def draw() -> ResponseReturnValue:
    """The draft as it would be drawn, with what was typed into it so far."""
    security.let_be_framed()
    with speaking(_language()):
        try:
            shown = _asked(current_person())
        except Refused as error:
            return render_template("signoff/flows/preview_problems.html", problems=error.problems), 422
        return _page(shown)


def _page(shown: Preview) -> str:
    sent = preview.sent_of(request.form, request.form.get("kept", ""))
    if shown.trial is not None and request.form.get("values"):
        shown, sent = shown.reopened(json.parse_object(request.form["values"]))
    asked = request.form.get("do", "")
    redrawn = plain_fill.act(shown.program, sent, asked) if asked else False
    is_sent = asked == "submit" and not redrawn
    sheet, drawn = shown.opened(sent, problems=is_sent)
    problems = shown.wrong(sheet, sent) if is_sent else ()
    return render_template(
        "signoff/flows/preview.html",
        form=shown.program.form,
        fields=_fields(shown, drawn),
        program=filling.script(sheet, drawn),
        aside="" if shown.trial is not None else _aside(shown, sent),
        tried=shown.tried(sent),
        problems=problems,
        is_ready=is_sent and not problems,
        is_filing=shown.step == START,
        step=shown.step,
        by=(shown.trial.asker if shown.trial is not None else shown.by).key,
        language=language(),
        kept=preview.keep(sent),
        document=request.form.get("document", ""),
        flow=request.form.get("flow", ""),
    )


@bp.post("/definitions/preview/evaluate")
def evaluate() -> ResponseReturnValue:
    """What the draft says to what is typed so far: as on the real page, for its script."""
    with speaking(_language()):
        shown = _asked(current_person())
        sent = preview.sent_of(request.form, request.form.get("kept", ""))
        reading = shown.typed(sent)
        live = live_fill.live(shown.sheet(reading.values, reading), sent)
        more = {"tried": shown.tried(sent)} if shown.trial is not None else {"aside": _aside(shown, sent)}
        return jsonify({**live, **more})


@bp.get("/definitions/preview/<string:key>/<string:token>/lookup/<string:field>")
def suggestions(key: str, token: str, field: str) -> ResponseReturnValue:
    """Records that a lookup of a draft may point to, as somebody types."""
    person = current_person()
    owners.require_read(person, [key])
    program = preview.drafted(key, token)
    if program is None:
        return jsonify({"items": []})
    return jsonify({"items": offers(program, field, person)})


def _asked(looking: Person) -> Preview:
    """What was sent, as administrators look at it with anybody's eyes, owners and auditors with their own."""
    document = json.parse_object(request.form.get("document", ""))
    key = str(document.get("key", ""))
    owners.require_read(looking, [key])
    named = preview.person(request.form.get("by", ""), looking)
    eyes = named if policy.is_admin(looking) else looking
    if not request.form.get("flow"):
        return preview.of(document, eyes, request.form.get("step", START))
    asker = named if owners.may_change(looking, [key]) else looking
    by_hand = json.parse_object(request.form.get("by_hand") or "{}")
    return preview.of_trial(document, eyes, json.parse_object(request.form["flow"]), asker, by_hand)


def _fields(shown: Preview, drawn: Drawn) -> Markup:
    """The fields; their lookups ask the draft, which is not in force under its key."""
    real = url_for("signoff_forms.suggestions", form_key=shown.program.form.key, field="")
    draft = url_for(".suggestions", key=shown.program.form.key, token=shown.token, field="")
    return Markup(str(drawn.html).replace(f'data-url="{real}', f'data-url="{draft}'))  # noqa: S704 - drawn by us


def _aside(shown: Preview, sent: Sent) -> Any:
    """Where it would go, drawn as beside the real form."""
    reading = shown.typed(sent)
    prediction = shown.route(reading)
    if prediction is None or shown.flow is None:
        return ""
    return _route(prediction, shown, is_complete=reading.ok)


def _route(prediction: Prediction, shown: Preview, *, is_complete: bool) -> Markup:
    assert shown.flow is not None
    route = replace(predicting.view(prediction, shown.flow, language()), is_complete=is_complete)
    return Markup(render_template("signoff/flows/route_aside.html", route=route))  # noqa: S704 - our own template


def _language() -> str:
    """The language that the preview was asked for."""
    wanted = request.form.get("language", "")
    return wanted if wanted in LANGUAGES else current_language()
