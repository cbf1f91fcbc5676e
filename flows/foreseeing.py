"""Routes beside a form that is being filled: worked out once a minute, whatever is typed that they do not ask for.

Each pause in typing asks for the route anew, and so does each page that opens. What the engine looks at on the way is
noted; while the same people, calendar, flow and submitter find the same there, the answer is the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask import current_app
from markupsafe import Markup

from ..forms.program import FormProgram
from ..platform import clock
from ..platform.caches import cache
from ..platform.people import service as people
from ..platform.people.current import current_language, current_zone
from . import cases, catalogue, predict, predicting
from .predict import Prediction
from .program import FlowProgram

Values = Mapping[str, Any]

MOST_FORMS = 500
MOST_WAYS = 8


class Watched(Mapping[str, Any]):
    """Values that note which of them were asked for; who goes through them asks for all."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._asked: set[str] | None = set()

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return self._values[key]

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return self._values.get(key, default)

    def __iter__(self) -> Iterator[str]:
        self._asked = None
        return iter(self._values)

    def __len__(self) -> int:
        self._asked = None
        return len(self._values)

    def _note(self, key: str) -> None:
        if self._asked is not None:
            self._asked.add(key)

    @property
    def asked(self) -> tuple[str, ...] | None:
        """Their keys, ``None`` for all."""
        return None if self._asked is None else tuple(sorted(self._asked))


@dataclass(frozen=True)
class Foreseen:
    """A route as it was worked out ``at`` a minute, and how it was told in each language and zone."""

    prediction: Prediction
    flow: FlowProgram
    at: datetime
    asked: tuple[str, ...] | None
    found: str
    _told: dict[Any, Any] = field(default_factory=dict, repr=False)

    def holds_for(self, values: Values) -> bool:
        return _found(values, self.asked) == self.found

    def json(self) -> dict[str, Any]:
        """As data, in the language of this request."""
        language = current_language()
        if language not in self._told:
            self._told[language] = predict.route_json(self.prediction, language)
        found: dict[str, Any] = self._told[language]
        return found

    def html(self, *, is_complete: bool) -> Markup:
        """Drawn for the side of the form, in the language and zone of this request."""
        place = (current_language(), current_zone(), is_complete)
        if place not in self._told:
            route = replace(predicting.view(self.prediction, self.flow, place[0], self.at), is_complete=is_complete)
            # a part of a page, which asks for nothing that pages are given
            template = current_app.jinja_env.get_template("signoff/flows/route_aside.html")
            self._told[place] = Markup(template.render(route=route))  # noqa: S704 - our own
        found: Markup = self._told[place]
        return found


def route(form: FormProgram, values: Values, submitter: str) -> Foreseen | None:
    """Where these values would go if ``submitter`` sent them this minute, ``None`` if the form has no flow."""
    stored = catalogue.flow_of_form(form.form.key)
    if stored is None:
        return None
    program = catalogue.flow_program(stored.key, stored.version, form.version)
    at = clock.now().replace(second=0, microsecond=0)
    if program.settings.authority is not None:  # what other requests come to changes with each of them
        return _worked_out(program, form, values, submitter, at)
    known = _ways(program, submitter, at)
    for each in known:
        if each.holds_for(values):
            return each
    found = _worked_out(program, form, values, submitter, at)
    known[:] = [found, *known[: MOST_WAYS - 1]]
    return found


def _ways(program: FlowProgram, submitter: str, at: datetime) -> list[Foreseen]:
    """What was worked out this minute for ``submitter``, the last first."""
    known = cache("flows.foreseen")
    if known.get("at") != at or len(known) > MOST_FORMS:
        known.clear()
        known["at"] = at
    # a calendar that was read anew is another one
    place = (program, submitter, people.directory().revision, cases.calendar_of(program))
    found: list[Foreseen] = known.setdefault(place, [])
    return found


def _worked_out(program: FlowProgram, form: FormProgram, values: Values, submitter: str, at: datetime) -> Foreseen:
    watched = Watched(values)
    prediction = predicting.of_values(program, form.form.key, watched, submitter, at)
    asked = watched.asked
    return Foreseen(prediction, program, at, asked, _found(values, asked))


def _found(values: Values, asked: tuple[str, ...] | None) -> str:
    """What stands there, told apart also where it only reads differently: 5 and 5.00."""
    return repr(dict(values) if asked is None else [values.get(key) for key in asked])
