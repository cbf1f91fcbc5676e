"""What other forms and flows say of the fields of a form: shown before one of them goes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..forms import catalogue as forms
from ..forms.definition import Field
from ..forms.foreign import NUMBER
from ..forms.formulas.tree import Call, Literal, walk
from ..forms.program import FormProgram
from ..platform.text import LocalText
from .catalogue import flows_in_force


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """``kind`` is ``form`` or ``flow``: whose ``title`` says the ``field``, of a column ``lines.total``."""

    kind: str
    title: LocalText
    field: str


def elsewhere(key: str) -> list[Elsewhere]:
    """Each field of the form ``key`` that another form or the flow of another names, once for each of them."""
    found = [
        Elsewhere("form", program.form.title, field)
        for program in forms.forms_in_force()
        if program.form.key != key
        for field in dict.fromkeys(_in_form(program, key))
    ]
    for stored in flows_in_force():
        if stored.document.get("form") != key:
            found += [
                Elsewhere("flow", stored.document["title"], field)
                for field in dict.fromkeys(_in_flow(stored.document, key))
            ]
    return found


def _in_form(program: FormProgram, key: str) -> Iterator[str]:
    for outer in program.form.fields:
        for each in (outer, *outer.columns):
            yield from _in_field(each, key)
    for tree in program.trees.values():
        for node, _ in walk(tree):
            if isinstance(node, Call) and node.name in ("of", "linked"):
                yield from _asked(node, key)


def _in_field(each: Field, key: str) -> Iterator[str]:
    if each.total is not None and each.total.form == key:
        yield from (each.total.sum, each.total.match)
    if each.type == "lookup" and each.options["form"] == key:
        yield from (name for name in each.options["show"] if name != NUMBER)
        yield from each.options["fill"].values()
        yield from _conditioned(each.options.get("filter"))


def _conditioned(condition: Any) -> Iterator[str]:
    if isinstance(condition, Mapping):
        for name, test in condition.items():
            if name in ("all", "any", "not"):
                for part in test if isinstance(test, list | tuple) else (test,):
                    yield from _conditioned(part)
            else:
                yield str(name)


def _asked(call: Call, key: str) -> Iterator[str]:
    """``of`` names a form and its field; ``linked`` a form, the lookup in it and a field."""
    form, *names = [each.value for each in call.arguments[1:] if isinstance(each, Literal)]
    if form == key:
        yield from (str(name) for name in names)


def _in_flow(document: Mapping[str, Any], key: str) -> Iterator[str]:
    """Values that actions write into records of the form."""
    form = forms.form(str(document.get("form")))
    lookups = (
        {each.key for each in form.fields if each.type == "lookup" and each.options["form"] == key} if form else ()
    )
    for step in _steps(document.get("steps")):
        told = step.get("with")
        if step.get("kind") == "action" and isinstance(told, Mapping) and isinstance(told.get("values"), Mapping):
            record = told.get("record")
            pointed = record.get("field") if isinstance(record, Mapping) else None
            if told.get("form") == key or pointed in lookups:
                yield from told["values"]


def _steps(steps: Any) -> Iterator[Mapping[str, Any]]:
    for step in steps or ():
        yield step
        for branch in step.get("branches") or ():
            yield from _steps(branch.get("steps"))
