"""What a form says of other forms: lookups and totals, checked where those are known."""

from collections.abc import Callable
from difflib import get_close_matches

from ..platform.problems import Problem, Severity, pointer
from ..platform.text import Message, msg
from .definition import Field, Form
from .types import find

Forms = Callable[[str], Form | None]

NUMBER = "number"
"""A record's own number can be shown and filled like a field."""


def check_foreign(form: Form, each: Field, path: str, forms: Forms) -> list[Problem]:
    """Problems of ``each`` with the forms that it names."""
    if each.type == "lookup":
        return _lookup(form, each, path, forms)
    if each.total is not None:
        return _total(form, each, path + "/total", forms)
    return []


def _other(form: Form, key: str, forms: Forms) -> Form | None:
    return form if key == form.key else forms(key)


def _lookup(form: Form, each: Field, path: str, forms: Forms) -> list[Problem]:
    key = each.options["form"]
    other = _other(form, key, forms)
    if other is None:
        return [Problem(path + "/form", "unknown_form", no_form(key))]
    problems = []
    for index, name in enumerate(each.options["show"]):
        if name != NUMBER and other.field(name) is None:
            problems.append(Problem(f"{path}/show/{index}", "unknown_field", no_field_of(name, other)))
    for target, source in each.options["fill"].items():
        found = _filling(form, target, source, other)
        if found is not None:
            problems.append(Problem(f"{path}/fill{pointer(target)}", *found))
    return problems


def _filling(form: Form, target: str, source: str, other: Form) -> tuple[str, Message] | None:
    """Code and words of what is wrong with one field that is filled from another form."""
    if source == NUMBER and other.field(NUMBER) is None:
        return None
    there, here = member(other, source), member(form, target)
    if there is None or ("." in source) != ("." in target):
        return "unknown_field", no_field_of(source, other)
    if here is not None and bool(here.columns) != bool(there.columns):
        return "does_not_fit", msg("“%(key)s” cannot be filled from “%(source)s”.", key=target, source=source)
    return None


def _total(form: Form, each: Field, path: str, forms: Forms) -> list[Problem]:
    total = each.total
    if total is None:
        return []
    other = _other(form, total.form, forms)
    if other is None:
        # two forms that name each other must be published one after the other: until then there is nothing to sum
        return [Problem(path + "/form", "unknown_form", no_form(total.form), Severity.WARNING)]
    problems = []
    summed, match = member(other, total.sum), member(other, total.match)
    if summed is None:
        problems.append(Problem(path + "/sum", "unknown_field", no_field_of(total.sum, other)))
    elif find(summed.type).value_kind != "number":
        problems.append(
            Problem(path + "/sum", "does_not_fit", msg("“%(key)s” is no number to be summed.", key=total.sum))
        )
    if match is None:
        problems.append(Problem(path + "/match", "unknown_field", no_field_of(total.match, other)))
    elif match.type != "lookup" or match.options["form"] != form.key:
        problems.append(
            Problem(
                path + "/match", "does_not_fit",
                msg("“%(key)s” does not look up “%(form)s”.", key=total.match, form=form.key),
            )
        )  # fmt: skip
    return problems


def member(form: Form, name: str) -> Field | None:
    """The field of that name, or the column: ``lines.total``."""
    table, dot, column = name.partition(".")
    outer = form.field(table)
    if not dot or outer is None:
        return outer
    return next((each for each in outer.columns if each.key == column), None)


def no_form(key: str) -> Message:
    """Says that there is no such form."""
    return msg("No form “%(key)s” is in force. Publish it first, or correct the key.", key=key[:80])


def no_field_of(name: str, form: Form) -> Message:
    """Says that a form has no such field, and which one may have been meant."""
    known = [each.key for each in form.fields]
    near = get_close_matches(name, known, n=1)
    if near:
        return msg(
            "“%(form)s” has no field “%(key)s”. Did you mean “%(near)s”?", form=form.key, key=name[:80], near=near[0]
        )
    return msg(
        "“%(form)s” has no field “%(key)s”. Known: %(known)s.",
        form=form.key,
        key=name[:80],
        known=", ".join(known[:40]),
    )
