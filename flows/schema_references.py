"""What a flow refers to: fields, steps, actions, templates, selectors; and whether its parts fit each other."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from ..forms import formulas
from ..forms.conditions import Condition, parse
from ..forms.conditions.parse import no_field
from ..forms.definition import Form
from ..forms.kinds import FACTS, Base
from ..forms.kinds import Kind as FieldKind
from ..platform.problems import Problem, Severity, pointer
from ..platform.text import Message, msg
from .definition import APPROVER, SUBMITTER, SUM, Authority, Flow, Kind, Mode, Right, Selectors, Step
from .run import START
from .selectors import Scope, check

APPROVE_WORDS = ("approve", "reject", "return", "transfer", "add", "delegate")
WORK_WORDS = ("complete", "reject", "return", "transfer", "add", "delegate")
VERDICTS = ("approve", "reject", "return", "complete")
PEOPLE = (Kind.APPROVE, Kind.WORK)


def behind(steps: tuple[Step, ...]) -> dict[str, tuple[str, ...]]:
    """For each step those before it on which people act: where it may send back, whose approvers it may name.

    Steps in branches beside it are not before it; those in branches that came together again are.
    """
    found: dict[str, tuple[str, ...]] = {}

    def walk(inner: tuple[Step, ...], before: tuple[str, ...]) -> tuple[str, ...]:
        for step in inner:
            found[step.id] = before
            after = before + ((step.id,) if step.kind in PEOPLE else ())
            for branch in step.branches:
                after += tuple(each for each in walk(branch.steps, before) if each not in after)
            before = after
        return before

    walk(steps, ())
    return found


def sum_kinds(authority: Authority | None) -> dict[str, FieldKind]:
    """The sums of a flow's authority, as facts that stand beside the fields."""
    return {each.fact: FieldKind(Base.NUMBER) for each in authority.sums} if authority is not None else {}


