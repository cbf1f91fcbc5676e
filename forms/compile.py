"""From a form to its program: everything that can be decided before there are values is decided here, once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..platform.problems import Problem, errors_of
from . import conditions, formulas
from .analysis import Analysis, Forms, ParsedRule, Question, analyse, nodes_of, reads
from .definition import Field, Form
from .formulas import Env
from .ordering import reach
from .parts import PartsPlan
from .plans import NO_RULES, Ask, CheckPlan, Compute, DuplicatePlan, FieldPlan, Filled, Ruled
from .program import Codec, FormProgram, Requirement
from .rows import ColumnPlan, TablePlan
from .types import FieldType, find


def compile_form(
    form: Form, *, version: int = 0, forms: Forms | None = None
) -> tuple[FormProgram | None, list[Problem]]:
    """The program of ``form``, or ``None`` and everything that is wrong with its meaning.

    ``forms`` gives other forms by key, ``None`` for a key that is not in force; without it what lookups and totals
    say of other forms is not checked.
    """
    analysis = analyse(form, forms=forms)
    if errors_of(analysis.problems):
        return None, analysis.problems
    return _Compiler(form, analysis, version).program(), analysis.problems


class _Compiler:
    def __init__(self, form: Form, analysis: Analysis, version: int) -> None:
        self.form = form
        self.analysis = analysis
        self.version = version
        self.ruled = _rules_of(parsed for parsed in analysis.rules if parsed.table is None)
        self.row_ruled = _rules_of((parsed for parsed in analysis.rules if parsed.table is not None), self._columns_of)

    def program(self) -> FormProgram:
        plans = {each.key: self._field(each) for each in self.form.fields if find(each.type).has_value}
        notes = [self._note(each) for each in self.form.fields if not find(each.type).has_value]
        columns = {
            f"{table.key}.{column.key}": self._computed(column, table)
            for table in self.form.fields
            for column in table.columns
            if column.compute is not None
        }
        known: Mapping[str, FieldPlan] = {**plans, **columns, **{note.name: note for note in notes}}
        return FormProgram(
            form=self.form,
            version=self.version,
            kinds=self.analysis.kinds,
            plans=tuple(known[name] for name in self.analysis.order),
            requirements=self._requirements(known),
            checks=tuple(self._check(parsed) for parsed in self.analysis.rules if parsed.check is not None),
            duplicates=tuple(self._duplicate(parsed) for parsed in self.analysis.rules if parsed.rule.duplicate),
            trees=dict(self.analysis.formulas),
            filters=dict(self.analysis.filters),
            rules=tuple(self.analysis.rules),
            names=frozenset(self._names()),
            valued=frozenset(plans),
            computed=frozenset(
                name for name, each in self._named() if each.compute is not None or each.total is not None
            ),
            loaders={each.key: _loader(each) for each in self.form.fields},
            dumpers=tuple((each.key, _dumper(each)) for each in self.form.fields if find(each.type).has_value),
        )

    def _named(self) -> list[tuple[str, Field]]:
        found = [(each.key, each) for each in self.form.fields]
        found += [
            (f"{each.key}.{inner.key}", inner) for each in self.form.fields for inner in (*each.columns, *each.parts)
        ]
        return found

    def _names(self) -> list[str]:
        return [name for name, _ in self._named()]

    def _field(self, each: Field) -> FieldPlan:
        if each.columns:
            return self._table(each)
        if each.parts:
            return self._parts(each)
        field_type = find(each.type)
        tree = self.analysis.formulas.get(each.key)
        rules = self.ruled.get(each.key, NO_RULES)
        filled = self._fills(each, self.form.fields)
        return FieldPlan(
            name=each.key,
            field=each,
            type=field_type,
            read=field_type.reader(each),
            path=f"/values/{each.key}",
            rules=rules,
            compute=formulas.compile_formula(tree) if tree is not None else None,
            filled=filled,
            filter=self.analysis.filters.get(each.key),
            is_lookup=each.type == "lookup",
            is_plain=_is_plain(each, rules) and not filled,
        )

    def _parts(self, each: Field) -> PartsPlan:
        field_type = find(each.type)
        return PartsPlan(
            name=each.key,
            field=each,
            type=field_type,
            read=field_type.reader(each),
            path=f"/values/{each.key}",
            rules=self.ruled.get(each.key, NO_RULES),
            parts=tuple(self._part(part, each) for part in each.parts),
            keys=frozenset(part.key for part in each.parts),
        )

    def _part(self, part: Field, outer: Field) -> FieldPlan:
        field_type = find(part.type)
        name = f"{outer.key}.{part.key}"
        rules = self.ruled.get(name, NO_RULES)
        return FieldPlan(name, part, field_type, field_type.reader(part), f"/values/{outer.key}/{part.key}", rules)

    def _note(self, each: Field) -> FieldPlan:
        """A note is shown and hidden like a field, and never holds anything."""
        field_type = find(each.type)
        rules = self.ruled.get(each.key, NO_RULES)
        return FieldPlan(
            each.key, each, field_type, field_type.reader(each), f"/values/{each.key}", rules, compute=_nothing
        )

    def _table(self, each: Field) -> TablePlan:
        field_type = find(each.type)
        by_key = {column.key: self._column(column, each) for column in each.columns if column.compute is None}
        columns = tuple(by_key.values())
        has_row_rules = any(name.partition(".")[0] == each.key for name in self.row_ruled)
        simple = not has_row_rules and all(
            not (column.is_lookup or column.filled or column.field.default is not None) and column.rules is NO_RULES
            for column in columns
        )
        rules = self.ruled.get(each.key, NO_RULES)
        return TablePlan(
            name=each.key,
            field=each,
            type=field_type,
            read=field_type.reader(each),
            path=f"/values/{each.key}",
            rules=rules,
            filled=self._fills(each, self.form.fields),
            columns=columns,
            keys=frozenset(column.key for column in each.columns),
            is_simple=simple,
            in_turn=tuple(by_key[key] for key in self.analysis.columns[each.key]) if has_row_rules else (),
            by_row=tuple(column.key for column in each.columns if f"{each.key}.{column.key}" in self.row_ruled),
        )

    def _column(self, column: Field, table: Field) -> FieldPlan:
        field_type = find(column.type)
        name = f"{table.key}.{column.key}"
        return FieldPlan(
            name=name,
            field=column,
            type=field_type,
            read=field_type.reader(column),
            path=f"/values/{table.key}",
            rules=self.ruled.get(name, NO_RULES),
            row_rules=self.row_ruled.get(name, NO_RULES),
            filled=self._fills(column, table.columns),
            filter=self.analysis.filters.get(name),
            is_lookup=column.type == "lookup",
        )

    def _computed(self, column: Field, table: Field) -> ColumnPlan:
        field_type = find(column.type)
        name = f"{table.key}.{column.key}"
        own = frozenset(each.key for each in table.columns)
        return ColumnPlan(
            name=name,
            field=column,
            type=field_type,
            read=field_type.reader(column),
            path=f"/values/{table.key}",
            rules=self.ruled.get(name, NO_RULES),
            row_rules=self.row_ruled.get(name, NO_RULES),
            table=table.key,
            formula=formulas.compile_formula(self.analysis.formulas[name], own),
        )

    def _fills(self, each: Field, siblings: tuple[Field, ...]) -> tuple[Filled, ...]:
        return tuple(
            Filled(other.key, other.options["fill"][each.key], filled_columns(each, other))
            for other in siblings
            if other.type == "lookup" and each.key in other.options["fill"]
        )

    def _requirements(self, known: Mapping[str, FieldPlan]) -> tuple[Requirement, ...]:
        found = []
        for each in self.form.fields:
            plan = known[each.key]
            if plan.type.has_value and each.total is None:
                found.append(Requirement(plan, each.required))
            if isinstance(plan, PartsPlan):
                found += [Requirement(part, part.field.required, part_of=each.key) for part in plan.parts]
            columns = {column.field.key: column for column in plan.columns} if isinstance(plan, TablePlan) else {}
            for column in each.columns:
                name = f"{each.key}.{column.key}"
                found.append(
                    Requirement(known[name] if name in known else columns[column.key], column.required, each.key)
                )
        return tuple(found)

    def _check(self, parsed: ParsedRule) -> CheckPlan:
        at = parsed.rule.at
        columns = self._columns_of(parsed.table)
        names = reads(parsed.when) | reads(parsed.check)
        nodes = nodes_of(self.form, names, parsed.table)
        needs = frozenset[str]().union(*(reach(node, self.analysis.needs) for node in nodes))
        assert parsed.check is not None
        return CheckPlan(
            when=_ask(parsed.when, columns) if parsed.when is not None else None,
            holds=_ask(parsed.check, columns),
            path="/values" + ("/" + at.replace(".", "/") if at is not None else ""),
            at=at,
            label=at or "",
            message=parsed.rule.message,
            needs=needs,
            table=parsed.table,
        )

    def _duplicate(self, parsed: ParsedRule) -> DuplicatePlan:
        rule = parsed.rule
        assert rule.duplicate is not None
        return DuplicatePlan(
            when=_ask(parsed.when) if parsed.when is not None else None,
            rule=parsed.index,
            fields=rule.duplicate.fields,
            refused=rule.duplicate.do == "refuse",
            path="/values/" + (rule.at or rule.duplicate.fields[0]).replace(".", "/"),
            message=rule.message,
        )

    def _columns_of(self, table: str | None) -> frozenset[str] | None:
        outer = self.form.field(table) if table is not None else None
        return frozenset(column.key for column in outer.columns) if outer is not None else None


def filled_columns(table: Field, lookup: Field) -> dict[str, str]:
    """Columns of a table and those of the record that fill them: as the lookup says, else those of the same key."""
    told = {
        here.partition(".")[2]: there.partition(".")[2]
        for here, there in lookup.options["fill"].items()
        if here.startswith(f"{table.key}.")
    }
    return told or {column.key: column.key for column in table.columns if column.compute is None}


def _nothing(env: Env) -> None:  # noqa: ARG001
    return None


def _always(env: Env) -> bool:  # noqa: ARG001
    return True


def _is_plain(each: Field, rules: Ruled) -> bool:
    is_read = each.compute is None and each.total is None and each.type != "lookup"
    return is_read and not (rules.show or rules.hide or rules.lock or rules.sets)


def _ask(question: Question | None, columns: frozenset[str] | None = None) -> Ask:
    if question is None:
        return _always
    if isinstance(question, formulas.Literal | formulas.Name | formulas.Call):
        run = formulas.compile_formula(question, columns)
        return lambda env: bool(run(env))
    holds = conditions.compile_condition(question)
    return lambda env: holds(env.values)


def _rules_of(
    rules: Iterable[ParsedRule], columns_of: Callable[[str | None], frozenset[str] | None] = lambda _: None
) -> dict[str, Ruled]:
    """Rules by the name of the field or column on which they act."""
    show: dict[str, list[Ask]] = {}
    hide: dict[str, list[Ask]] = {}
    lock: dict[str, list[Ask]] = {}
    require: dict[str, list[Ask]] = {}
    sets: dict[str, list[tuple[Ask, Compute]]] = {}
    for parsed in rules:
        columns = columns_of(parsed.table)
        rule, ask = parsed.rule, _ask(parsed.when, columns)
        for names, asked in ((rule.show, show), (rule.hide, hide), (rule.readonly, lock), (rule.require, require)):
            for name in names:
                asked.setdefault(name, []).append(ask)
        for key, tree in parsed.sets.items():
            sets.setdefault(key, []).append((ask, formulas.compile_formula(tree, columns)))
    return {
        name: Ruled(
            show=tuple(show.get(name, ())),
            hide=tuple(hide.get(name, ())),
            lock=tuple(lock.get(name, ())),
            require=tuple(require.get(name, ())),
            sets=tuple(sets.get(name, ())),
        )
        for name in {*show, *hide, *lock, *require, *sets}
    }


def _overrides(field_type: FieldType, method: str) -> bool:
    return getattr(type(field_type), method) is not getattr(FieldType, method)


def _loader(each: Field) -> Codec | None:
    if each.parts:
        inner = {part.key: _loader(part) for part in each.parts}
        return lambda value: _row(value, inner)
    if each.columns:
        loaders = {column.key: _loader(column) for column in each.columns}
        return lambda rows: tuple(_row(row, loaders) for row in rows)
    field_type = find(each.type)
    return field_type.from_json if _overrides(field_type, "from_json") else None


def _dumper(each: Field) -> Codec | None:
    if each.parts:
        inner = {part.key: _dumper(part) for part in each.parts}
        return lambda value: _row(value, inner)
    if each.columns:
        dumpers = {column.key: _dumper(column) for column in each.columns}
        return lambda rows: [_row(row, dumpers) for row in rows]
    field_type = find(each.type)
    return field_type.to_json if _overrides(field_type, "to_json") else None


def _row(row: Mapping[str, Any], codecs: Mapping[str, Codec | None]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in row.items():
        if value is not None and key in codecs:
            codec = codecs[key]
            found[key] = value if codec is None else codec(value)
    return found
