"""Administration of departments: the tree, and one of them."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import calendar_store
from ..errors import NotFound, Refused
from ..text import LocalText, local, msg
from . import service
from .blueprint import bp
from .current import current_admin, current_language
from .directory import Department, Directory
from .forms import DepartmentForm


@bp.get("/people/departments")
def departments() -> ResponseReturnValue:
    current_admin()
    directory = service.directory()
    counts: dict[str | None, int] = {}
    for person in directory.persons.values():
        if person.active:
            counts[person.department] = counts.get(person.department, 0) + 1
    return render_template(
        "signoff/platform/people/departments.html",
        tree=tree(directory),
        counts=counts,
        directory=directory,
        calendars=calendar_store.known(),
    )


def tree(directory: Directory) -> list[tuple[int, Department]]:
    """The departments as they are drawn: each with its depth, below its parent."""
    below: dict[str | None, list[Department]] = {}
    for each in directory.departments.values():
        below.setdefault(each.parent if each.parent in directory.departments else None, []).append(each)

    def walk(parent: str | None, depth: int) -> list[tuple[int, Department]]:
        found = []
        for each in below.get(parent, ()):
            found += [(depth, each), *walk(each.key, depth + 1)]
        return found

    return walk(None, 0)


@bp.get("/people/departments/add")
def add_department() -> ResponseReturnValue:
    current_admin()
    return _page(None, DepartmentForm(formdata=None))


@bp.get("/people/department/<string:key>")
def department(key: str) -> ResponseReturnValue:
    current_admin()
    found = _department(key)
    form = DepartmentForm(formdata=None, obj=found)
    name = found.name
    form.name_en.data = name if isinstance(name, str) else name.get("en", "")
    form.name_zh.data = "" if isinstance(name, str) else name.get("zh", "")
    return _page(found, form)


def _department(key: str) -> Department:
    found = service.directory().departments.get(key)
    if found is None:
        raise NotFound(msg("No department %(key)s. Add it, or name another.", key=repr(key)))
    return found


def _page(found: Department | None, form: DepartmentForm) -> str:
    directory = service.directory()
    return render_template(
        "signoff/platform/people/department.html",
        department=found,
        form=form,
        parents=[
            (each.key, "— " * depth + local(each.name, current_language()))
            for depth, each in tree(directory)
            if found is None or not directory.belongs(each.key, found.key)
        ],
        directory=directory,
        calendars=[(key, local(each.name, current_language())) for key, each in calendar_store.known().items()],
    )


@bp.post("/people/departments/add")
def create_department() -> ResponseReturnValue:
    by, form = current_admin(), DepartmentForm()
    if form.key.data in service.directory().departments:
        form.validate()
        form.key.errors = [msg("A department has the key %(key)s already. Choose another.", key=form.key.data)]
        return _page(None, form), 422
    return _save(None, form, by.key)


@bp.post("/people/department/<string:key>")
def save_department(key: str) -> ResponseReturnValue:
    by, found, form = current_admin(), _department(key), DepartmentForm()
    del form.key
    return _save(found, form, by.key)


def _save(before: Department | None, form: DepartmentForm, by: str) -> ResponseReturnValue:
    if not form.validate():
        return _page(before, form), 422
    new = Department(
        before.key if before else form.key.data,
        _name(form),
        form.parent.data or None,
        form.head.data or None,
        form.calendar.data or None,
    )
    try:
        service.save_department(new, by=by)
    except Refused as refused:
        form.add_problems(refused.problems)
        return _page(before, form), 422
    flash(_("The department is saved."))
    return redirect(url_for(".departments"), code=303)


def _name(form: DepartmentForm) -> LocalText:
    english, chinese = form.name_en.data.strip(), (form.name_zh.data or "").strip()
    return {"en": english, "zh": chinese} if chinese else english
