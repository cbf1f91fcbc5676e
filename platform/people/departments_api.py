"""Departments over HTTP: which there are, who heads them, which calendar they keep."""

from typing import Any

from marshmallow import Schema, fields

from ..api import Blueprint
from ..errors import Refused
from . import service
from .current import current_admin, current_person
from .departments_web import tree
from .directory import Department, Directory
from .entry import Entry

blp = Blueprint("api_departments", __name__, description="Departments")


class DepartmentSchema(Schema):
    """``calendar`` is ``null`` where the parent's holds; ``keeps`` is the one that holds, ``null``: the flow's."""

    key = fields.String(required=True)
    name = fields.Raw(required=True, metadata={"description": "One text, or one for each language"})
    parent = fields.String(required=True, allow_none=True)
    head = fields.String(required=True, allow_none=True)
    calendar = fields.String(required=True, allow_none=True)
    keeps = fields.String(required=True, allow_none=True)


class DepartmentsSchema(Schema):
    items = fields.List(fields.Nested(DepartmentSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class SavedDepartmentSchema(Schema):
    name = fields.Raw(required=True)
    parent = fields.String(load_default=None, allow_none=True)
    head = fields.String(load_default=None, allow_none=True)
    calendar = fields.String(load_default=None, allow_none=True)


@blp.get("/departments")
@blp.answer(200, DepartmentsSchema)
@blp.doc(summary="All departments, each behind the one it is part of")
def listed() -> dict[str, Any]:
    current_person()
    directory = service.directory()
    return {"items": [_json(each, directory) for _, each in tree(directory)], "next": None}


@blp.put("/departments/<string:department>")
@blp.arguments(SavedDepartmentSchema)
@blp.answer(200, DepartmentSchema)
@blp.doc(summary="Add a department, or change it; for administrators")
def put(body: dict[str, Any], department: str) -> dict[str, Any]:
    by = current_admin()
    entry = Entry({**body, "key": department}, "")
    new = Department(
        entry.key("key"),
        entry.local_text("name"),
        entry.reference("parent"),
        entry.reference("head"),
        entry.reference("calendar"),
    )
    if entry.problems:
        raise Refused.because(entry.problems)
    service.save_department(new, by=by.key)
    return _json(new, service.directory())


def _json(department: Department, directory: Directory) -> dict[str, Any]:
    name = department.name if isinstance(department.name, str) else dict(department.name)
    return {
        "key": department.key,
        "name": name,
        "parent": department.parent,
        "head": department.head,
        "calendar": department.calendar,
        "keeps": directory.calendars.get(department.key),
    }
