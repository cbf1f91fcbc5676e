"""Lists of the API: ``limit`` and ``after`` come in, ``items`` and ``next`` go out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import request
from marshmallow import Schema, fields

from ..paging import DEFAULT_LIMIT, MOST, Page, read_limit

T = TypeVar("T")

PAGE_PARAMETERS = [
    {
        "in": "query",
        "name": "limit",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT},
        "description": "How many items at most.",
    },
    {
        "in": "query",
        "name": "after",
        "schema": {"type": "string"},
        "description": "The cursor “next” of the page before.",
    },
]
"""For ``@blp.doc(parameters=PAGE_PARAMETERS)``."""


def list_of(item: type[Schema], name: str) -> type[Schema]:
    """What a list of ``item`` answers, for ``@blp.answer``; ``name`` is its name in the OpenAPI document."""
    items = fields.List(fields.Nested(item), required=True)
    return Schema.from_dict({"items": items, "next": fields.String(required=True, allow_none=True)}, name=name)


@dataclass(frozen=True, slots=True)
class PageArgs:
    """Which page is asked for; ``after`` is a cursor of :mod:`signoff.platform.paging`, ``None`` for the first."""

    limit: int
    after: str | None


def page_args() -> PageArgs:
    """The page that this call asks for.

    Raises:
        Refused: ``limit`` is no number from 1 to 200.
    """
    return PageArgs(read_limit(request.args.get("limit")), request.args.get("after") or None)


def page_json(page: Page[T], dump: Callable[[T], Any]) -> dict[str, Any]:
    """``page`` as every list of the API is answered."""
    return {"items": [dump(item) for item in page.items], "next": page.next}
