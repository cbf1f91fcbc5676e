"""Actions: what the ``action`` steps of a flow can do, offered by plugins and by Signoff itself under a dotted name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from ..forms.records import Record
from ..platform.text import LocalText, msg


class ActionFailed(Exception):
    """The action could not be done. ``final``: no retry will help, the step's ``on_error`` asks or fails at once."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.final = final


@dataclass(frozen=True, slots=True)
class ActionContext:
    """What an action is given.

    ``key`` is the idempotency key: the same on every attempt of this call, and of no other; so is ``asked_at``, when
    the step was reached. ``conn`` is the transaction that completes the step, for transactional actions; ``None`` for
    those that go outside.
    """

    key: str
    arguments: Mapping[str, Any]
    record: Record
    run_id: int
    now: datetime
    asked_at: datetime
    conn: Connection | None = None

    def argument(self, name: str) -> Any:
        """The argument ``name``.

        Raises:
            ActionFailed: for good, if it is missing or blank.
        """
        value = self.arguments.get(name)
        if value is None or value == "":
            raise ActionFailed(
                msg("The action needs %(name)s, which is blank. Fill it and try again.", name=repr(name)), final=True
            )
        return value


@dataclass(frozen=True, slots=True)
class Asked:
    """What an action gives that asked for another request: the step waits until ``record`` comes to its end."""

    record: Record


Perform = Callable[[ActionContext], Mapping[str, Any] | Asked]


@dataclass(frozen=True, slots=True)
class Action:
    """An action as a plugin declares it.

    ``perform`` returns JSON values by the names of ``results``, or what it asked for and waits for. A
    ``transactional`` action only writes to this database, through ``context.conn``: it happens exactly once. All others
    happen at least once, with the same key. ``parameters`` and ``results`` say in words what each member means.
    """

    name: str
    label: LocalText
    perform: Perform
    parameters: Mapping[str, LocalText] = field(default_factory=dict)
    results: Mapping[str, LocalText] = field(default_factory=dict)
    transactional: bool = False


_actions: dict[str, Action] = {}


def register_action(action: Action) -> Action:
    """Offer ``action`` to flows under its name; the last one registered holds."""
    _actions[action.name] = action
    return action


def is_transactional(name: str) -> bool:
    """Whether the action of that name only writes to this database; one that is not installed may do anything."""
    found = _actions.get(name)
    return found is not None and found.transactional


def find_action(name: str) -> Action:
    """The action of that name.

    Raises:
        ActionFailed: for good; the message lists the known ones.
    """
    found = _actions.get(name)
    if found is None:
        known = ", ".join(sorted(_actions))
        raise ActionFailed(
            msg("No action %(name)s is installed. Known: %(known)s.", name=repr(name), known=known), final=True
        )
    return found


def all_actions() -> tuple[Action, ...]:
    """Every action, by name."""
    return tuple(_actions[name] for name in sorted(_actions))
