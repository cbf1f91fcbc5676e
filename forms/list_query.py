"""What the address of a list asks for: words, an order, a status, conditions, and records that look up another."""

from typing import Any

from werkzeug.datastructures import MultiDict

from ..platform import json
from ..platform.people.directory import Person
from . import filter_rows
from .definition import Form

FILTERED = ("choice", "boolean")


def asked(form: Form, args: MultiDict[str, str], person: Person) -> dict[str, Any]:
    """The arguments of :func:`.listing.find`; of each field that is filtered with a click, one value."""
    parts = []
    for field in form.fields:
        if field.type in FILTERED and (value := args.get(f"f-{field.key}")):
            parts.append({field.key: value == "true" if field.type == "boolean" else value})
    parts += filter_rows.read(form, args, person)[0]
    where = args.get("where")
    if where:
        parts.append(json.parse(where))
    return {
        "where": {"all": parts} if parts else None,
        "sort": args.get("sort") or None,
        "q": args.get("q") or None,
        "status": args.get("status") or None,
        "to": args.get("to", type=int),
    }