class References:
    """Checks a flow against its form and what plugins offer; ``None`` is not checked."""

    def __init__(
        self,
        form: Form | None,
        kinds: Mapping[str, FieldKind] | None,
        actions: Collection[str] | None,
        templates: Collection[str] | None,
    ) -> None:
        self.form = form
        self.kinds = kinds
        self.actions = actions
        self.templates = templates

    def condition(self, document: Any, path: str) -> tuple[Condition, list[Problem]]:
        """A branch's condition over the form's fields and the facts."""
        return parse(document, self.kinds, path)

    def check(self, flow: Flow) -> Iterator[Problem]:
        """Everything that does not fit, in the order of the document."""
        yield from self._settings(flow)
        yield from _ids(flow)
        earlier = behind(flow.steps)
        for step in flow.walk():
            scope = Scope(self.kinds, earlier.get(step.id))
            yield from self._step(step, scope, earlier.get(step.id, ()), {each.id for each in flow.walk()})
        yield from _trials(flow)

    def _settings(self, flow: Flow) -> Iterator[Problem]:
        if self.form is not None and flow.form and flow.form != self.form.key:
            yield Problem(
                "/form", "wrong_form",
                msg("The flow is for the form %(flow)s, not for %(form)s.", flow=flow.form, form=self.form.key),
            )  # fmt: skip
        for index, key in enumerate(flow.settings.material):
            yield from self._field(key, pointer("settings", "material", index))
        for key, right in flow.settings.start.items():
            yield from self._field(key, "/settings/start" + pointer(key), right)
        if flow.settings.authority is not None:
            yield from self._authority(flow, flow.settings.authority)
        if flow.settings.owner is not None:
            yield from _selectors((flow.settings.owner,), "/settings/owner", Scope(self.kinds, None), single=True)

    def _authority(self, flow: Flow, authority: Authority) -> Iterator[Problem]:
        path = "/settings/authority"
        yield from self._amount(authority.amount, path + "/amount")
        seen: set[str] = set()
        for index, each in enumerate(authority.sum_over):
            at = path + pointer("sum_over", index)
            if each.by not in (APPROVER, SUBMITTER):
                yield from self._field(each.by, at + "/by")
            if each.by == APPROVER and each.within is None:
                yield Problem(
                    at, "missing",
                    msg('What somebody approved is summed up within a time. Add "within", for example "P1D".'),
                )  # fmt: skip
            if each.name in seen:
                message = msg("Two sums are called “%(name)s”. Give one a “name”.", name=each.name)
                yield Problem(at, "duplicate_id", message)
            seen.add(each.name)
        if authority.second:
            yield from _selectors(authority.second, path + "/second", Scope(self.kinds, None))
        if authority.second and authority.two_above is None:
            message = msg("“second” is asked above an amount. Add “two_above”, or remove “second”.")
            yield Problem(path + "/second", "missing", message)
        if authority.two_above is not None and all(step.kind is not Kind.APPROVE for step in flow.walk()):
            message = msg("Two persons are wanted, but nobody is asked to approve. Add an approve step.")
            yield Problem(path + "/two_above", "nobody_approves", message)

    def _amount(self, key: str, path: str) -> Iterator[Problem]:
        if self.kinds is None or not key:
            return
        kind = self.kinds.get(key)
        if kind is None or kind.table:
            yield Problem(path, "unknown_field", _no_field(key, self.kinds))
        elif kind.base is not Base.NUMBER:
            message = msg("The field %(key)s is not a number or money. Choose another field.", key=key)
            yield Problem(path, "wrong_kind", message)

    def _step(self, step: Step, scope: Scope, earlier: tuple[str, ...], known: set[str]) -> Iterator[Problem]:
        if step.kind in PEOPLE:
            yield from self._people(step, scope)
            yield from _returns(step, earlier, known)
        elif step.kind is Kind.ROUTE:
            yield from _route(step)
        elif step.kind is Kind.PARALLEL:
            yield from _parallel(step)
        elif step.kind is Kind.ACTION:
            yield from self._action(step)
        elif step.kind is Kind.NOTIFY:
            yield from _selectors(step.to, step.path + "/to", scope)
            yield from _template(step, self.templates)
        elif step.kind is Kind.WAIT:
            yield from self._wait(step)

    def _people(self, step: Step, scope: Scope) -> Iterator[Problem]:
        yield from _selectors(step.who, step.path + "/who", scope)
        if not isinstance(step.nobody, str):
            yield from _selectors(step.nobody, step.path + "/nobody", scope)
        yield from _share(step)
        yield from _words(step)
        for key, right in step.fields.items():
            yield from self._field(key, step.path + pointer("fields", key), right)
        if step.due is not None and step.due.then is not None:
            then = step.due.then
            yield from _selectors(then.to, step.path + "/due/then/to", scope)
            yield from _then(step, then.do, then.to)

    def _field(self, key: str, path: str, right: Right | None = None) -> Iterator[Problem]:
        """A field of the form, or a column as ``lines.quantity``; nobody edits what is computed."""
        if self.form is None or self.kinds is None:
            return
        table, _, column = key.partition(".")
        found = self.form.field(table)
        if found is not None and column:
            found = next((each for each in (*found.columns, *found.parts) if each.key == column), None)
        if found is None:
            yield Problem(path, "unknown_field", _no_field(key, self.kinds))
        elif right in (Right.EDIT, Right.REQUIRED) and (found.compute or found.total):
            yield Problem(
                path, "computed_field",
                msg("“%(key)s” is computed, nobody can fill it. Write read or hidden.", key=key),
            )  # fmt: skip

    def _action(self, step: Step) -> Iterator[Problem]:
        yield from _offered(step.do, self.actions, step.path + "/do", "unknown_action")
        for key in step.into:
            yield from self._field(key, step.path + pointer("into", key), Right.EDIT)
        for name, argument in step.arguments.items():
            path = step.path + pointer("with", name)
            if isinstance(argument, Mapping) and "field" in argument:
                yield from self._value_field(str(argument["field"]), path + "/field")
            elif isinstance(argument, Mapping) and "formula" in argument:
                yield from self._formula(str(argument["formula"]), path + "/formula")

    def _value_field(self, key: str, path: str) -> Iterator[Problem]:
        if key not in FACTS and not (self.kinds is not None and key.startswith(SUM) and key in self.kinds):
            yield from self._field(key, path)

    def _formula(self, text: str, path: str) -> Iterator[Problem]:
        try:
            tree = formulas.parse(text)
            if self.kinds is not None:
                formulas.check(tree, self.kinds)
        except formulas.FormulaError as error:
            yield Problem(path, "formula", error.message)

    def _wait(self, step: Step) -> Iterator[Problem]:
        ways = [
            name
            for name, given in (("for", step.wait_for), ("until", step.until), ("event", step.event))
            if given is not None
        ]
        if len(ways) != 1:
            yield Problem(
                step.path, "wait",
                msg("A wait has one of for, until and event; this one has %(found)s.", found=", ".join(ways) or "-"),
            )  # fmt: skip
        if step.limit is not None and step.event is None:
            yield Problem(
                step.path + "/limit", "wait", msg("A limit belongs to an event. Remove it, or name the event.")
            )
        if step.event is not None and step.limit is None:
            yield Problem(
                step.path, "no_limit",
                msg("Without a limit the request waits for ever if “%(event)s” never comes.", event=step.event),
                Severity.WARNING,
            )  # fmt: skip
        if step.until is not None:
            yield from self._until(step.until, step.path + "/until")

    def _until(self, key: str, path: str) -> Iterator[Problem]:
        if self.kinds is None:
            return
        kind = self.kinds.get(key)
        if kind is None:
            yield Problem(path, "unknown_field", _no_field(key, self.kinds))
        elif kind.base not in (Base.DATE, Base.DATETIME):
            yield Problem(path, "wrong_kind", msg("“%(key)s” is no date. Choose a date field.", key=key))


