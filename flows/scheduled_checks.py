"""What is wrong with the arguments of the works that schedules do with requests: all problems at once."""

from collections.abc import Mapping
from typing import Any

from ..forms import catalogue as forms
from ..forms import conditions
from ..forms.conditions.parse import no_field
from ..forms.records import STATUSES
from ..forms.types import kinds_of
from ..platform import notifications
from ..platform.durations import parse_duration
from ..platform.errors import NotFound
from ..platform.problems import Problem, pointer
from ..platform.receivers import check_keys, check_receivers
from ..platform.text import msg


def check_digest(arguments: Mapping[str, Any]) -> list[Problem]:
    return check_keys(arguments, ("to",)) + check_receivers(arguments.get("to"))


def check_report(arguments: Mapping[str, Any]) -> list[Problem]:
    found = check_keys(arguments, ("to", "period", "form"))
    found += check_receivers(arguments.get("to"))
    if arguments.get("to") is None:
        found.append(Problem("/to", "missing", msg("“to” is missing. Say who reads the report.")))
    return found + _check_durations(arguments, "period") + _check_form(arguments, optional=True)


def check_watch(arguments: Mapping[str, Any]) -> list[Problem]:
    known = ("form", "where", "status", "unchanged_for", "ended_for", "again", "then")
    found = check_keys(arguments, known)
    found += _check_form(arguments) + _check_durations(arguments, "unchanged_for", "ended_for", "again")
    for status in arguments.get("status") or ():
        if status not in STATUSES:
            known_ones = ", ".join(STATUSES)
            found.append(
                Problem(
                    "/status",
                    "not_offered",
                    msg("“%(key)s” must be one of: %(known)s.", key="status", known=known_ones),
                )
            )
    return found + _check_then(arguments.get("then"))


def _check_durations(arguments: Mapping[str, Any], *names: str) -> list[Problem]:
    found = []
    for name in names:
        if name in arguments:
            try:
                parse_duration(arguments[name])
            except ValueError as error:
                found.append(Problem(pointer(name), "wrong_duration", error.args[0]))
    return found


def _check_form(arguments: Mapping[str, Any], *, optional: bool = False) -> list[Problem]:
    """The form must be in force, and the condition one of its fields; where nothing is known, neither is looked at."""
    key = arguments.get("form")
    if key is None and optional:
        return []
    if not isinstance(key, str):
        return [Problem("/form", "missing", msg("“form” is missing. Name the form of the records."))]
    try:
        form = forms.program(key).form
    except NotFound as error:
        return [Problem("/form", "unknown_form", error.message)]
    where = arguments.get("where")
    return list(conditions.parse(where, kinds_of(form), "/where")[1]) if where is not None else []


def _check_then(then: object) -> list[Problem]:
    if not then:
        return [Problem("/then", "missing", msg("Nothing follows. Say who is told, or which record is opened."))]
    if not isinstance(then, Mapping) or not set(then) <= {"notify", "open"}:
        return [Problem("/then", "wrong_type", _THEN)]
    found: list[Problem] = []
    opening, telling = then.get("open"), then.get("notify")
    if opening is not None:
        if not isinstance(opening, Mapping) or not isinstance(opening.get("values", {}), Mapping):
            found.append(Problem("/then/open", "wrong_type", _THEN))
        else:
            found += [each.below("/then/open") for each in _check_opening(opening)]
    if telling is not None:
        found += [each.below("/then/notify") for each in _check_notify(telling)]
    return found


def _check_opening(opening: Mapping[str, Any]) -> list[Problem]:
    """The form must be in force, and know the fields that get values."""
    found = _check_form({"form": opening.get("form")})
    if found:
        return found
    known = kinds_of(forms.program(opening["form"]).form)
    return [
        Problem(pointer("values", key), "unknown_field", no_field(key, known))
        for key in opening.get("values", {})
        if key not in known
    ]


def _check_notify(telling: object) -> list[Problem]:
    if not isinstance(telling, Mapping) or not isinstance(telling.get("to"), list) or not telling["to"]:
        return [Problem("", "wrong_type", _THEN)]
    others = [each for each in telling["to"] if not (isinstance(each, Mapping) and set(each) == {"field"})]
    found = check_keys(telling, ("to", "template", "ask"))
    found += check_receivers(others) if others else []
    known = {template.key for template in notifications.templates()}
    if "template" in telling and telling["template"] not in known:
        message = msg(
            "No template %(key)s. Known: %(known)s.", key=repr(telling["template"]), known=", ".join(sorted(known))
        )
        found.append(Problem("/template", "unknown_template", message))
    return found


_THEN = msg(
    'What follows is {"notify": {"to": [{"role": "service"}, {"field": "customer_email"}]}} or '
    '{"open": {"form": "call_back", "values": {}}}.'
)
