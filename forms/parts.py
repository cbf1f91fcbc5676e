"""Fields made of parts, such as a checklist: each part is read, hidden, locked and required for itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..platform.text import msg
from .conditions.parse import no_field
from .errors import FieldError
from .kinds import UNKNOWN
from .plans import FieldPlan, is_locked
from .state import State
from .types import shown

_ABSENT: Any = object()


@dataclass(frozen=True, slots=True, eq=False)
class PartsPlan(FieldPlan):
    """``parts`` are named ``evidence.photos``; ``keys`` are theirs without the field's."""

    parts: tuple[FieldPlan, ...] = ()
    keys: frozenset[str] = frozenset()

    def run(self, state: State) -> None:
        """Find which parts are open, then the value of each."""
        if self.rules.hides(state.env):
            state.hidden.add(self.name)
            return
        locked = is_locked(self.name, self.rules, state) and (state.rights is None or self.name in state.withheld)
        is_open = False
        for part in self.parts:
            if part.rules.hides(state.env):
                state.hidden.add(part.name)
            elif is_locked(part.name, part.rules, state) or locked:
                state.readonly.add(part.name)
            else:
                is_open = True
        if is_open:
            state.readonly.discard(self.name)
            if any(part.name not in state.concealed for part in self.parts):
                state.concealed.discard(self.name)
        value = self._read_parts(self._sent(state), state)
        if value:
            state.values[self.name] = value

    def _sent(self, state: State) -> Any:
        """What was sent as an object; nothing where it is none."""
        raw = state.raw.get(self.name, _ABSENT)
        if raw is _ABSENT:
            return _ABSENT
        if self.type.blank(raw):
            return {}
        if not isinstance(raw, Mapping):
            message = msg("%(value)s is no object. Send {“part”: …}.", value=shown(raw))
            state.problem(self.path, "wrong_type", message, self.name)
            return {}
        for key in raw:
            if key not in self.keys:
                message = no_field(str(key), dict.fromkeys(sorted(self.keys), UNKNOWN))
                state.problem(f"{self.path}/{str(key)[:80]}", "unknown_field", message, self.name)
        return raw

    def _read_parts(self, raw: Any, state: State) -> dict[str, Any]:
        before = state.previous.get(self.name) or {}
        found: dict[str, Any] = {}
        for part in self.parts:
            if part.name in state.hidden:
                continue
            key = part.field.key
            sent = raw.get(key, _ABSENT) if raw is not _ABSENT and part.name not in state.readonly else _ABSENT
            kept = part.name in state.readonly or state.context.partial
            value = self._part(part, sent, state) if sent is not _ABSENT else before.get(key) if kept else None
            if value is not None and value is not False:  # what is not ticked is not there
                found[key] = value
        return found

    def _part(self, part: FieldPlan, raw: Any, state: State) -> Any:
        if part.type.blank(raw):
            return None
        try:
            return part.read(raw, state.context)
        except FieldError as error:
            state.problem(f"{self.path}/{part.field.key}", error.code, error.message, part.name)
            return None
