"""A request that an administrator tries: filled into a draft's form, read like a test case, routed by a draft."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..forms import formulas
from ..forms.program import FormProgram
from ..forms.reading import Reading
from ..platform import clock, problem_json
from ..platform.errors import Malformed
from ..platform.people import service as people
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.web.language import gettext_here, language
from . import predict, predicting, supposing
from .program import FlowProgram

Json = dict[str, Any]
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Trial:
    """``flow`` is ``None`` where its draft does not compile; ``refused`` says why.

    ``by_hand``: values that the form does not take from people, such as a computed amount; they take the place of the
    fields that they are computed from.
    """

    flow: FlowProgram | None
    refused: tuple[Problem, ...]
    asker: Person
    by_hand: Values = field(default_factory=dict)

    def tried(self, form: FormProgram, reading: Reading, raw: Values) -> Json:
        """What the builder draws beside the form: the values as a test case holds them, and their route."""
        by_hand = {key: value for key, value in self.by_hand.items() if not _is_blank(value)}
        values = case_values(form, reading, raw, by_hand)
        problems = [each for each in reading.problems if not _is_replaced(each, form, by_hand)]
        return {
            "values": values,
            "by_hand": dict(self.by_hand),
            "problems": [problem_json.problem_of(each, gettext_here) for each in problems],
            "refused": [problem_json.problem_of(each, gettext_here) for each in self.refused],
            "route": self._route(form, values) if self.flow is not None else None,
        }

    def _route(self, form: FormProgram, values: Values) -> Json:
        assert self.flow is not None
        try:
            read, wrong = supposing.read_values(form, values, people.directory(), self.asker.key, clock.now())
        except Malformed as error:
            read, wrong = {}, [Problem("/values", error.code, error.message)]
        prediction = predicting.of_values(self.flow, form.form.key, read, self.asker.key)
        found = predict.route_json(prediction, language())
        seen = predicting.view(prediction, self.flow, language())
        for step, view in zip(found["steps"], seen.steps, strict=True):
            step["names"] = list(view.names)
        found["takes"] = None if seen.takes is None else round(seen.takes.total_seconds() / 60)
        found["problems"] += [problem_json.problem_of(each, gettext_here) for each in wrong]
        return found


def case_values(form: FormProgram, reading: Reading, raw: Values, by_hand: Values) -> Json:
    """JSON of what was filled, as test cases hold it: without what is computed, and without blanks.

    A lookup that names no record stays as it was typed: a test case may suppose one.
    """
    replaced = _inputs_of(form, by_hand)
    found = {key: _without_computed(form, key, value) for key, value in form.dump(reading.values).items()}
    typed = {each.key: raw.get(each.key) for each in form.form.fields if each.type == "lookup"}
    kept = {key: value for key, value in {**typed, **found}.items() if not _is_blank(value)}
    return {key: value for key, value in kept.items() if key not in form.computed | replaced} | dict(by_hand)


def not_in_form(form: FormProgram, values: Values, filled: Values) -> Json:
    """Those of a case's ``values`` that the form does not hold when it is ``filled`` with them."""
    return {key: value for key, value in values.items() if key in form.valued and not _holds(form, key, values, filled)}


def _holds(form: FormProgram, key: str, values: Values, filled: Values) -> bool:
    if key in form.computed:
        return not _inputs_of(form, [key]).isdisjoint(values)  # computed from these, as a test case is read
    if key not in filled or isinstance(values[key], list | dict):
        return key in filled
    try:
        return form.load({key: values[key]}) == form.load({key: filled[key]})
    except (ValueError, ArithmeticError):
        return False


def _inputs_of(form: FormProgram, keys: Iterable[str]) -> frozenset[str]:
    """The fields from which those with these keys are computed."""
    trees = [form.trees[key] for key in keys if key in form.trees]
    return frozenset(name.partition(".")[0] for tree in trees for name in formulas.fields_of(tree))


def _is_replaced(problem: Problem, form: FormProgram, by_hand: Values) -> bool:
    key = problem.path.split("/")[2:3]
    return bool(key) and key[0] in _inputs_of(form, by_hand) | set(by_hand)


def _without_computed(form: FormProgram, key: str, value: Any) -> Any:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        return value
    return [{name: cell for name, cell in row.items() if f"{key}.{name}" not in form.computed} for row in value]


def _is_blank(value: Any) -> bool:
    return value in ("", None, [], {}, ())