def _no_field(key: str, kinds: Mapping[str, FieldKind]) -> Message:
    return no_field(key, {name: kind for name, kind in kinds.items() if "." not in name})


def _offered(name: str, offered: Collection[str] | None, path: str, code: str) -> Iterator[Problem]:
    if not name or offered is None or name in offered:
        return
    near = get_close_matches(name, offered, n=1)
    known = ", ".join(sorted(offered)) or "-"
    yield Problem(
        path, code,
        msg("No “%(name)s” is offered. Did you mean “%(near)s”?", name=name[:80], near=near[0])
        if near
        else msg("No “%(name)s” is offered. Known: %(known)s.", name=name[:80], known=known),
    )  # fmt: skip


def _template(step: Step, offered: Collection[str] | None) -> Iterator[Problem]:
    if not step.template or offered is None or step.template in offered:
        return
    yield Problem(
        step.path + "/template", "unknown_template",
        msg(
            "No template “%(name)s”: the message is sent in general words. Known: %(known)s.",
            name=step.template[:80],
            known=", ".join(sorted(offered)) or "-",
        ),
        Severity.WARNING,
    )  # fmt: skip


def _selectors(selectors: Selectors, path: str, scope: Scope, *, single: bool = False) -> Iterator[Problem]:
    for index, selector in enumerate(selectors):
        wrong = check(selector, scope)
        if wrong is not None:
            yield Problem(path if single else path + pointer(index), *wrong)


def _trials(flow: Flow) -> Iterator[Problem]:
    """Test cases speak of steps that there are, and expect something."""
    known = [step.id for step in flow.walk() if step.kind in PEOPLE]
    names: set[str] = set()
    for trial in flow.cases:
        if trial.name in names:
            message = msg("Two test cases are called “%(name)s”. Rename one.", name=trial.name)
            yield Problem(trial.path + "/name", "duplicate_id", message)
        names.add(trial.name)
        if trial.outcome is None and trial.route is None and not trial.people:
            message = msg("Nothing is expected. Add outcome, route or people.")
            yield Problem(trial.path + "/expect", "missing", message)
        said = [(f"/expect/route/{place}", step) for place, step in enumerate(trial.route or ())]
        said += [(pointer("expect", "people", step), step) for step in trial.people]
        for path, step in said:
            if step not in known:
                yield Problem(
                    trial.path + path, "unknown_step",
                    msg("No step “%(step)s” where people act. Known: %(known)s.", step=step[:60],
                        known=", ".join(known) or "-"),
                )  # fmt: skip


def _ids(flow: Flow) -> Iterator[Problem]:
    seen: set[str] = set()
    for step in flow.walk():
        if step.id == START:
            yield Problem(
                step.path + "/id", "reserved_id", msg("“start” is where requests begin. Give the step another id.")
            )
        elif step.id in seen:
            yield Problem(
                step.path + "/id", "duplicate_id", msg("The id “%(id)s” stands twice. Give one another.", id=step.id)
            )
        if step.id:
            seen.add(step.id)
        yield from _branch_ids(step)


