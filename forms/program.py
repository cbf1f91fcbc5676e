"""A form compiled: one reading for page, API, import and decision."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..platform.problems import Problem, pointer
from ..platform.text import local, msg
from . import conditions
from .analysis import ParsedRule
from .conditions import is_blank
from .conditions.parse import no_field
from .conditions.tree import Condition
from .definition import Field, Form
from .formulas import Tree
from .kinds import FACTS, UNKNOWN, Kind
from .parts import PartsPlan
from .plans import Ask, CheckPlan, DuplicatePlan, FieldPlan, right_on
from .reading import EMPTY, NO_CELLS, Cells, Found, ReadContext, Reading
from .rows import BLANK_ROW, TablePlan
from .state import State

Codec = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A field, column or part that is required, always or where a rule asks for it."""

    plan: FieldPlan
    always: bool
    table: str | None = None
    part_of: str | None = None


@dataclass(frozen=True, eq=False)
class FormProgram:
    """``plans`` are in the order in which values become known. ``trees`` are the formulas by field or ``lines.total``.

    ``names`` are all fields and columns; ``computed`` those whose value never comes from who fills in.
    """

    form: Form
    version: int
    kinds: Mapping[str, Kind]
    plans: tuple[FieldPlan, ...] = field(repr=False)
    requirements: tuple[Requirement, ...] = field(repr=False)
    checks: tuple[CheckPlan, ...] = field(repr=False)
    duplicates: tuple[DuplicatePlan, ...] = field(repr=False)
    trees: Mapping[str, Tree] = field(repr=False)
    filters: Mapping[str, Condition] = field(repr=False)
    rules: tuple[ParsedRule, ...] = field(repr=False)
    names: frozenset[str] = field(repr=False)
    valued: frozenset[str] = field(repr=False)  # keys of fields that have values
    computed: frozenset[str] = field(repr=False)
    loaders: Mapping[str, Codec | None] = field(repr=False)
    dumpers: tuple[tuple[str, Codec | None], ...] = field(repr=False)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields in the order of the definition."""
        return self.form.fields

    def labels(self, language: str) -> dict[str, str]:
        """Labels of fields and of columns (``lines.total``), for sentences."""
        found = {each.key: local(each.label, language) for each in self.form.fields}
        for each in self.form.fields:
            inner = (*each.columns, *each.parts)
            found |= {f"{each.key}.{column.key}": local(column.label, language) for column in inner}
        return found

    def read(self, raw: Mapping[str, Any], context: ReadContext) -> Reading:
        """What ``raw`` (JSON, or texts of a page or a file) means, and everything that is wrong with it."""
        state = State(raw, context)
        if not raw.keys() <= self.valued:
            self._unknown(raw, state)
        if state.rights is None and not context.partial and state.first:
            self._run_fresh(state)
        else:
            for plan in self.plans:
                plan.run(state)
        self._require(state)
        if not context.draft:
            self._check(state)
        return self._reading(state)

    def evaluate(self, values: Mapping[str, Any], context: ReadContext) -> Reading:
        """Typed values judged as they stand, what is computed made anew; nothing is sent, so nothing is filled."""
        return self.read({}, replace(context, previous=values, partial=True))

    def load(self, json: Mapping[str, Any]) -> dict[str, Any]:
        """Typed values of stored JSON; keys that the form does not know are left out."""
        found: dict[str, Any] = {}
        for key, value in json.items():
            if value is not None and key in self.loaders:
                loader = self.loaders[key]
                found[key] = value if loader is None else loader(value)
        return found

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """JSON of typed values, blanks left out."""
        found: dict[str, Any] = {}
        for key, dumper in self.dumpers:
            value = values.get(key)
            if value is not None:
                found[key] = value if dumper is None else dumper(value)
        return found

    def lookup_filter(self, name: str, values: Mapping[str, Any]) -> Condition | None:
        """The condition on the records that the lookup ``name`` (for a column ``lines.product``) may choose."""
        condition = self.filters.get(name)
        return None if condition is None else conditions.bind(condition, values)

    def _run_fresh(self, state: State) -> None:
        """The common case, quick: a first filing by the submitter, most of whose fields no rule touches."""
        raw, values, withheld = state.raw, state.values, state.withheld
        for plan in self.plans:
            if plan.is_plain and plan.name in raw and plan.name not in withheld:
                value = plan.read_raw(raw[plan.name], state)
                if value is not None:
                    values[plan.name] = value
            else:
                plan.run(state)

    def _unknown(self, raw: Mapping[str, Any], state: State) -> None:
        for key in raw:
            if key not in self.valued:
                message = no_field(key, dict.fromkeys(sorted(self.valued), UNKNOWN))
                state.problems.append(Problem("/values" + pointer(str(key)[:80]), "unknown_field", message))

    def _require(self, state: State) -> None:
        for requirement in self.requirements:
            plan = requirement.plan
            if plan.name in state.hidden or (requirement.table is not None and requirement.table in state.hidden):
                continue
            if requirement.part_of is not None and requirement.part_of in state.hidden:
                continue
            if plan.name in state.withheld:
                continue
            if not self._is_required(requirement, state):
                if requirement.table is not None and plan.row_rules.require:
                    self._require_some(plan, requirement.table, state)
                continue
            state.required.add(plan.name)
            if state.context.draft:
                continue
            if requirement.part_of is not None:
                self._require_part(plan, requirement.part_of, state)
                continue
            if requirement.table is not None:
                self._require_cells(plan, requirement.table, state)
            elif plan.name not in state.broken and is_blank(state.values.get(plan.name)):
                message = msg("“%(label)s” is missing. Fill it in.", label=_label(plan, state))
                state.problem(plan.path, "required", message, plan.name)
        if not state.context.draft:
            self._require_rows(state)

    def _require_part(self, plan: FieldPlan, outer: str, state: State) -> None:
        """A tick that is required must be set."""
        value = (state.values.get(outer) or {}).get(plan.field.key)
        if plan.name not in state.broken and outer not in state.broken and (is_blank(value) or value is False):
            message = msg("“%(label)s” is missing. Fill it in.", label=_label(plan, state))
            state.problem(plan.path, "required", message, plan.name)

    def _is_required(self, requirement: Requirement, state: State) -> bool:
        if state.rights is not None:
            right = right_on(requirement.plan.name, state.rights)
            if right != "edit":
                return right == "required"
        return requirement.always or any(ask(state.env) for ask in requirement.plan.rules.require)

    def _require_cells(self, plan: FieldPlan, table: str, state: State) -> None:
        key = plan.field.key
        for index, row in enumerate(state.values.get(table) or ()):
            if key not in row and not state.is_hidden(table, index, key):
                self._miss(state.row_pointer(table, index, key), plan, table, state)

    def _require_some(self, plan: FieldPlan, table: str, state: State) -> None:
        """Cells that rules ask for in some rows alone."""
        if state.rights is not None and right_on(plan.name, state.rights) != "edit":
            return
        key, asked = plan.field.key, plan.row_rules.require
        rows: Sequence[Mapping[str, Any]] = state.values.get(table) or ()
        for index, row in enumerate(rows):
            if not state.is_hidden(table, index, key) and _holds_within(row, asked, state):
                state.cell("required", table, index, key)
                if key not in row and not state.context.draft:
                    self._miss(state.row_pointer(table, index, key), plan, table, state)
        if _holds_within(EMPTY, asked, state):
            state.cell("required", table, BLANK_ROW, key)

    def _miss(self, path: str, plan: FieldPlan, table: str, state: State) -> None:
        """A cell is missing, unless more is wrong with it."""
        if table not in state.broken or path not in (problem.path for problem in state.problems):
            state.problem(
                path, "required", msg("“%(label)s” is missing. Fill it in.", label=_label(plan, state)), table
            )

    def _require_rows(self, state: State) -> None:
        for plan in self.plans:
            least = plan.field.options.get("min_rows") if isinstance(plan, TablePlan) else None
            if not least or plan.name in state.hidden or plan.name in state.broken:
                continue
            if state.rights is not None and right_on(plan.name, state.rights) not in ("edit", "required"):
                continue
            count = len(state.values.get(plan.name) or ())
            if count < least:
                message = msg("%(count)s rows are too few. At least %(min)s.", count=count, min=least)
                state.problem(plan.path, "too_few_rows", message, plan.name)

    def _check(self, state: State) -> None:
        changed = self._changed(state) if state.rights is not None else None
        for check in self.checks:
            if changed is None or not changed.isdisjoint(check.needs):
                check.run(state)
        if self.duplicates:
            state.alike = tuple(found for plan in self.duplicates if (found := plan.run(state)) is not None)
        for path, _, condition, record in state.filters:
            self._filter(path, condition, record, state)

    def _changed(self, state: State) -> set[str]:
        """Who decides is not asked about what was so before: only about what the decision changes."""
        names = {plan.name for plan in self.plans}
        changed = {name for name in names if state.values.get(name) != state.previous.get(name)}
        for plan in self.plans:
            if isinstance(plan, TablePlan) and tuple(state.values.get(plan.name) or ()) == tuple(
                state.previous.get(plan.name) or ()
            ):
                changed.discard(plan.name)
        return {name for name in changed if "." not in name or name.partition(".")[0] in changed}

    def _filter(self, path: str, condition: Condition, record: Found, state: State) -> None:
        if not conditions.evaluate(conditions.bind(condition, state.values), record.values):
            message = msg("“%(title)s” cannot be chosen here. Search for another.", title=record.title)
            state.problems.append(Problem(path, "not_offered", message))

    def _reading(self, state: State) -> Reading:
        values = state.values
        for fact in state.context.submitter:
            values.pop(fact, None)
        for key, value in values.items():
            if value.__class__ is list:
                values[key] = tuple(value)
        unseen = self._unseen(state)
        readonly = self.computed if not state.readonly else self.computed | state.readonly
        return Reading(
            values=values,
            visible=self.names if not unseen else self.names - unseen,
            required=frozenset(state.required),
            readonly=readonly if not unseen else readonly - unseen,
            problems=self._sorted(state.problems),
            links=state.links,
            alike=state.alike,
            places=state.places,
            cells=Cells(**{word: frozenset(cells) for word, cells in state.cells.items()}) if state.cells else NO_CELLS,
        )

    def _unseen(self, state: State) -> set[str]:
        unseen = state.hidden | state.concealed
        for plan in self.plans:
            if isinstance(plan, TablePlan | PartsPlan) and plan.name in unseen:
                unseen |= {f"{plan.name}.{key}" for key in plan.keys}
        return unseen

    def _sorted(self, problems: list[Problem]) -> tuple[Problem, ...]:
        """In the order of the fields, so that the first is the uppermost on the page."""
        if len(problems) < 2:
            return tuple(problems)
        order = {each.key: index for index, each in enumerate(self.form.fields)}
        return tuple(
            sorted(
                problems,
                key=lambda problem: order.get(
                    problem.path.split("/")[2] if problem.path.count("/") > 1 else "", len(order)
                ),
            )
        )


def _holds_within(row: Mapping[str, Any], asked: Sequence[Ask], state: State) -> bool:
    with state.env.within(row):
        return any(ask(state.env) for ask in asked)


def _label(plan: FieldPlan, state: State) -> str:
    return local(plan.field.label, state.context.language)


__all__ = ["FACTS", "FormProgram", "Requirement"]
