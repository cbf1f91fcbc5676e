"""Who fills what: which fields of a form are filled on the way of its flow, and not by who files it."""

from collections.abc import Iterator

from ..forms.conditions import fields_of
from ..forms.definition import Form
from .definition import Flow, Kind, Right, Step


def withheld_at_start(flow: Flow, form: Form) -> frozenset[str]:
    """Fields, columns and parts that the submitter has no business with.

    An action fills them, or a step requires them that the form itself asks nobody for; those that decide the way before
    that step must be known at once. ``settings.start`` says so where that is not meant.
    """
    asked = _asked_by(form)
    found = {key for key in _filled_later(flow) if key not in asked}
    for key, right in flow.settings.start.items():
        (found.add if right is Right.HIDDEN else found.discard)(key)
    return frozenset(found)


def _filled_later(flow: Flow) -> Iterator[str]:
    read: set[str] = set()
    for step in flow.walk():
        if step.kind is Kind.ACTION:
            yield from step.into.keys() - read
        else:
            yield from {key for key, right in step.fields.items() if right is Right.REQUIRED} - read
        read |= _read_by(step)


def _read_by(step: Step) -> set[str]:
    return {key for branch in step.branches if branch.when is not None for key in fields_of(branch.when)}


def _asked_by(form: Form) -> set[str]:
    """What the form requires, always or by a rule."""
    required = {each.key for each in form.fields if each.required}
    for each in form.fields:
        required |= {f"{each.key}.{inner.key}" for inner in (*each.columns, *each.parts) if inner.required}
    return required.union(*(rule.require for rule in form.rules))
