"""From a flow to its program: every table that the engine looks things up in, made once."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..forms import formulas
from ..forms.conditions import compile_condition, fields_of
from ..forms.definition import Form
from ..forms.kinds import FACTS, Base
from ..forms.program import FormProgram
from ..forms.types import kinds_of
from ..platform.problems import Problem, errors_of
from .definition import SUM, Branch, Flow, Kind, Step
from .filed import withheld_at_start
from .program import Argument, FlowProgram, Values, Way
from .run import World
from .schema import read_flow
from .schema_references import behind

Trail = tuple[tuple[str, str], ...]


def compile_flow(flow: Flow, form: FormProgram | None, version: int = 0) -> tuple[FlowProgram | None, list[Problem]]:
    """The program of ``flow`` over ``form``; ``None`` and the errors if the flow does not fit the form.

    A flow that was read without its form is read again with it, so that conditions compare typed values.
    """
    if form is not None and flow.document:
        again, problems = read_flow(flow.document, form)
        if again is None:
            return None, list(errors_of(problems))
        flow = again
    return _program(flow, form, version), []


def _program(flow: Flow, form: FormProgram | None, version: int) -> FlowProgram:
    steps = {step.id: step for step in flow.walk()}
    routes = [step for step in steps.values() if step.kind is Kind.ROUTE]
    reads = {step.id: _reads(step) for step in routes}
    return FlowProgram(
        flow=flow,
        version=version,
        form=form,
        steps=steps,
        order={step: number for number, step in enumerate(steps)},
        trail=dict(_trails(flow.steps, ())),
        ways={step.id: tuple(_way(branch) for branch in step.branches) for step in routes},
        reads=reads,
        behind=behind(flow.steps),
        arguments={step.id: _arguments(step, form) for step in steps.values() if step.kind is Kind.ACTION},
        amount=_amount(flow, form.form if form is not None else None),
        uses_facts=_uses_facts(steps, reads),
        withheld=withheld_at_start(flow, form.form) if form is not None else frozenset(),
    )


def _trails(steps: tuple[Step, ...], around: Trail) -> Iterator[tuple[str, Trail]]:
    for step in steps:
        yield step.id, around
        for branch in step.branches:
            yield from _trails(branch.steps, (*around, (step.id, branch.id)))


def _way(branch: Branch) -> Way:
    return Way(branch, None if branch.when is None else compile_condition(branch.when))


def _reads(step: Step) -> tuple[str, ...]:
    """The fields and facts that a route's conditions read; of a column its table."""
    keys = (
        key if key in FACTS or key.startswith(SUM) else key.partition(".")[0]
        for branch in step.branches
        if branch.when is not None
        for key in sorted(fields_of(branch.when))
    )
    return tuple(dict.fromkeys(keys))


def _uses_facts(steps: Mapping[str, Step], reads: Mapping[str, tuple[str, ...]]) -> bool:
    if any(key in FACTS for keys in reads.values() for key in keys):
        return True
    arguments = (str(argument) for step in steps.values() for argument in step.arguments.values())
    return any(fact in argument for argument in arguments for fact in FACTS)


def _amount(flow: Flow, form: Form | None) -> str | None:
    """The field that limits are held against: that of the authority, of a step's selector, else the form's first
    amount of money, first among those that it sums itself up by."""
    if flow.settings.authority is not None:
        return flow.settings.authority.amount
    for step in flow.walk():
        for selector in step.who:
            if selector.kind == "manager_with_limit":
                return str(selector.value)
    if form is None:
        return None
    kinds = kinds_of(form)
    money = [each.key for each in form.fields if each.type == "money" and kinds[each.key].base is Base.NUMBER]
    return next((key for key in form.summary if key in money), money[0] if money else None)


def _arguments(step: Step, form: FormProgram | None) -> dict[str, Argument]:
    return {name: _argument(value, form) for name, value in step.arguments.items()}


def _argument(value: Any, form: FormProgram | None) -> Argument:
    if isinstance(value, Mapping) and "field" in value:
        key = str(value["field"])
        return lambda values, _world: values.get(key)
    if isinstance(value, Mapping) and "formula" in value:
        return _formula(str(value["formula"]), form)
    return lambda _values, _world: value


def _formula(text: str, form: FormProgram | None) -> Argument:
    tree = formulas.parse(text)
    if form is not None:
        # days and numbers are told apart by the kinds of the fields
        tree, _ = formulas.resolve(tree, form.kinds)

    def evaluate(values: Values, world: World) -> Any:
        calendar = world.calendar
        try:
            return formulas.evaluate(
                tree, values, now=world.now, zone=calendar.zone, working_days=calendar.working_days
            )
        except formulas.FormulaError:  # too much to compute: blank, as a division by zero is
            return None

    return evaluate
