"""Pages of lists: the records of a form with search, filters and orders as links, drafts, and exports."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Response, abort, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from ..platform import clock, db, revisions
from ..platform.caches import cache
from ..platform.paging import Page
from ..platform.people.current import current_person
from ..platform.people.directory import Person
from ..platform.problems import pointer
from ..platform.web.filters import local_text
from ..platform.web.language import language
from ..platform.web.menus import MenuEntry, MenuLink, add
from . import (
    bulk_web,
    catalogue,
    drafts,
    exporting,
    filing,
    filter_rows,
    lifecycle,
    list_query,
    listing,
    render,
    rights,
    service,
    views,
    web,
)
from .blueprint import bp
from .definition import Field, Form
from .kinds import Base
from .records import STATUSES, Record
from .types import kind_of

PAGE_SIZE = 50
MOST_COLUMNS = 12
_MOST_MENUS = 500


def _tables() -> Sequence[MenuLink]:
    """The plain tables that the person may read: orders, products, stock; the one that the page is of is marked."""
    person = current_person()
    known = cache("forms.tables")
    place = (person.key, language(), request.script_root)
    follows = (revisions.current(revisions.PEOPLE), revisions.current(revisions.DEFINITIONS), lifecycle.current())
    if place not in known or known[place][0] != follows:
        if len(known) >= _MOST_MENUS:
            known.clear()
        known[place] = follows, _tables_of(person)
    found: Sequence[tuple[str, MenuLink]] = known[place][1]
    here = (request.view_args or {}).get("form_key")
    return tuple(replace(link, active=True) if key == here else link for key, link in found)


def _tables_of(person: Person) -> Sequence[tuple[str, MenuLink]]:
    shown = [
        program.form
        for program in catalogue.forms_in_force()
        if not lifecycle.current().has_flow(program.form.key) and rights.may_read_all(program.form, person)
    ]
    return tuple(
        (form.key, MenuLink(local_text(form.title), url_for("signoff_forms.records_of", form_key=form.key), "table"))
        for form in shown
    )


add(MenuEntry(key="records", label=_l("Records"), icon="table", order=40, links=_tables))


@bp.get("/forms/<form_key>/records")
def records_of(form_key: str) -> ResponseReturnValue:
    """The records of a form that the person may see."""
    person = current_person()
    form = catalogue.program(form_key).form
    asked = list_query.asked(form, request.args, person)
    page = service.find(form_key, by=person, after=request.args.get("after"), limit=PAGE_SIZE, **asked)
    columns = _columns(form)
    _, conditions = filter_rows.read(form, request.args, person)
    return render_template(
        "signoff/forms/records.html",
        form=form,
        page=page,
        rows=_rows(page, columns),
        columns=columns,
        count=service.count(form_key, by=person, **{key: value for key, value in asked.items() if key != "sort"}),
        most_at_once=bulk_web.MOST,
        target=service.read_record(asked["to"], by=person) if asked["to"] is not None else None,
        filters=_filters(form),
        orders=listing.orders(form),
        statuses=STATUSES[1:-1] if lifecycle.current().has_flow(form.key) else (),
        sort=asked["sort"] or "",
        may_create=rights.may_create(form, person),
        may_import=rights.may_edit_all(form, person),
        may_delete=rights.may_delete_all(form, person),
        conditions=conditions,
        next_row=max((row.number for row in conditions), default=-1) + 1,
        askable=filter_rows.fields_of(form),
        operators=filter_rows.OPERATORS,
        choosable=_choosable(form),
        editable=bulk_web.fields_of(form),
        views=views.of_form(form_key, person),
        current_key=person.key,
        url=_url,
    )


def _columns(form: Form) -> list[Field]:
    """The columns that the address names, else those of the summary that do not make the title, where it is shown."""
    known = {field.key: field for field in _choosable(form)}
    chosen = [known[key] for key in dict.fromkeys(request.args.getlist("col")) if key in known]
    keys = form.summary or tuple(field.key for field in form.fields[:5])
    said = () if form.number else [field.key for field in filing.title_fields(form)[: filing.TITLE_PARTS]]
    return chosen[:MOST_COLUMNS] or [known[key] for key in keys if key in known and key not in said]


def _choosable(form: Form) -> list[Field]:
    return [field for field in form.fields if kind_of(field).base not in (Base.TABLE, Base.NONE)]


def _rows(page: Page[Record], columns: Sequence[Field]) -> list[dict[str, Any]]:
    reader = render.reader()
    person = current_person()
    hidden = lifecycle.current().hidden(page.items, person)
    rows = []
    for record in page.items:
        unseen = hidden.get(record.id, frozenset())
        cells = ["" if field.key in unseen else _cell(reader, field, record) for field in columns]
        rows.append({"record": record, "url": web.url_of(record), "cells": cells})
    return rows


def _cell(reader: Any, field: Field, record: Record) -> str:
    return str(reader.text(field, record.values.get(field.key), record.links.get(pointer(field.key))))


def _filters(form: Form) -> list[dict[str, Any]]:
    """The fields by which the list is filtered with a click, each with its choices and what is chosen."""
    found = []
    for field in form.fields:
        if field.type in list_query.FILTERED and (field.indexed or field.key in form.summary or field.type == "choice"):
            chosen = request.args.get(f"f-{field.key}", "")
            options = [(each["value"], each["label"]) for each in field.options.get("options", ())]
            if kind_of(field).base is Base.BOOLEAN:
                options = [("true", {"en": "Yes", "zh": "是"}), ("false", {"en": "No", "zh": "否"})]
            found.append({"field": field, "options": options, "chosen": chosen})
    return found[:4]


def _url(**changes: str | None) -> str:
    """This list with other arguments; ``None`` takes one away. A change begins at the first page again."""
    kept: dict[str, Any] = {key: values for key, values in request.args.to_dict(flat=False).items() if key != "after"}
    kept.update({key.replace("__", "-"): value for key, value in changes.items() if value is not None})
    for key, value in changes.items():
        if value is None:
            kept.pop(key.replace("__", "-"), None)
    return url_for("signoff_forms.records_of", form_key=(request.view_args or {})["form_key"], **kept)


@bp.get("/drafts", endpoint="drafts")
def my_drafts() -> ResponseReturnValue:
    """What the person began and did not send."""
    person = current_person()
    page = drafts.of_person(person, after=request.args.get("after"), limit=PAGE_SIZE)
    forms = {record.form: catalogue.program(record.form).form for record in page.items}
    return render_template("signoff/forms/drafts.html", page=page, forms=forms)


@bp.get("/forms/<form_key>/export.<kind>")
def export(form_key: str, kind: str) -> ResponseReturnValue:
    """All records that the list shows, as a file: ``csv`` or ``xlsx``."""
    if kind not in exporting.KINDS:
        abort(404)
    person = current_person()
    form = catalogue.program(form_key).form
    asked = list_query.asked(form, request.args, person)
    listing.order_of(form, asked["sort"], db.engine().dialect.name)
    name = f"{form.key}-{clock.now():%Y%m%d-%H%M}.{kind}"
    body = exporting.KINDS[kind](form_key, by=person, reader=render.reader(), **asked)
    return Response(
        stream_with_context(body),
        mimetype=exporting.MEDIA_TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