def _branch_ids(step: Step) -> Iterator[Problem]:
    seen: set[str] = set()
    for branch in step.branches:
        if branch.id and branch.id in seen:
            yield Problem(
                branch.path + "/id",
                "duplicate_id",
                msg("The id “%(id)s” stands twice. Give one another.", id=branch.id),
            )
        seen.add(branch.id)


def _share(step: Step) -> Iterator[Problem]:
    if step.mode is Mode.VOTE and step.share is None:
        yield Problem(step.path + "/share", "missing", msg('A vote needs a share that must agree, for example "0.5".'))
    if step.mode is not Mode.VOTE and step.share is not None:
        yield Problem(
            step.path + "/share", "share", msg("Only a vote has a share. Remove it, or set the mode to vote.")
        )
    elif step.share is not None and not Decimal(0) < step.share <= 1:
        yield Problem(
            step.path + "/share", "share",
            msg("%(share)s is no share. Write more than 0 and at most 1, for example \"0.5\".", share=str(step.share)),
        )  # fmt: skip


def _words(step: Step) -> Iterator[Problem]:
    known = APPROVE_WORDS if step.kind is Kind.APPROVE else WORK_WORDS
    yield from _known_words(step.actions, known, step.path + "/actions", "unknown_action_word")
    yield from _known_words(step.reason_on, VERDICTS, step.path + "/reason_on", "unknown_verdict")
    if known[0] not in step.actions:
        yield Problem(
            step.path + "/actions", "no_way_on",
            msg("Without “%(word)s” nobody can let the request go on. Add it.", word=known[0]),
        )  # fmt: skip


def _known_words(words: Iterable[str], known: tuple[str, ...], path: str, code: str) -> Iterator[Problem]:
    for index, word in enumerate(words):
        if word not in known:
            yield Problem(
                path + pointer(index), code,
                msg("“%(word)s” is not known here. Known: %(known)s.", word=word[:60], known=", ".join(known)),
            )  # fmt: skip


def _then(step: Step, do: str, to: Selectors) -> Iterator[Problem]:
    path = step.path + "/due/then"
    if do == "transfer" and not to:
        yield Problem(path + "/to", "missing", msg("A transfer needs somebody. Add “to” with selectors."))
    if do in ("approve", "reject") and to:
        yield Problem(path + "/to", "then", msg("“%(do)s” needs nobody. Remove “to”.", do=do))
    if do == "approve" and step.kind is Kind.APPROVE:
        yield Problem(
            path + "/do", "approved_by_time",
            msg("Whoever does not answer approves: nobody may have looked at the request."), Severity.WARNING,
        )  # fmt: skip


def _returns(step: Step, earlier: tuple[str, ...], known: set[str]) -> Iterator[Problem]:
    if step.return_to and "return" not in step.actions:
        yield Problem(
            step.path + "/return_to", "return_target",
            msg("“return” is not among the actions, so it leads nowhere. Add it to actions, or remove return_to."),
        )  # fmt: skip
    for index, target in enumerate(step.return_to):
        if target == START or target in earlier:
            continue
        path = step.path + pointer("return_to", index)
        possible = ", ".join((START, *earlier))
        yield Problem(
            path, "return_target" if target in known else "unknown_step",
            msg("“%(to)s” does not lie behind this step. Possible: %(possible)s.", to=target[:60], possible=possible)
            if target in known
            else msg("No step “%(to)s”. Possible: %(possible)s.", to=target[:60], possible=possible),
        )  # fmt: skip


def _route(step: Step) -> Iterator[Problem]:
    others = [branch for branch in step.branches if branch.otherwise]
    for branch in others[1:]:
        yield Problem(
            branch.path + "/otherwise", "two_otherwise", msg("Only one branch can be taken otherwise. Remove one.")
        )


def _parallel(step: Step) -> Iterator[Problem]:
    if len(step.branches) == 1:
        yield Problem(
            step.path + "/branches", "one_branch", msg("One branch runs beside nothing. Add another."), Severity.WARNING
        )
