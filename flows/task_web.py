"""The page of one task: look, decide, hand on."""

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from ..forms import live_fill, plain_fill
from ..platform import clock
from ..platform.errors import Conflict, Forbidden, Refused, SignoffError
from ..platform.people.current import current_language, current_person
from ..platform.people.directory import Person
from ..platform.text import msg
from ..platform.web.language import gettext as _
from . import engine_errors, replies, service, task_page, undoing
from .blueprint import bp
from .task_page import VERDICTS, TaskPage


@bp.get("/tasks/<int:task_id>")
def task(task_id: int) -> ResponseReturnValue:
    """The request of a task, and what can be done with it."""
    return _page(task_page.of(task_id, current_person()))


def _page(opened: TaskPage, status: int = 200, first: SignoffError | None = None) -> ResponseReturnValue:
    html = render_template(
        "signoff/flows/task.html", opened=opened, first=first, following=request.form.get("following"), now=clock.now()
    )
    return html, status


@bp.post("/tasks/<int:task_id>")
def act(task_id: int) -> ResponseReturnValue:
    """Do what the button says; what was typed is kept if that does not work."""
    person = current_person()
    opened = task_page.of(task_id, person)
    sent, wrong = plain_fill.with_uploads(opened.one.case.form, person)
    what = request.form.get("do", "")
    if plain_fill.act(opened.one.case.form, sent, what):
        return _page(task_page.of(task_id, person, sent=sent, problems=wrong))
    try:
        if wrong:
            raise Refused.because(wrong)
        said = _do(task_page.of(task_id, person, sent=sent), person, what)
    except (Conflict, Refused, Forbidden) as error:
        return _page(task_page.of(task_id, person, sent=sent, problems=error.problems), error.status, error)
    flash(said)
    return redirect(_next(task_id), code=303)


@bp.post("/tasks/<int:task_id>/undo")
def undo(task_id: int) -> ResponseReturnValue:
    """Take back the decision of a moment ago; its task opens again."""
    try:
        record = service.undo(task_id, by=current_person())
    except Conflict as error:
        flash(error.message, "warning")
        return redirect(url_for("signoff_flows.inbox"), code=303)
    flash(_("Your decision on %(name)s is taken back.", name=record.name))
    return redirect(url_for("signoff_flows.inbox", task=task_id), code=303)


@bp.post("/tasks/<int:task_id>/evaluate")
def evaluate_task(task_id: int) -> ResponseReturnValue:
    """What the form says to what is typed on the page of a task: JSON for its script."""
    opened = task_page.of(task_id, current_person())
    return jsonify(live_fill.live(opened.sheet, MultiDict(request.form)))


def _do(opened: TaskPage, person: Person, what: str) -> str:
    """Perform one action; the sentence that says so."""
    form, task_id = request.form, opened.task.id
    comment = form.get("comment", "")
    if not comment.strip() and form.get("reply"):
        comment = replies.said(form["reply"], opened.record.form, opened.record.name, current_language())
    name = opened.record.name
    if what in VERDICTS:
        service.decide(task_id, by=person, verdict=what, comment=comment, **_details(opened, what))
        return _said(what, name)
    match what:
        case "claim":
            service.claim(task_id, by=person)
            return _("%(name)s is yours now.", name=name)
        case "release":
            service.release(task_id, by=person)
            return _("%(name)s is back in its pool.", name=name)
        case "transfer":
            service.transfer(task_id, by=person, to=form.get("person", ""), comment=comment)
            return _("%(name)s was handed over.", name=name)
        case "delegate":
            service.transfer(task_id, by=person, to=form.get("person", ""), comment=comment, delegate=True)
            return _("%(name)s is decided in your name.", name=name)
        case "add_people":
            service.add(
                task_id, by=person, who=form.getlist("people"), when=form.get("when", "before"), comment=comment
            )
            return _("Your addition to %(name)s is recorded.", name=name)
    raise engine_errors.NotAllowed.at("/do", "unknown_action", msg("Choose one of the buttons of the page."))


def _details(opened: TaskPage, verdict: str) -> dict[str, Any]:
    if verdict == "return":
        target, _, resume = request.form.get("to", "start").partition(":")
        return {"to": target, "resume": resume or request.form.get("resume") or None}
    if verdict in ("approve", "complete"):
        return {"values": opened.raw, "to": request.form.get("branch") or None}
    return {}


def _said(verdict: str, name: str) -> str:
    match verdict:
        case "approve":
            return _("You approved %(name)s.", name=name)
        case "reject":
            return _("You rejected %(name)s.", name=name)
        case "return":
            return _("You sent %(name)s back.", name=name)
        case _:
            return _("%(name)s: done.", name=name)


def _next(task_id: int) -> str:
    """Back to the inbox, where the next task opens; after claiming or releasing, the same task where it stood."""
    following = request.form.get("following", type=int)
    if request.form.get("do") in ("claim", "release"):
        if "inbox_chip" not in request.form:
            return url_for("signoff_flows.task", task_id=task_id)
        following = task_id
    kept = {key: value for key in ("chip", "form") if (value := request.form.get(f"inbox_{key}"))}
    undo = task_id if undoing.of_task(task_id, current_person()) is not None else None
    return url_for("signoff_flows.inbox", task=following, chip=kept.get("chip"), form=kept.get("form"), undo=undo)
