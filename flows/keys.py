"""The keys that a definition may have and the words that may stand at them, for whoever writes it as text."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from ..forms import schema as form_schema
from ..forms.fields.options import Flag, OneOf
from ..forms.types import all_types
from . import schema as flow_schema
from .definition import Kind

Json = dict[str, Any]

_PLACES: Mapping[str, Json] = {
    "form.fields": {"list": {"by": "type", "of": "field."}},
    "flow.steps": {"list": {"by": "kind", "of": "step."}},
    "way.steps": {"list": {"by": "kind", "of": "step."}},
    "branch.steps": {"list": {"by": "kind", "of": "step."}},
    "step.route.branches": {"list": {"object": "way"}},
    "step.parallel.branches": {"list": {"object": "branch"}},
}
"""Where elements are described by another schema: by the word at one of their keys, or always."""


def of_forms() -> Json:
    """What ``form/1`` knows."""
    types = {"words": [each.name for each in all_types()]}
    return {"root": "form", "objects": _objects(form_schema.schemas(), {"type": types})}


def of_flows() -> Json:
    """What ``flow/1`` knows."""
    return {
        "root": "flow",
        "objects": _objects(flow_schema.schemas(), {"kind": {"words": [each.value for each in Kind]}}),
    }


def _objects(schemas: Mapping[str, ma.Schema], known: Mapping[str, Json]) -> Json:
    return {
        name: {key: known.get(key) or _place(name, key, field) for key, field in _keys(each)}
        for name, each in schemas.items()
    }


def _keys(schema: ma.Schema) -> list[tuple[str, ma.fields.Field[Any]]]:
    return [(field.data_key or name, field) for name, field in schema.fields.items()]


def _place(owner: str, key: str, field: ma.fields.Field[Any]) -> Json:
    if f"{owner}.{key}" in _PLACES:
        return _PLACES[f"{owner}.{key}"]
    if key == "columns" and owner.startswith("field."):
        return {"list": {"by": "type", "of": "column."}}
    return _described(field)


def _described(field: ma.fields.Field[Any]) -> Json:
    if isinstance(field, OneOf):
        return {"words": [str(word) for word in field.words]}
    if isinstance(field, Flag | ma.fields.Boolean):
        return {"flag": True}
    if isinstance(field, ma.fields.List):
        return {"list": _described(field.inner)}
    if isinstance(field, ma.fields.Nested):
        return {"keys": {key: _described(each) for key, each in _keys(field.schema)}}
    return {}
