"""What a form means: conditions and formulas parsed and checked, who depends on whom, in which order to compute.

A *node* is what gets a value at once: a field, or a computed column of a table (``lines.total``).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..platform.problems import Problem, pointer
from ..platform.text import msg
from . import conditions, formulas
from .balances import check_balances
from .conditions.parse import no_field
from .conditions.tree import Condition
from .definition import Field, Form, Rule
from .foreign import check_foreign
from .formulas import FormulaError, Tree
from .kinds import FACTS, UNKNOWN, Kind
from .ordering import Cycle, ordered
from .places import Places
from .results import check_result
from .types import find, kind_of

_NOT_COMPARED = ("files", "table", "json", "none", "choices")

Forms = Callable[[str], Form | None]
"""Other forms by key, as they are in force."""

Question = Condition | Tree
"""What is asked of the values: a condition, or a formula that is true or false."""


@dataclass(frozen=True, slots=True)
class ParsedRule:
    """A rule read; ``when`` is ``None`` where it always holds. ``table`` is that of a rule which is asked for each row:
    of a check at a column, and of one that acts on columns alone and reads or sets some."""

    rule: Rule
    index: int
    when: Question | None
    sets: Mapping[str, Tree]
    check: Question | None
    table: str | None = None


@dataclass(slots=True)
class Analysis:
    """All that compiling needs to know of a form."""

    kinds: Mapping[str, Kind]
    problems: list[Problem] = field(default_factory=list)
    rules: list[ParsedRule] = field(default_factory=list)
    formulas: dict[str, Tree] = field(default_factory=dict)  # by node
    filters: dict[str, Condition] = field(default_factory=dict)  # of lookups, by field or ``lines.product``
    needs: dict[str, set[str]] = field(default_factory=dict)  # node: nodes that must be known before
    order: tuple[str, ...] = ()
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of tables, those that are read, in their order


def analyse(form: Form, *, broken: Collection[str] = (), forms: Forms | None = None) -> Analysis:
    """Read everything in ``form`` that refers to something else.

    ``broken`` are keys of fields that could not be read: naming them is no further problem. Without ``forms``
    nothing is said of what is in other forms.
    """
    kinds = {**{each.key: kind_of(each) for each in form.fields}, **dict.fromkeys(broken, UNKNOWN), **FACTS}
    analyst = _Analyst(form, Analysis(kinds), Places(form), forms)
    analyst.run()
    return analyst.found


class _Analyst:
    def __init__(self, form: Form, found: Analysis, places: Places, forms: Forms | None) -> None:
        self.form = form
        self.found = found
        self.places = places
        self.forms = forms
        self.keys: dict[str, None] = dict.fromkeys(each.key for each in form.fields)
        self.tables = {each.key: each for each in form.fields if each.columns}

    def problem(self, path: str, code: str, message: str) -> None:
        self.found.problems.append(Problem(path, code, message))

    def run(self) -> None:
        for each in self.form.fields:
            self._field(each, None)
            for column in each.columns:
                self._field(column, each)
        for index, rule in enumerate(self.form.rules):
            self._rule(rule, index)
        self._layout()
        self._names(self.form.summary, "/summary", allowed=("number",))
        self._names(self.form.public.status, "/public/status", allowed=("number",))
        self._names(self.form.public.later, "/public/later")
        self._later()
        self._order()

    def _later(self) -> None:
        for index, key in enumerate(self.form.public.later):
            each = self.form.field(key)
            if each is not None and (each.compute or each.total or not find(each.type).has_value):
                message = msg("“%(key)s” gets its value otherwise, customers cannot fill it.", key=key)
                self.problem(f"/public/later/{index}", "does_not_fit", message)

    # fields

    def _field(self, each: Field, table: Field | None) -> None:
        path = self.places.of(each, table)
        name = each.key if table is None else f"{table.key}.{each.key}"
        if each.compute is not None:
            tree = self._formula(each.compute, path + "/compute", each, table)
            if tree is not None:
                self.found.formulas[name] = tree
        if each.type == "lookup":
            self._lookup(each, table, path, name)
            self.found.problems += check_balances(self.form, each, table, path, self.forms)
        if self.forms is not None:
            self.found.problems += check_foreign(self.form, each, path, self.forms)

    def _formula(self, text: str, path: str, target: Field | None, table: Field | None) -> Tree | None:
        """``target`` is the field that takes the result; ``None`` asks for true or false."""
        columns = self.found.kinds[table.key].columns if table is not None else None
        try:
            tree, typed = formulas.resolve(formulas.parse(text), self.found.kinds, columns, self._others)
        except FormulaError as error:
            self.problem(path, "formula", error.message)
            return None
        wrong = check_result(typed, target)
        if wrong is not None:
            self.problem(path, "formula_type", wrong)
        return tree

    def _others(self, key: str) -> Mapping[str, Kind] | None:
        """The fields of another form; where other forms are not known, nothing is said of them."""
        if key == self.form.key:
            return self.found.kinds
        if self.forms is None:
            return UNKNOWN_FIELDS
        other = self.forms(key)
        return None if other is None else _kinds_of(other)

    def _lookup(self, each: Field, table: Field | None, path: str, name: str) -> None:
        for key in each.options["fill"]:
            self._filled(each, key, table, path + "/fill" + pointer(key))
        raw = each.options.get("filter")
        if raw is None:
            return
        other = self.forms(each.options["form"]) if self.forms is not None else None
        kinds = None if other is None else {key: kind for key, kind in _kinds_of(other).items() if key not in FACTS}
        condition, problems = conditions.parse(raw, kinds, path + "/filter", refs=self.found.kinds)
        self.found.problems += problems
        self.found.filters[name] = condition

    def _filled(self, each: Field, key: str, table: Field | None, place: str) -> None:
        """What a lookup fills: a field beside it, line items, or which column of line items from which."""
        siblings = table.columns if table is not None else self.form.fields
        outer, dot, column = key.partition(".")
        target = next((other for other in siblings if other.key == outer), None)
        if target is not None and dot:
            if target.columns and outer not in each.options["fill"]:
                self.problem(
                    place,
                    "missing",
                    msg("“%(key)s” is filled with its line items. Add “%(table)s”.", key=key, table=outer),
                )
            target = _column(self.form, outer, column) if target.columns else None
        if target is None:
            if self.found.kinds.get(outer) is not UNKNOWN or table is not None:
                self.problem(place, "unknown_field", no_field(key, {other.key: UNKNOWN for other in siblings}))
        elif target is each or target.compute is not None or target.total is not None or not _is_filled(target, table):
            self.problem(place, "does_not_fit", msg("“%(key)s” cannot be filled from a record.", key=key))

    # rules

    def _rule(self, rule: Rule, index: int) -> None:
        path = pointer("rules", index)
        for word in ("show", "hide", "require", "readonly"):
            self._targets(getattr(rule, word), f"{path}/{word}")
        if rule.duplicate is not None:
            self._duplicate(rule, path)
        elif rule.check is None and not (rule.show or rule.hide or rule.require or rule.readonly or rule.set):
            self.problem(
                path,
                "no_effect",
                msg("The rule does nothing. Add show, hide, require, readonly, set, check or duplicate."),
            )
        if rule.check is None and rule.duplicate is None and (rule.message is not None or rule.at is not None):
            self.problem(
                path, "no_check", msg("“message” and “at” belong to “check” and “duplicate”. Add one, or remove them.")
            )
        table = self._table_of(rule.at, path + "/at") if rule.at is not None else self._acts_on(rule)
        when = self._question(rule.when, path + "/when", table) if rule.when is not None else None
        check = self._question(rule.check, path + "/check", table) if rule.check is not None else None
        sets = {
            key: tree for key, text in rule.set.items() if (tree := self._set(key, text, f"{path}/set{pointer(key)}"))
        }
        if table is not None and rule.check is None and not (rule.set or self._is_of_rows(when, table)):
            table = None  # the same in every row
        self.found.rules.append(ParsedRule(rule, index, when, sets, check, table.key if table else None))

    def _acts_on(self, rule: Rule) -> Field | None:
        """The table whose columns are all that a rule acts on."""
        if rule.check is not None or rule.duplicate is not None:
            return None
        names = [*rule.show, *rule.hide, *rule.require, *rule.readonly, *rule.set]
        tables = {name.partition(".")[0] if "." in name else None for name in names}
        key = tables.pop() if len(tables) == 1 else None
        return self.tables.get(key) if key is not None else None

    def _is_of_rows(self, when: Question | None, table: Field) -> bool:
        return any(_column(self.form, table.key, name) is not None for name in reads(when))

    def _duplicate(self, rule: Rule, path: str) -> None:
        names = rule.duplicate.fields if rule.duplicate is not None else ()
        if not names:
            self.problem(path + "/duplicate/fields", "missing", msg("Name the fields that make a duplicate."))
        self._names(names, path + "/duplicate/fields", allowed=())
        for index, name in enumerate(names):
            target = self.form.field(name)
            if target is not None and (find(target.type).value_kind in _NOT_COMPARED or target.total is not None):
                message = msg("“%(key)s” cannot tell a duplicate: it holds no single value.", key=name)
                self.problem(f"{path}/duplicate/fields/{index}", "does_not_fit", message)
        if rule.check is not None:
            message = msg("One rule has “check” or “duplicate”, not both. Make two of it.")
            self.problem(path + "/duplicate", "does_not_fit", message)

    def _table_of(self, at: str, path: str) -> Field | None:
        """The table of a check at a column; a check at a field has none."""
        self._targets((at,), path, is_list=False)
        table, dot, _ = at.partition(".")
        return self.tables.get(table) if dot else None

    def _question(self, document: Any, path: str, table: Field | None) -> Question | None:
        if isinstance(document, str):
            return self._formula(document, path, None, table)
        kinds = self.found.kinds if table is None else {**self.found.kinds, **self.found.kinds[table.key].columns}
        condition, problems = conditions.parse(document, kinds, path)
        self.found.problems += problems
        return condition

    def _set(self, key: str, text: str, path: str) -> Tree | None:
        outer, dot, inner = key.partition(".")
        table = self.tables.get(outer) if dot else None
        target = _column(self.form, outer, inner) if table is not None else self.form.field(key)
        if target is None:
            if self.found.kinds.get(outer) is not UNKNOWN:
                columns = [f"{table.key}.{each.key}" for table in self.tables.values() for each in table.columns]
                self.problem(path, "unknown_field", no_field(key, dict.fromkeys([*self.keys, *columns], UNKNOWN)))
            return None
        if target.compute is not None or target.total is not None or not find(target.type).has_value:
            self.problem(path, "does_not_fit", msg("“%(key)s” gets its value otherwise and cannot be set.", key=key))
            return None
        return self._formula(text, path, target, table)

    def _targets(self, names: Iterable[str], path: str, *, is_list: bool = True) -> None:
        for place, name in enumerate(names):
            at = f"{path}/{place}" if is_list else path
            table, dot, column = name.partition(".")
            kind = self.found.kinds.get(table if dot else name)
            if kind is UNKNOWN or (not dot and name in self.keys):
                continue
            if dot and kind is not None and (column in kind.columns or column in kind.parts):
                continue
            inner = [(outer, each) for outer in self.form.fields for each in (*outer.columns, *outer.parts)]
            columns = [f"{outer.key}.{each.key}" for outer, each in inner]
            self.problem(at, "unknown_field", no_field(name, dict.fromkeys([*self.keys, *columns], UNKNOWN)))

    # layout and lists

    def _layout(self) -> None:
        seen: set[str] = set()
        for index, section in enumerate(self.form.layout):
            for number, row in enumerate(section.rows):
                for place, key in enumerate(row):
                    path = pointer("layout", index, "rows", number, place)
                    self._names((key,), path, is_list=False)
                    if key in seen:
                        self.problem(
                            path, "duplicate", msg("“%(key)s” stands in the layout twice. Remove one.", key=key)
                        )
                    seen.add(key)

    def _names(self, names: Iterable[str], path: str, *, allowed: Collection[str] = (), is_list: bool = True) -> None:
        for place, name in enumerate(names):
            if name in self.keys or name in allowed or self.found.kinds.get(name) is UNKNOWN:
                continue
            at = f"{path}/{place}" if is_list else path
            self.problem(at, "unknown_field", no_field(name, dict.fromkeys([*self.keys, *allowed], UNKNOWN)))

    # order

    def _order(self) -> None:
        """Who must be known before whom; a circle is a problem that names its members."""
        names = [*(each.key for each in self.form.fields)]
        names += [f"{key}.{each.key}" for key, table in self.tables.items() for each in table.columns if each.compute]
        needs: dict[str, set[str]] = {name: set() for name in names}
        for name, tree in self.found.formulas.items():
            table, dot, _ = name.partition(".")
            if name in needs:
                needs[name] |= self.nodes(formulas.fields_of(tree), table if dot else None)
        for name in names:
            if "." in name:
                needs[name].add(name.partition(".")[0])
        self._order_of_fills(needs)
        self._order_of_rules(needs)
        self.found.needs = needs
        self._order_of_columns()
        try:
            self.found.order = ordered(names, needs)
        except Cycle as cycle:
            circle = " → ".join(cycle.members)
            self.problem(
                self.places.of_name(cycle.members[0]), "cycle",
                msg("These depend on each other in a circle: %(circle)s. Break it at one of them.", circle=circle),
            )  # fmt: skip

    def _order_of_columns(self) -> None:
        """In which order the cells of a row are read."""
        for table in self.tables.values():
            needs = column_needs(table, self.found.rules)
            try:
                self.found.columns[table.key] = ordered([each.key for each in table.columns if not each.compute], needs)
            except Cycle as cycle:
                circle = " → ".join(f"{table.key}.{each}" for each in cycle.members)
                self.problem(
                    self.places.of_name(f"{table.key}.{cycle.members[0]}"), "cycle",
                    msg("These depend on each other in a circle: %(circle)s. Break it at one of them.", circle=circle),
                )  # fmt: skip

    def _order_of_fills(self, needs: dict[str, set[str]]) -> None:
        for each in self.form.fields:
            for key in each.options.get("fill", ()) if each.type == "lookup" else ():
                if key in needs and key != each.key:
                    needs[key].add(each.key)

    def _order_of_rules(self, needs: dict[str, set[str]]) -> None:
        for parsed in self.found.rules:
            rule = parsed.rule
            asked = self.nodes(reads(parsed.when), parsed.table)
            for name in (*rule.show, *rule.hide, *rule.readonly, *rule.set):
                for node in self._given_by(name, needs):
                    needs[node] |= asked - {node if parsed.table == node else ""}
            for key, tree in parsed.sets.items():
                for node in self._given_by(key, needs):
                    asked = self.nodes(formulas.fields_of(tree), parsed.table)
                    needs[node] |= asked - {node if parsed.table == node else ""}

    def _given_by(self, name: str, needs: Mapping[str, Any]) -> Iterable[str]:
        """The node that gives ``name`` its value: a plain column is read with its table."""
        if name in needs:
            return (name,)
        table = name.partition(".")[0]
        return (table,) if table in needs else ()

    def nodes(self, names: Iterable[str], table: str | None) -> set[str]:
        """The nodes that ``names`` mean, inside a line item of ``table`` if one is given."""
        return nodes_of(self.form, names, table)


class _UnknownFields(dict[str, Kind]):
    """Every field there may be."""

    def get(self, key: str, default: Any = None) -> Kind:  # noqa: ARG002
        return UNKNOWN


UNKNOWN_FIELDS: Mapping[str, Kind] = _UnknownFields()


def nodes_of(form: Form, names: Iterable[str], table: str | None = None) -> set[str]:
    """The nodes that ``names`` mean: fields, computed columns, or the tables of plain columns."""
    found: set[str] = set()
    for name in names:
        if name in FACTS:
            continue
        if table is not None and (column := _column(form, table, name)) is not None:
            found.add(f"{table}.{name}" if column.compute else table)
            continue
        outer, dot, inner = name.partition(".")
        if not dot:
            found.add(name)
        elif (column := _column(form, outer, inner)) is not None:
            found.add(name if column.compute else outer)
    return {name for name in found if "." in name or form.field(name) is not None}


def column_needs(table: Field, rules: Iterable[ParsedRule]) -> dict[str, set[str]]:
    """Which columns that are read must be known before which, inside a row."""
    plain = {each.key for each in table.columns if not each.compute}
    needs: dict[str, set[str]] = {key: set() for key in plain}
    for each in table.columns:
        for key in each.options["fill"] if each.type == "lookup" else ():
            if key in plain and key != each.key:
                needs[key].add(each.key)
    for parsed in rules:
        if parsed.table == table.key and parsed.check is None:
            rule = parsed.rule
            for name in (*rule.show, *rule.hide, *rule.readonly, *rule.set):
                tree = parsed.sets.get(name)
                own = reads(parsed.when) | (formulas.fields_of(tree) if tree is not None else frozenset())
                needs.get(name.partition(".")[2], set()).update(own & plain)
    return needs


def reads(question: Question | None) -> frozenset[str]:
    """Names that a question reads."""
    if question is None:
        return frozenset()
    if isinstance(question, formulas.Literal | formulas.Name | formulas.Call):
        return formulas.fields_of(question)
    return conditions.fields_of(question)


def _column(form: Form, table: str, key: str) -> Field | None:
    outer = form.field(table)
    return next((each for each in outer.columns if each.key == key), None) if outer is not None else None


def _is_filled(target: Field, table: Field | None) -> bool:
    if target.columns:
        return table is None
    return find(target.type).value_kind not in ("none", "files", "json")


def _kinds_of(form: Form) -> dict[str, Kind]:
    from .types import kinds_of

    return kinds_of(form)
