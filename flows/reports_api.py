"""The HTTP API of reports: counts and durations by step, form, reason, person and period."""

from typing import Any

from flask import request

from ..platform.api import Blueprint
from ..platform.people.current import current_person
from . import reports
from .api_schemas import ReportSchema

blp = Blueprint("api_reports", __name__, description="Counts and durations.")


@blp.get("/reports/<string:name>")
@blp.doc(
    parameters=[
        {"in": "query", "name": "form", "schema": {"type": "string"}},
        {"in": "query", "name": "since", "schema": {"type": "string"}, "description": "90d, 12w or a time."},
        {"in": "query", "name": "until", "schema": {"type": "string"}, "description": "A time; now if it is missing."},
        {
            "in": "query",
            "name": "by",
            "schema": {"type": "string"},
            "description": "Of requests, breakdown: what groups.",
        },
    ]
)
@blp.answer(200, ReportSchema)
def report(name: str) -> dict[str, Any]:
    """``summary requests breakdown trend steps overdue people``: one of them, as far as one may know."""
    args = request.args
    question = reports.Question(
        args.get("form") or None,
        reports.since_of(args.get("since")),
        args.get("by") or "status",
        reports.since_of(args.get("until")),
    )
    return {"items": reports.answer(name, question, current_person()), "next": None}
