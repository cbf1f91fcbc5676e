"""What the API of requests answers, for its description: answers are made by hand, not dumped through these."""

import marshmallow as ma


class WaitingSchema(ma.Schema):
    """What a run waits for: ``people`` of a task of persons, ``pool`` of one that nobody claimed yet."""

    task = ma.fields.Integer(required=True)
    step = ma.fields.String(required=True)
    people = ma.fields.List(ma.fields.String())
    pool = ma.fields.String()
    due_at = ma.fields.DateTime(allow_none=True, required=True)


class TaskRecordSchema(ma.Schema):
    """The request of a task, in brief; ``summary`` in words, by field."""

    id = ma.fields.Integer(required=True)
    number = ma.fields.String(allow_none=True)
    form = ma.fields.String()
    title = ma.fields.String(required=True)
    submitted_by = ma.fields.String(allow_none=True)
    summary = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)


class TaskStepSchema(ma.Schema):
    id = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)


class TaskSchema(ma.Schema):
    """A task; ``fields`` are the rights of its step, ``why`` says how it came to this person."""

    class Meta:
        include = {"fields": ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)}

    id = ma.fields.Integer(required=True)
    run = ma.fields.Integer()
    record = ma.fields.Nested(TaskRecordSchema, required=True)
    step = ma.fields.Nested(TaskStepSchema, required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(["open", "claimed", "closed"]))
    assigned_at = ma.fields.DateTime(required=True)
    due_at = ma.fields.DateTime(allow_none=True, required=True)
    overdue = ma.fields.Boolean(required=True)
    actions = ma.fields.List(ma.fields.String(), required=True)
    why = ma.fields.String(required=True)
    claimed_by = ma.fields.String(allow_none=True)
    verdict = ma.fields.String(allow_none=True)
    decided_by = ma.fields.String(allow_none=True)


class CountSchema(ma.Schema):
    """``capped``: there are more than ``value``."""

    value = ma.fields.Integer(required=True)
    capped = ma.fields.Boolean(required=True)


class InboxSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(TaskSchema), required=True)
    next = ma.fields.String(allow_none=True, required=True)
    count = ma.fields.Nested(CountSchema, required=True)


class MomentSchema(ma.Schema):
    """One entry of the history: ``by`` whom, ``as`` what (person, delegate, timer, rule …), and what it changed."""

    class Meta:
        include = {"as": ma.fields.String(required=True)}

    id = ma.fields.Integer(required=True)
    at = ma.fields.DateTime(required=True)
    by = ma.fields.String(allow_none=True, required=True)
    by_name = ma.fields.String(allow_none=True)
    on_behalf_of = ma.fields.String(allow_none=True)
    event = ma.fields.String(required=True)
    text = ma.fields.String()
    comment = ma.fields.String(allow_none=True)
    before = ma.fields.Dict(allow_none=True)
    after = ma.fields.Dict(allow_none=True)
    data = ma.fields.Dict()
    hash = ma.fields.String()


class HistorySchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(MomentSchema), required=True)
    next = ma.fields.String(allow_none=True, required=True)


class ResultSchema(ma.Schema):
    """What became of one task; ``code`` and ``message`` say why not."""

    task = ma.fields.Integer(required=True)
    ok = ma.fields.Boolean(required=True)
    code = ma.fields.String(allow_none=True, required=True)
    message = ma.fields.String(allow_none=True, required=True)


class ResultsSchema(ma.Schema):
    results = ma.fields.List(ma.fields.Nested(ResultSchema), required=True)
    ready = ma.fields.List(ma.fields.Integer(), required=True)
    needs_input = ma.fields.List(ma.fields.Integer(), required=True)
    blocked = ma.fields.List(ma.fields.Integer(), required=True)


class FoundProblemSchema(ma.Schema):
    """A problem of a definition: ``path`` is a JSON Pointer, ``example`` a case where it shows."""

    file = ma.fields.String()
    path = ma.fields.String(required=True)
    code = ma.fields.String(required=True)
    severity = ma.fields.String()
    message = ma.fields.String(required=True)
    example = ma.fields.Raw(allow_none=True)


