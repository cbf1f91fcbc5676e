"""What customers do without signing in: fill a public form, and learn the number and code of what they sent."""

from typing import Any

from flask import flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from ..platform import files
from ..platform.errors import Conflict, NotFound, Refused
from ..platform.files_web import file_json
from ..platform.limits import limiter, off
from ..platform.problems import Problem
from ..platform.text import msg
from ..platform.web import page
from ..platform.web.language import say
from ..platform.web.place import came_from
from . import catalogue, filling, keeping, later, lifecycle, live_fill, plain_fill, render, stencils
from .blueprint import bp
from .filling import Drawn, Sheet
from .wire import raw_of

SENT = "20 per hour"
ASKED = "240 per minute"
UPLOADED = "60 per hour"


def _sheet(form_key: str) -> Sheet:
    sheet = filling.sheet_of_new(form_key, None)
    if not sheet.program.form.public.fill:
        raise NotFound(msg("There is no public form %(form)s.", form=repr(form_key[:64])))
    return sheet


@bp.get("/public/<form_key>", endpoint="public")
def public_form(form_key: str) -> ResponseReturnValue:
    """A form for customers."""
    sheet = _sheet(form_key)
    return _page(sheet, filling.opened(sheet))


@bp.post("/public/<form_key>", endpoint="public_send")
@limiter.limit(SENT, exempt_when=lambda: off() or request.form.get("do", "submit") != "submit")
def send(form_key: str) -> ResponseReturnValue:
    """What a customer sent; a field that people do not see catches programs that fill everything."""
    sheet = _sheet(form_key)
    sent, problems = plain_fill.with_uploads(sheet.program, None)
    if plain_fill.act(sheet.program, sent, request.form.get("do", "submit")):
        return _page(sheet, filling.redrawn(sheet, sent, problems, complain=bool(problems)), problems)
    if request.form.get("website"):
        raise Refused(msg("This does not look like a person. Leave the hidden field empty."))
    if problems:
        return _page(sheet, filling.redrawn(sheet, sent, problems), problems), 422
    try:
        record = filling.submit(sheet, sent)
    except Refused as error:
        wrong = filling.problems_of(error)
        return _page(sheet, filling.redrawn(sheet, sent, wrong), wrong), 422
    follow = lifecycle.current().customer_url(record)
    return render_template("signoff/forms/public_sent.html", form=sheet.program.form, record=record, follow=follow), 201


@bp.post("/public/<form_key>/evaluate", endpoint="public_evaluate")
@limiter.limit(ASKED, exempt_when=off)
def evaluate(form_key: str) -> ResponseReturnValue:
    """What the form says to what is typed so far."""
    return jsonify(live_fill.live(_sheet(form_key), MultiDict(request.form)))


@bp.post("/public/<form_key>/files", endpoint="public_upload")
@limiter.limit(UPLOADED, exempt_when=off)
def upload(form_key: str) -> ResponseReturnValue:
    """A customer's file; it waits a day to be attached."""
    form = catalogue.program(form_key).form
    if not (form.public.fill or form.public.later):
        raise NotFound(msg("There is no public form %(form)s.", form=repr(form_key[:64])))
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Refused.because([Problem("/file", "required", msg("No file was sent. Send it in the part “file”."))])
    return jsonify(file_json(files.store(sent.stream, sent.filename, by=None))), 201


@bp.post("/public/later", endpoint="public_later")
@limiter.limit(SENT, exempt_when=off)
def add_later() -> ResponseReturnValue:
    """What a customer adds on their page to what they sent: number and code open it."""
    record = later.record_of(request.form.get("number", "").strip(), request.form.get("code", "").strip())
    program = catalogue.program(record.form, record.version)
    sent, problems = plain_fill.with_uploads(program, None)
    try:
        if problems:
            raise Refused.because(problems)
        later.add(record, raw_of(later.fields_of(program.form), sent))
    except (Refused, Conflict) as error:
        for each in filling.problems_of(error):
            flash(say(each.message), "danger")
    else:
        flash(_("Thank you, it is added."), "success")
    return redirect(came_from(), code=303)


def _page(sheet: Sheet, drawn: Drawn, problems: Any = ()) -> str:
    gaps = {"fields": drawn.html, "program": filling.script(sheet, drawn), "summary": render.summary(problems)}
    place = stencils.place_of(sheet.program)
    return page("signoff/forms/public.html", place, gaps, form=sheet.program.form, words=keeping.words())
