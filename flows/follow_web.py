"""The page that follows one request: where it is, what happened, and what its submitter can do."""

import io

from flask import Response, flash, jsonify, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from ..forms import live_fill, plain_fill
from ..forms.filling import Sent
from ..forms.wire import raw_of
from ..platform.db import reading
from ..platform.errors import Conflict, Forbidden, NotFound, Refused, SignoffError, TooMany
from ..platform.limits import limiter, off
from ..platform.people.current import current_person
from ..platform.people.directory import Person
from ..platform.text import msg
from ..platform.web.language import gettext as _
from . import following, printing, service, store
from .blueprint import bp
from .following import FollowPage

PDF_LIMIT = "20 per minute"


@bp.get("/requests/<int:record_id>")
def follow(record_id: int) -> ResponseReturnValue:
    """Where a request is now and what becomes of it."""
    page = following.of(record_id, current_person())
    if page.record.status == "draft":
        return redirect(url_for("signoff_forms.edit", record_id=record_id))
    if page.record.status == "kept":
        return redirect(url_for("signoff_forms.record", record_id=record_id))
    return _page(page)


def _page(page: FollowPage, status: int = 200, error: SignoffError | None = None) -> ResponseReturnValue:
    return render_template("signoff/flows/follow.html", page=page, error=error, typed=request.form), status


@bp.post("/requests/<int:record_id>")
def change(record_id: int) -> ResponseReturnValue:
    """Withdraw, urge, comment, or correct and send again."""
    person = current_person()
    page = following.of(record_id, person)
    sent, wrong = plain_fill.with_uploads(page.form, person)
    what = request.form.get("do", "")
    if page.can_correct and plain_fill.act(page.form, sent, what):
        return _page(following.of(record_id, person, sent=sent, problems=wrong))
    try:
        if wrong:
            raise Refused.because(wrong)
        said = _do(page, person, what, sent)
    except (Conflict, Refused, Forbidden, TooMany) as error:
        return _page(following.of(record_id, person, sent=sent, problems=error.problems), error.status, error)
    flash(said)
    return redirect(url_for("signoff_flows.follow", record_id=record_id), code=303)


def _do(page: FollowPage, person: Person, what: str, sent: Sent) -> str:
    comment, record_id = sent.get("comment", ""), page.record.id
    match what:
        case "withdraw":
            return _("You withdrew %(name)s.", name=service.withdraw(record_id, by=person, comment=comment).name)
        case "urge":
            service.urge(record_id, by=person, comment=comment)
            return _("Those whom it waits for were asked to hurry.")
        case "comment":
            mentions = [each for each in sent.getlist("mentions") if each]
            service.comment(record_id, by=person, text=comment, mentions=mentions)
            return _("Your comment is recorded.")
        case "resubmit":
            raw = raw_of(page.form.form.fields, sent)
            again = service.resubmit(record_id, by=person, values=raw, comment=comment)
            return _("You sent %(name)s again.", name=again.name)
    raise Refused(msg("Choose one of the buttons of the page."))


@bp.post("/requests/<int:record_id>/evaluate")
def evaluate_request(record_id: int) -> ResponseReturnValue:
    """What the form says to a correction that is being typed: JSON for the page's script."""
    page = following.of(record_id, current_person())
    return jsonify(live_fill.live(page.sheet, MultiDict(request.form)))


@bp.get("/requests/<int:record_id>/print", endpoint="print_page")
def print_page(record_id: int) -> ResponseReturnValue:
    """The request with its decisions and its history, to be printed."""
    return printing.html(printing.of(record_id, current_person()))


@bp.get("/requests/<int:record_id>.pdf", endpoint="print_pdf")
@limiter.limit(PDF_LIMIT, exempt_when=off)
def print_pdf(record_id: int) -> ResponseReturnValue:
    """The same as PDF."""
    return pdf_of(record_id)


def pdf_of(record_id: int) -> Response:
    """The answer with the PDF of a request."""
    printed = printing.of(record_id, current_person())
    name = f"{printed.page.record.name}.pdf".replace("/", "-")
    return send_file(io.BytesIO(printing.pdf(printed)), mimetype="application/pdf", download_name=name)


@bp.get("/runs/<int:run_id>/tasks/<name>")
def task_named(run_id: int, name: str) -> ResponseReturnValue:
    """The task that a message named by its run."""
    with reading() as conn:
        task = store.task_named(conn, run_id, name)
    if task is None:
        raise NotFound(msg("There is no such task, or you may not see it."))
    return redirect(url_for("signoff_flows.task", task_id=task.id))
