"""A draft of a form as people would meet it: drawn, filled and sent on its way, with nothing stored."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from werkzeug.datastructures import MultiDict

from ..forms import catalogue as forms
from ..forms import filling, stencils
from ..forms import service as form_service
from ..forms.compile import compile_form
from ..forms.filling import Drawn, Sent, Sheet
from ..forms.program import FormProgram
from ..forms.reading import Reading
from ..forms.records import Record
from ..forms.schema import read_form
from ..forms.wire import raw_of
from ..forms.wire import sent_of as filled_with
from ..platform import clock, definitions, json
from ..platform.caches import cache
from ..platform.errors import Refused, SignoffError
from ..platform.people import service as people
from ..platform.people.directory import Person
from ..platform.problems import Problem, errors_of
from ..platform.text import msg
from . import catalogue, drafting, predicting, trying
from .predict import Prediction
from .program import FlowProgram
from .run import START
from .trying import Trial

KEPT = 20
"""Drafts of which the programs are remembered: each key that somebody types in a preview asks for its draft anew."""


@dataclass(frozen=True)
class DraftSheet(Sheet):
    """A draft that somebody fills; ``later``: what its flow leaves to others, who fill it on the way."""

    later: frozenset[str] = frozenset()

    @cached_property
    def withheld(self) -> frozenset[str]:
        return self.later

    def read(self, raw: Mapping[str, Any]) -> Reading:
        return self.program.read(raw, form_service.context_of(self.by, None, withheld=self.later))


@dataclass(frozen=True)
class Preview:
    """A draft, who looks at it, and at which step of its flow; ``flow`` is ``None`` where no flow fits the draft.

    ``trial``: what is filled is tried with a draft of the flow, all that is filled on the way included.
    """

    program: FormProgram
    by: Person
    flow: FlowProgram | None
    token: str
    step: str = START
    trial: Trial | None = None

    def sheet(self, values: Mapping[str, Any] | None = None, reading: Reading | None = None) -> Sheet:
        """The form as it is filed; or at a later step, holding ``values``."""
        if self.step == START or self.flow is None:
            later = self.flow.withheld if self.flow is not None and self.trial is None else frozenset[str]()
            return DraftSheet(self.program, self.by, later=later)
        record = _pretended(self.program, self.by, values or {}, reading.links if reading else {})
        return Sheet(self.program, self.by, record, self._rights())

    def _rights(self) -> dict[str, str]:
        assert self.flow is not None
        computed = self.program.computed
        rights = {key: right.value for key, right in self.flow.rights(self.step).items()}
        return {key: "edit" if key in computed and right == "read" else right for key, right in rights.items()}

    def typed(self, sent: Sent) -> Reading:
        """What was typed, whoever may see it."""
        sheet = DraftSheet(self.program, self.by) if self.trial is not None else Sheet(self.program, self.by)
        return sheet.read(raw_of(self.program.form.fields, sent))

    def tried(self, sent: Sent) -> dict[str, Any] | None:
        """The values as a test case holds them and their route, where they are tried."""
        if self.trial is None:
            return None
        return self.trial.tried(self.program, self.typed(sent), raw_of(self.program.form.fields, sent))

    def reopened(self, values: Mapping[str, Any]) -> tuple["Preview", Sent]:
        """A test case in the form again: what the form cannot hold of its ``values`` is set by hand."""
        assert self.trial is not None
        fields = self.program.form.fields
        sent: Sent = MultiDict()
        for name, texts in filled_with(fields, values).items():
            sent.setlist(name, texts)
        filled = trying.case_values(self.program, self.typed(sent), raw_of(fields, sent), {})
        by_hand = trying.not_in_form(self.program, values, filled)
        return replace(self, trial=replace(self.trial, by_hand=by_hand)), sent

    def opened(self, sent: Sent, problems: bool = False) -> tuple[Sheet, Drawn]:
        """The form with what was typed into it already; ``problems``: with what is wrong with it."""
        if self.step != START:
            reading = self.typed(sent)
            sheet = self.sheet(reading.values, reading)
            return sheet, filling.opened(sheet)
        sheet = self.sheet()
        if not any(name.startswith("f-") for name in sent):
            return sheet, filling.opened(sheet)
        wrong = self.wrong(sheet, sent) if problems else ()
        return sheet, filling.redrawn(sheet, sent, wrong, complain=problems)

    def wrong(self, sheet: Sheet, sent: Sent) -> tuple[Problem, ...]:
        """What would stand in the way of sending it."""
        return tuple(sheet.read(raw_of(self.program.form.fields, sent)).problems)

    def route(self, reading: Reading) -> Prediction | None:
        """Where it would go."""
        if self.flow is None:
            return None
        return predicting.of_values(self.flow, self.program.form.key, reading.values, self.by.key)


def of(document: Mapping[str, Any], by: Person, step: str = START) -> Preview:
    """The preview of a draft, with the flow in force for its form.

    Raises:
        Refused: with the errors that keep the draft from being drawn.
    """
    program = _program(document)
    flow = _flow(program)
    known = flow is not None and step in flow.steps
    return Preview(program, by, flow, token_of(document), step if known else START)


def of_trial(
    document: Mapping[str, Any], by: Person, flow: Mapping[str, Any], asker: Person, by_hand: Mapping[str, Any]
) -> Preview:
    """The preview of a draft whose requests would go through a draft of its flow, asked for by ``asker``.

    Raises:
        Refused: with the errors that keep the form from being drawn.
    """
    program = _program(document)
    compiled, problems = _drafted(flow, program, token_of([document, flow]))
    if compiled is not None and compiled.flow.form != program.form.key:
        message = msg("The flow is one of %(of)s, not of %(form)s.", of=repr(compiled.flow.form), form=program.form.key)
        compiled, problems = None, (Problem("/form", "wrong_form", message),)
    trial = Trial(compiled, problems, asker, by_hand)
    return Preview(program, by, compiled, token_of(document), trial=trial)


def person(key: str, default: Person) -> Person:
    """Whose form it is; somebody who is not known is whoever looks."""
    return people.directory().person(key) or default


def sent_of(form: Mapping[str, Any], kept: str) -> Sent:
    """What was typed: what the page at a step could not show was kept beside it as JSON."""
    sent: Sent = MultiDict()
    try:
        before = json.parse_object(kept) if kept else {}
    except SignoffError:
        before = {}
    for name, texts in before.items():
        if name.startswith("f-") and isinstance(texts, list):
            sent.setlist(name, [text for text in texts if isinstance(text, str)])
    multi = MultiDict(form)
    for name in multi:
        if name.startswith("f-"):
            sent.setlist(name, multi.getlist(name))
    return sent


def keep(sent: Sent) -> str:
    """What was typed as JSON, to be sent along."""
    return json.dumps({name: sent.getlist(name) for name in sent if name.startswith("f-")})


def drafted(key: str, token: str) -> FormProgram | None:
    """The program of a draft that was drawn a moment ago; where another process drew it, of the form as it is kept."""
    found: FormProgram | None = _programs().get(token)
    if found is not None:
        return found if found.form.key == key else None
    stored = definitions.draft("form", key) or definitions.current("form", key)
    try:
        return _program(stored.document) if stored is not None else None
    except Refused:
        return None


def token_of(document: Any) -> str:
    """A short name for a draft."""
    return hashlib.sha256(json.canonical(document).encode()).hexdigest()[:24]


def _programs() -> OrderedDict[str, FormProgram]:
    known: OrderedDict[str, FormProgram] = cache("flows.previews").setdefault("programs", OrderedDict())
    return known


def _program(document: Mapping[str, Any]) -> FormProgram:
    """The compiled draft, remembered for the next key that is typed."""
    known, token = _programs(), token_of(document)
    found = known.pop(token, None)
    if found is None:
        read, problems = read_form(document)
        found, more = compile_form(read, forms=forms.form) if read is not None else (None, [])
        if found is None:
            raise Refused.because(errors_of([*problems, *more]))
    known[token] = found
    while len(known) > KEPT:
        stencils.forget(known.popitem(last=False)[1])
    return found


def _drafted(flow: Mapping[str, Any], form: FormProgram, token: str) -> tuple[FlowProgram | None, tuple[Problem, ...]]:
    """The compiled draft of a flow, remembered like that of its form."""
    known: OrderedDict[str, Any] = cache("flows.previews").setdefault("flows", OrderedDict())
    found: tuple[FlowProgram | None, tuple[Problem, ...]] | None = known.pop(token, None)
    if found is None or (found[0] is not None and found[0].form is not form):
        program, problems = drafting.program_of(flow, form)
        found = program, tuple(problems)
    known[token] = found
    while len(known) > KEPT:
        known.popitem(last=False)
    return found


def _flow(program: FormProgram) -> FlowProgram | None:
    stored = catalogue.flow_of_form(program.form.key)
    return drafting.program_of(stored.document, program)[0] if stored is not None else None


def _pretended(program: FormProgram, by: Person, values: Mapping[str, Any], links: Mapping[str, Any]) -> Record:
    """A request that was never filed."""
    now = clock.now()
    return Record(
        id=0,
        form=program.form.key,
        version=program.version,
        number=None,
        status="open",
        revision=1,
        values=values,
        links=links,
        title="",
        submitted_by=by.key,
        submitted_at=now,
        created_at=now,
        updated_at=now,
        access_code=None,
    )
