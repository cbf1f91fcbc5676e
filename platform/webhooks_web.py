"""The page of webhooks: who outside is told what, and what was not taken."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from . import dead_letters, definitions, webhooks
from .errors import Refused
from .events import EVENTS
from .people.current import current_admin
from .people.directory import ADMIN
from .people.forms import PageForm
from .web import menus
from .web.menus import MenuEntry
from .webhooks import Wanted, Webhook

bp = Blueprint("signoff_webhooks", __name__)

menus.add(
    MenuEntry(
        "webhooks",
        _l("Webhooks"),
        "signoff_webhooks.index",
        "broadcast",
        940,
        roles=(ADMIN,),
        also=("signoff_webhooks.show", "signoff_webhooks.add"),
    )
)


class WebhookForm(PageForm):
    key = StringField(_l("Key"), [InputRequired(_l("Give it a key.")), Length(max=63)])
    url = StringField(_l("Address"), [InputRequired(_l("Enter the address that is called.")), Length(max=2000)])
    events = SelectMultipleField(_l("Events"), choices=list(EVENTS))
    forms = SelectMultipleField(_l("Forms"), validate_choice=False)
    active = BooleanField(_l("Switched on"))

    @classmethod
    def of(cls, hook: Webhook) -> "WebhookForm":
        form = cls(formdata=None, obj=hook)
        form.events.data = list(hook.events)
        form.forms.data = list(hook.forms)
        return form

    def wanted(self, key: str) -> Wanted:
        return Wanted(
            key=key,
            url=self.url.data.strip(),
            events=tuple(self.events.data or ()),
            forms=tuple(self.forms.data or ()),
            active=bool(self.active.data),
        )


@bp.get("/webhooks")
def index() -> ResponseReturnValue:
    current_admin()
    return render_template("signoff/platform/webhooks/index.html", webhooks=webhooks.everything())


@bp.get("/webhooks/add")
def add() -> ResponseReturnValue:
    current_admin()
    form = WebhookForm(formdata=None)
    form.active.data = True
    return _page(None, form)


@bp.post("/webhooks/add")
def create() -> ResponseReturnValue:
    by, form = current_admin().key, WebhookForm()
    if not form.validate():
        return _page(None, form), 422
    try:
        made = webhooks.create(form.wanted(form.key.data), by=by)
    except Refused as refused:
        form.add_problems(refused.problems)
        return _page(None, form), 422
    flash(_("The webhook is made. Copy its secret into the receiver."))
    return redirect(url_for(".show", key=made.key), code=303)


@bp.get("/webhooks/<string:key>")
def show(key: str) -> ResponseReturnValue:
    current_admin()
    found = webhooks.find(key)
    return _page(found, WebhookForm.of(found))


@bp.post("/webhooks/<string:key>")
def save(key: str) -> ResponseReturnValue:
    by, found, form = current_admin().key, webhooks.find(key), WebhookForm()
    del form.key
    if not form.validate():
        return _page(found, form), 422
    try:
        webhooks.change(form.wanted(key), by=by)
    except Refused as refused:
        form.add_problems(refused.problems)
        return _page(found, form), 422
    flash(_("The webhook is saved."))
    return redirect(url_for(".show", key=key), code=303)


def _page(found: Webhook | None, form: WebhookForm) -> str:
    before = request.args.get("before", type=int)
    dead = webhooks.undelivered(found.key, before=before, limit=51) if found else []
    return render_template(
        "signoff/platform/webhooks/show.html",
        hook=found,
        form=form,
        forms=_forms(form.forms.data or ()),
        waiting=webhooks.waiting(found.key) if found else 0,
        dead=dead[:50],
        more=dead[49].id if len(dead) > 50 else None,
    )


def _forms(chosen: Iterable[str]) -> dict[str, Any]:
    """Titles of the forms that can be chosen, by key; those chosen that are not in force any more stay."""
    return {**{key: key for key in chosen}, **definitions.titles("form")}


@bp.post("/webhooks/<string:key>/do")
def do(key: str) -> ResponseReturnValue:
    """What its buttons do: a test, a new secret, sending again, the end."""
    by = current_admin().key
    webhooks.find(key)
    match request.form.get("do"):
        case "test":
            webhooks.send_test(key)
            flash(_("A test event is on its way. Load this page again to see how it went."))
        case "renew":
            webhooks.renew_secret(key, by=by)
            flash(_("There is a new secret. The old one holds for another day."))
        case "again":
            count = webhooks.send_all_again(key)
            flash(_("%(n)s events are sent again.", n=count))
        case "delete":
            webhooks.delete(key, by=by)
            flash(_("The webhook is deleted."))
            return redirect(url_for(".index"), code=303)
    return redirect(url_for(".show", key=key), code=303)


@bp.post("/webhooks/<string:key>/events/<int:job_id>")
def settle(key: str, job_id: int) -> ResponseReturnValue:
    """Send one event again, or throw it away."""
    current_admin()
    if request.form.get("do") == "discard":
        dead_letters.discard(job_id)
        flash(_("The event is discarded."))
    else:
        dead_letters.send_again(job_id)
        flash(_("The event is sent again."))
    return redirect(url_for(".show", key=key), code=303)
