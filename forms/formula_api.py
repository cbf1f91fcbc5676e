"""The call that helps the builder: a formula's problems with their places, and what may come next."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from ..platform.api import Blueprint
from ..platform.errors import NotFound, Refused
from ..platform.people import owners
from ..platform.people.current import current_person
from ..platform.text import msg
from ..platform.web.language import say
from . import catalogue
from .definition import Field, Form
from .formulas.assist import Mistake, completions, read
from .formulas.parse import MAX_LENGTH
from .kinds import Kind
from .results import check_result
from .schema import read_form
from .types import kinds_of

blp = Blueprint("api_formulas", __name__, description="Help for writing formulas")


class FormulaSchema(Schema):
    """``at`` is the caret, counted from 0; ``field`` takes the result (``lines.total``); ``document`` is a draft."""

    formula = fields.String(required=True, validate=validate.Length(max=MAX_LENGTH))
    at = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=0))
    field = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=130))
    document = fields.Dict(load_default=None, allow_none=True)


class HelpSchema(Schema):
    """``from`` to ``to`` is what a completion replaces; ``sort`` is that of the value, ``null`` if there is none."""

    problems = fields.List(fields.Dict(), required=True)
    sort = fields.String(required=True, allow_none=True)
    completions = fields.List(fields.Dict(), required=True)
    start = fields.Integer(required=True, data_key="from")
    to = fields.Integer(required=True)


@blp.post("/forms/<string:form_key>/formula")
@blp.arguments(FormulaSchema)
@blp.answer(200, HelpSchema)
@blp.doc(summary="What is wrong with a formula, and what may come next")
def formula(body: dict[str, Any], form_key: str) -> Any:
    owners.require_builder(current_person())
    form = _form(form_key, body["document"])
    target, columns = _target(form, body["field"])
    kinds = kinds_of(form)
    text = body["formula"]
    at = len(text) if body["at"] is None else min(body["at"], len(text))
    found = read(text, kinds, columns, _others)
    start, offered = completions(text, at, kinds, columns)
    return {
        "problems": _problems(found, text, target),
        "sort": None if isinstance(found, Mistake) else found.sort.value,
        "completions": [{"text": each.text, "kind": each.kind, "detail": say(each.detail)} for each in offered],
        "from": start,
        "to": at,
    }


def _others(key: str) -> Mapping[str, Kind] | None:
    """The fields of another form in force."""
    other = catalogue.form(key)
    return None if other is None else kinds_of(other)


def _form(form_key: str, document: Mapping[str, Any] | None) -> Form:
    """The draft that was sent, else the form in force."""
    if document is None:
        return catalogue.program(form_key).form
    form, problems = read_form(_fields_alone(document, form_key))
    if form is None:
        raise Refused.because(problems)
    return form


def _fields_alone(document: Mapping[str, Any], form_key: str) -> dict[str, Any]:
    """The draft without what refers to its fields: the formula that is being written stands there half."""
    listed = document.get("fields")
    found = [_plain(each) for each in listed] if isinstance(listed, list) else listed
    return {"schema": document.get("schema"), "key": form_key, "title": document.get("title"), "fields": found}


def _plain(field: Any) -> Any:
    if not isinstance(field, dict):
        return field
    plain = {key: value for key, value in field.items() if key != "compute"}
    if isinstance(plain.get("columns"), list):
        plain["columns"] = [_plain(column) for column in plain["columns"]]
    return plain


def _target(form: Form, name: str | None) -> tuple[Field | None, Mapping[str, Kind] | None]:
    """The field that takes the result, and the columns beside it where it is one."""
    if name is None:
        return None, None
    table, dot, column = name.partition(".")
    outer = form.field(table)
    if not dot:
        found = outer
    else:
        found = next((each for each in outer.columns if each.key == column), None) if outer is not None else None
    if found is None:
        raise NotFound(msg("No field “%(key)s” in this form.", key=name))
    return found, kinds_of(form)[table].columns if dot else None


def _problems(found: Any, text: str, target: Field | None) -> list[dict[str, Any]]:
    if isinstance(found, Mistake):
        return [{"at": found.at, "length": found.length, "message": say(found.message)}]
    wrong = check_result(found, target) if target is not None else None
    return [] if wrong is None else [{"at": 1, "length": max(1, len(text)), "message": say(wrong)}]