class CheckedSchema(ma.Schema):
    problems = ma.fields.List(ma.fields.Nested(FoundProblemSchema), required=True)
    ok = ma.fields.Boolean(required=True)


class PredictedStepSchema(ma.Schema):
    """``people`` are all who may act; ``skipped`` the reason why a step is passed over."""

    id = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    people = ma.fields.List(ma.fields.String(), required=True)
    pool = ma.fields.String(allow_none=True)
    due = ma.fields.String(allow_none=True)
    why = ma.fields.String(allow_none=True)
    skipped = ma.fields.String(allow_none=True)


class RouteSchema(ma.Schema):
    outcome = ma.fields.String(required=True)
    steps = ma.fields.List(ma.fields.Nested(PredictedStepSchema), required=True)
    problems = ma.fields.List(ma.fields.Nested(FoundProblemSchema), required=True)


class CellsSchema(ma.Schema):
    """Cells of line items of which rules say something else than of their column, by pointer: ``/lines/0/reason``;
    ``/lines/-/reason`` in a row that is still blank."""

    hidden = ma.fields.List(ma.fields.String(), required=True)
    required = ma.fields.List(ma.fields.String(), required=True)
    readonly = ma.fields.List(ma.fields.String(), required=True)


class EvaluatedSchema(ma.Schema):
    values = ma.fields.Dict(required=True)
    visible = ma.fields.List(ma.fields.String(), required=True)
    required = ma.fields.List(ma.fields.String(), required=True)
    readonly = ma.fields.List(ma.fields.String(), required=True)
    cells = ma.fields.Nested(CellsSchema, required=True)
    problems = ma.fields.List(ma.fields.Nested(FoundProblemSchema), required=True)
    route = ma.fields.Nested(RouteSchema, allow_none=True, required=True)


class CountedSchema(ma.Schema):
    """A person, and for how many requests."""

    person = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    count = ma.fields.Integer(required=True)


class ByRuleSchema(ma.Schema):
    """Requests that end without any person's approval, and their money."""

    count = ma.fields.Integer(required=True)
    money = ma.fields.String(required=True)


class ByRulesSchema(ma.Schema):
    before = ma.fields.Nested(ByRuleSchema, required=True)
    after = ma.fields.Nested(ByRuleSchema, required=True)


class OutcomesSchema(ma.Schema):
    before = ma.fields.String(required=True)
    after = ma.fields.String(required=True)
    count = ma.fields.Integer(required=True)


class ReplayedCaseSchema(ma.Schema):
    """One request that would have gone another way; ``asked`` and ``spared`` are people, steps are ids."""

    record = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    status = ma.fields.String(required=True)
    asked = ma.fields.List(ma.fields.String(), required=True)
    spared = ma.fields.List(ma.fields.String(), required=True)
    steps_added = ma.fields.List(ma.fields.String(), required=True)
    steps_dropped = ma.fields.List(ma.fields.String(), required=True)
    hours = ma.fields.Float(required=True, metadata={"description": "Negative: saved"})
    outcome_before = ma.fields.String(required=True)
    outcome_after = ma.fields.String(required=True)


class ReplayedSchema(ma.Schema):
    """What a draft would have changed: requests asked again, people newly asked and spared, money by rule."""

    requests = ma.fields.Integer(required=True)
    changed = ma.fields.Integer(required=True)
    hours = ma.fields.Float(required=True)
    asked = ma.fields.List(ma.fields.Nested(CountedSchema), required=True)
    spared = ma.fields.List(ma.fields.Nested(CountedSchema), required=True)
    by_rule = ma.fields.Nested(ByRulesSchema, required=True)
    outcomes = ma.fields.List(ma.fields.Nested(OutcomesSchema), required=True)
    stuck = ma.fields.List(ma.fields.String(), required=True)
    cases = ma.fields.List(ma.fields.Nested(ReplayedCaseSchema), required=True)


class ReportSchema(ma.Schema):
    """Rows of a report; their keys are those of the report."""

    items = ma.fields.List(ma.fields.Dict(), required=True)
    next = ma.fields.String(allow_none=True)
