"""The door from ``flow/1`` JSON: everything that is wrong with a flow at once, each with its path and the way out."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import marshmallow as ma

from ..forms.definition import Form
from ..forms.fields.options import (
    AnyJson,
    DecimalText,
    Flag,
    Key,
    KeyMap,
    Local,
    Names,
    OneOf,
    Text,
    shown,
)
from ..forms.program import FormProgram
from ..forms.schema_problems import StrictSchema, loaded
from ..forms.types import kinds_of
from ..platform.problems import Problem, errors_of, pointer
from ..platform.text import msg
from .definition import Branch, Flow, Kind, Mode, Settings, Step
from .run import START
from .schema_options import (
    Arguments,
    Length,
    Nobody,
    One,
    Rights,
    SchemaName,
    StartRights,
    Who,
    authority,
    due,
    made_authority,
    made_due,
)
from .schema_references import References, sum_kinds
from .schema_trials import read_trials

MAX_STEPS = 1000

APPROVE_ACTIONS = ("approve", "reject", "return", "transfer", "add")
WORK_ACTIONS = ("complete", "return", "transfer", "add")
REASON_ON = ("reject", "return")


class _SettingsSchema(StrictSchema):
    self_approval = OneOf("forbid", "escalate", "allow", load_default="forbid")
    repeat_approver = OneOf("ask", "skip", load_default="ask")
    withdraw = OneOf("until_decided", "always", "never", load_default="until_decided")
    calendar = Key()
    material = Names(load_default=())
    owner = One()
    grace = Length()
    authority = authority()
    start = StartRights(load_default={})


class _FlowSchema(StrictSchema):
    schema = SchemaName(required=True)
    key = Key(required=True)
    title = Local(required=True)
    form = Key(required=True)
    settings = ma.fields.Nested(_SettingsSchema)
    steps = ma.fields.List(AnyJson(), required=True)
    cases = ma.fields.List(AnyJson(), load_default=[])


class _StepSchema(StrictSchema):
    id = Key(required=True)
    kind = AnyJson(required=True)
    title = Local(load_default="")


class _WorkSchema(_StepSchema):
    who = Who(required=True)
    mode = OneOf(*Mode, load_default="any")
    share = DecimalText()
    nobody = Nobody(load_default="admin")
    fields_ = Rights(load_default={}, data_key="fields")
    actions = Names()
    reason_on = Names()
    return_to = Names()
    due = due()


class _BranchingSchema(_StepSchema):
    branches = ma.fields.List(AnyJson(), required=True)


class _RouteSchema(_BranchingSchema):
    hit = OneOf("unique", "first", load_default="unique")


class _ParallelSchema(_BranchingSchema):
    join = OneOf("all", "any", load_default="all")


class _AutoSchema(_StepSchema):
    verdict = OneOf("approve", "reject", required=True)
    reason = Local(required=True)


class _ActionSchema(_StepSchema):
    do = Text(required=True)
    arguments = Arguments(load_default={}, data_key="with")
    into = KeyMap(load_default={})
    on_error = OneOf("retry", "ask", "fail", load_default="retry")


class _NotifySchema(_StepSchema):
    to = Who(required=True)
    template = Text(required=True)
    channels = Names(load_default=())


class _WaitSchema(_StepSchema):
    wait_for = Length(data_key="for")
    until = Text()
    event = Text()
    limit = Length()


_STEPS: Mapping[str, ma.Schema] = {
    Kind.APPROVE: _WorkSchema(),
    Kind.WORK: _WorkSchema(),
    Kind.ROUTE: _RouteSchema(),
    Kind.PARALLEL: _ParallelSchema(),
    Kind.AUTO: _AutoSchema(),
    Kind.ACTION: _ActionSchema(),
    Kind.NOTIFY: _NotifySchema(),
    Kind.WAIT: _WaitSchema(),
}


class _BranchSchema(StrictSchema):
    id = Key(required=True)
    title = Local(load_default="")
    steps = ma.fields.List(AnyJson(), required=True)


class _WaySchema(_BranchSchema):
    when = AnyJson()
    otherwise = Flag(load_default=False)


_FLOW = _FlowSchema()
_WAY = _WaySchema()
_BRANCH = _BranchSchema()


def schemas() -> Mapping[str, ma.Schema]:
    """What a flow, a branch and a step of each kind may say: ``flow``, ``way``, ``branch``, ``step.approve``."""
    return {"flow": _FLOW, "way": _WAY, "branch": _BRANCH, **{f"step.{kind}": each for kind, each in _STEPS.items()}}


def read_flow(
    document: Any,
    form: Form | FormProgram | None,
    *,
    actions: Collection[str] | None = None,
    templates: Collection[str] | None = None,
) -> tuple[Flow | None, list[Problem]]:
    """The flow that ``document`` says, or ``None`` and everything that is wrong with it.

    ``form`` is the form of the flow, ``None``: its fields are not known, so not checked, and operands of conditions
    stay as they are in JSON. ``actions`` and ``templates`` are the names that plugins offer, ``None``: not checked.
    """
    if not isinstance(document, Mapping):
        return None, [
            Problem("", "wrong_type", msg("Expected a flow in braces, found %(value)s.", value=shown(document)))
        ]
    data, problems = loaded(_FLOW, document, "")
    fields = form if form is None or isinstance(form, Form) else form.form
    settings = _settings(data.get("settings", {}))
    kinds = {**kinds_of(fields), **sum_kinds(settings.authority)} if fields is not None else None
    reader = _StepReader(References(fields, kinds, actions, templates), problems)
    steps = reader.steps(data.get("steps", []), "/steps")
    flow = Flow(
        key=data.get("key", ""),
        title=data.get("title", ""),
        form=data.get("form", ""),
        settings=settings,
        steps=steps,
        cases=read_trials(data.get("cases", []), problems),
        document=dict(document),
    )
    problems += _whole(document, reader.count)
    problems += reader.references.check(flow)
    return (None if errors_of(problems) else flow), problems


def _settings(data: dict[str, Any]) -> Settings:
    if "authority" in data:
        data = {**data, "authority": made_authority(data["authority"])}
    return Settings(**data)


def _whole(document: Mapping[str, Any], count: int) -> Iterator[Problem]:
    if document.get("steps") == []:
        yield Problem("/steps", "missing", msg("A flow needs a step. Add one."))
    if count > MAX_STEPS:
        yield Problem("/steps", "too_many", msg("A flow has at most %(max)s steps.", max=MAX_STEPS))


class _StepReader:
    """Reads steps and branches, inner ones with them; what is wrong is added to ``problems``."""

    def __init__(self, references: References, problems: list[Problem]) -> None:
        self.references = references
        self.problems = problems
        self.count = 0

    def problem(self, path: str, code: str, message: str) -> None:
        self.problems.append(Problem(path, code, message))

    def steps(self, documents: list[Any], path: str) -> tuple[Step, ...]:
        found = (self.step(document, path + pointer(index)) for index, document in enumerate(documents))
        return tuple(step for step in found if step is not None)

    def step(self, document: Any, path: str) -> Step | None:
        self.count += 1
        if not isinstance(document, Mapping):
            self.problem(path, "wrong_type", msg("Expected a step in braces, found %(value)s.", value=shown(document)))
            return None
        kind = document.get("kind")
        if not isinstance(kind, str) or kind not in _STEPS:
            known = ", ".join(_STEPS)
            self.problem(
                path + "/kind",
                "unknown_kind" if "kind" in document else "missing",
                msg("%(value)s is no kind of step. Known: %(known)s.", value=shown(kind), known=known),
            )
            return None
        data, problems = loaded(_STEPS[kind], document, path)
        self.problems += problems
        return self._made(Kind(kind), data, path)

    def _made(self, kind: Kind, data: dict[str, Any], path: str) -> Step:
        data.pop("kind", None)
        if "fields_" in data:
            data["fields"] = data.pop("fields_")
        if "due" in data:
            data["due"] = made_due(data["due"])
        if "mode" in data:
            data["mode"] = Mode(data["mode"])
        if kind in (Kind.APPROVE, Kind.WORK):
            _fill_defaults(kind, data)
        if "branches" in data:
            data["branches"] = self.branches(kind, data["branches"], path + "/branches")
        return Step(id=data.pop("id", ""), kind=kind, path=path, **data)

    def branches(self, kind: Kind, documents: list[Any], path: str) -> tuple[Branch, ...]:
        if not documents:
            self.problem(path, "missing", msg("There is no branch. Add one."))
        found = (self.branch(kind, document, path + pointer(index)) for index, document in enumerate(documents))
        return tuple(branch for branch in found if branch is not None)

    def branch(self, kind: Kind, document: Any, path: str) -> Branch | None:
        if not isinstance(document, Mapping):
            self.problem(
                path, "wrong_type", msg("Expected a branch in braces, found %(value)s.", value=shown(document))
            )
            return None
        data, problems = loaded(_WAY if kind is Kind.ROUTE else _BRANCH, document, path)
        self.problems += problems
        when = None
        if kind is Kind.ROUTE:
            self._check_way(document, data, path)
            if "when" in data:
                when, wrong = self.references.condition(data["when"], path + "/when")
                self.problems += wrong
        steps = self.steps(data.get("steps", []), path + "/steps")
        return Branch(data.get("id", ""), path, data.get("title", ""), when, data.get("otherwise", False), steps)

    def _check_way(self, document: Mapping[str, Any], data: Mapping[str, Any], path: str) -> None:
        if "when" in document and data.get("otherwise"):
            self.problem(
                path + "/when", "when_and_otherwise",
                msg("This branch is taken otherwise, so it has no condition. Remove one of them."),
            )  # fmt: skip
        elif "when" not in document and not data.get("otherwise"):
            self.problem(path + "/when", "missing", msg('“when” is missing. Add a condition, or "otherwise": true.'))


def _fill_defaults(kind: Kind, data: dict[str, Any]) -> None:
    """What a step that says nothing offers: everything usual, back to the start, with reasons."""
    approves = kind is Kind.APPROVE
    data.setdefault("actions", APPROVE_ACTIONS if approves else WORK_ACTIONS)
    data.setdefault("reason_on", tuple(each for each in REASON_ON if each in data["actions"]))
    data.setdefault("return_to", (START,) if "return" in data["actions"] else ())
