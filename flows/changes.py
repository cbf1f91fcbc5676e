"""What a new version of a definition changes, in words."""

from collections.abc import Mapping
from typing import Any

from ..forms import catalogue as forms
from ..forms import diff as form_diff
from ..platform.text import local
from . import diff
from .schema import read_flow


def in_words(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], language: str) -> list[str] | None:
    """A sentence for each change, none if nothing changed; ``None`` where one of the two cannot be read."""
    if kind == "form":
        return form_diff.in_words(before, after, language)
    if before == after:
        return []
    old, new = read_flow(before, None)[0], read_flow(after, None)[0]
    if old is None or new is None:
        return None
    form = forms.form(new.form)
    labels = {field.key: local(field.label, language) for field in form.fields} if form is not None else {}
    return [each.text for each in diff.diff_flows(old, new, language, labels)]
