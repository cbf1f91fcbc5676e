"""Pages that change or delete many records: what is asked for, confirmed once, and what became of each; saved views."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from ..platform.errors import Malformed, NotFound, Refused
from ..platform.people.current import current_person
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.text import msg
from . import bulk, catalogue, list_query, render, rights, service, views
from .blueprint import bp
from .definition import Field, Form
from .kinds import Base
from .program import FormProgram
from .records import Record
from .types import kind_of
from .wire import raw_of

MOST = 1000
"""Records that a page changes at once: who waits for it is not left without a word for long."""

SHOWN = 20


def fields_of(form: Form) -> list[Field]:
    """The fields that can be given one value in many records."""
    return [
        each
        for each in form.fields
        if each.compute is None
        and each.total is None
        and not (each.unique or each.columns or each.parts)
        and kind_of(each).base not in (Base.NONE, Base.FILES)
    ]


@bp.post("/forms/<form_key>/records/bulk", endpoint="bulk")
def many(form_key: str) -> ResponseReturnValue:
    """Ask once, then change or delete every record that was chosen."""
    person = current_person()
    program = catalogue.program(form_key)
    ids = _all_listed(program.form, person) if request.form.get("all") else _chosen()
    if not ids or len(ids) > MOST:
        words = _("Choose records first.") if not ids else _("At most %(n)s at once: narrow the list first.", n=MOST)
        flash(words, "warning")
        return redirect(_back(form_key), code=303)
    action = request.form.get("do")
    if action == "delete-now":
        return _done(program, _in_portions(ids, lambda some: bulk.delete(form_key, some, by=person)))
    if action == "edit-now":
        return _change(program, ids, person)
    return _ask(program, ids, person, "delete" if action == "delete" else "edit")


def _chosen() -> list[int]:
    return [int(each) for each in request.form.getlist("id") if each.isascii() and each.isdigit() and len(each) < 19]


def _all_listed(form: Form, person: Person) -> list[int]:
    """The records of the list from which somebody came, as they are now; up to one more than are done at once."""
    args = MultiDict(parse_qsl(urlsplit(_back(form.key)).query))
    wanted = list_query.asked(form, args, person)
    found: list[int] = []
    after = None
    while len(found) <= MOST:
        page = service.find(form.key, by=person, after=after, limit=bulk.MOST, **wanted)
        found += [each.id for each in page.items]
        after = page.next
        if after is None:
            break
    return found[: MOST + 1]


def _in_portions(ids: Sequence[int], act: Callable[[Sequence[int]], list[bulk.Result]]) -> list[bulk.Result]:
    return [each for start in range(0, len(ids), bulk.MOST) for each in act(ids[start : start + bulk.MOST])]


def _field(form: Form) -> Field:
    key = request.form.get("field", "")
    found = next((each for each in fields_of(form) if each.key == key), None)
    if found is None:
        raise NotFound(msg("%(field)s cannot be changed in many records at once.", field=repr(key[:64])))
    return found


def _change(program: FormProgram, ids: Sequence[int], person: Person) -> ResponseReturnValue:
    one = _field(program.form)
    raw = raw_of([one], request.form)
    try:
        return _done(program, _in_portions(ids, lambda some: bulk.change(program.form.key, some, raw, by=person)))
    except Refused as error:
        return _ask(program, ids, person, "edit", error.problems), 422


def _ask(program: FormProgram, ids: Sequence[int], person: Person, what: str, problems: Sequence[Problem] = ()) -> str:
    found = [service.read_record(each, by=person) for each in ids]
    one = _field(program.form) if what == "edit" else None
    return render_template(
        "signoff/forms/bulk.html",
        form=program.form,
        found=found,
        shown=SHOWN,
        what=what,
        field=one,
        fields=_drawn(program, one, found, person) if one is not None else "",
        problems=problems,
        back=_back(program.form.key),
    )


def _drawn(program: FormProgram, one: Field, found: Sequence[Record], person: Person) -> Any:
    """The field as an input, in the state of the first record."""
    context = service.context_of(person, found[0])
    reading = program.evaluate(found[0].values, context)
    shown = replace(reading, visible=frozenset((one.key,)), required=frozenset(), readonly=frozenset())
    rights_now = {each.key: "edit" if each.key == one.key else "hidden" for each in program.form.fields}
    return render.fields(program, {}, reading=shown, rights=rights_now, links={})


def _done(program: FormProgram, results: Sequence[bulk.Result]) -> ResponseReturnValue:
    return render_template(
        "signoff/forms/bulk_done.html", form=program.form, results=results, back=_back(program.form.key)
    )


def _back(form_key: str) -> str:
    """The list from which somebody came."""
    here = url_for("signoff_forms.records_of", form_key=form_key)
    asked = request.form.get("back", "")
    return asked if asked.startswith(here + "?") else here


@bp.post("/forms/<form_key>/views", endpoint="save_view")
def save_view(form_key: str) -> ResponseReturnValue:
    """Keep the list as it is shown under a name."""
    person = current_person()
    form = catalogue.program(form_key).form
    if not (rights.may_create(form, person) or rights.may_read_all(form, person)):
        raise NotFound(msg("There is no form %(form)s.", form=repr(form_key[:64])))
    query = request.form.to_dict(flat=False)
    try:
        view = views.save(
            form_key,
            request.form.get("view-name", ""),
            query,
            shared=request.form.get("view-shared") == "yes",
            by=person,
        )
    except (Refused, Malformed) as error:
        flash(str(error.message), "danger")
        return redirect(url_for("signoff_forms.records_of", form_key=form_key), code=303)
    flash(_("The view %(name)s is saved.", name=view.name), "success")
    return redirect(url_for("signoff_forms.records_of", form_key=form_key, **view.query), code=303)


@bp.post("/views/<int:view_id>/delete", endpoint="delete_view")
def delete_view(view_id: int) -> ResponseReturnValue:
    """Delete one's own view."""
    view = views.delete(view_id, by=current_person())
    flash(_("The view %(name)s is deleted.", name=view.name), "success")
    return redirect(url_for("signoff_forms.records_of", form_key=view.form), code=303)
